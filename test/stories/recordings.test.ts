/** What came before a rung was climbed is in a file, without secrets and without payload. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FlightRecorder } from '../../src/daemon/flight-recorder.ts'
import { LineWatch } from '../../src/daemon/line-watch.ts'
import { temporaryFolder } from '../daemon/live-daemon.ts'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

const LOG = { trace: 'off', traceSize: 1000, recordings: 3 } as const

async function watched(folder: string, options: RigOptions = {}): Promise<Rig> {
  return rig({
    ...options,
    watch: (journal) => new LineWatch({ ...LOG, level: 'info', format: 'json' }, folder, journal),
  })
}

const files = (folder: string): string[] => readdirSync(folder).sort()
const textOf = (folder: string, at = -1): string => readFileSync(join(folder, files(folder).at(at) ?? ''), 'utf8')

test('the dialogue, the bytes by number and the events before a rung are in one file, named in the log', async () => {
  const folder = temporaryFolder()
  const r = await watched(folder)
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('my dear secret')
  await r.until(() => r.peers[0]?.text === 'my dear secret', 'the peer hears it')
  r.modem.begin({ type: 'reboot' })
  await r.until(() => r.told('recording').length > 0, 'a recording', 60_000)
  const [file = ''] = files(folder)
  expect(file).toBe('recording-1-modem-rebooted-redial.txt')
  expect(r.told('recording')[0]?.message).toContain(join(folder, file))
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  const text = textOf(folder)
  expect(text).toMatch(/Z » AT\+CIPSTART="TCP","broker\.example\.com","1883"$/m)
  expect(text).toMatch(/Z « CONNECT$/m)
  expect(text).toMatch(/Z bytes: 14 to the modem, 0 from it$/m)
  expect(text).toMatch(/Z info carrier: up to broker/m)
  expect(text.trimEnd().split('\n').at(-1)).toMatch(/Z warn recovering: .* fault=modem-rebooted rung=redial attempt=1/)
  expect(text).not.toContain('secret')
})

test('a bad night writes each fault and rung once an hour, and keeps so many files', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'memory.json'), '{}')
  const r = await watched(folder)
  await r.reach('ready')
  r.modem.begin({ type: 'no-answer' })
  await r.pass(8 * 3_600_000)
  const climbed = r.told('recovering').length
  const written = r.told('recording').length
  expect(climbed).toBeGreaterThan(2 * written)
  expect(written).toBeGreaterThan(5)
  const numbers = files(folder).flatMap((name) => /^recording-(\d+)-/.exec(name)?.[1] ?? [])
  expect(numbers.map(Number).sort((a, b) => a - b)).toEqual([written - 2, written - 1, written])
  expect(files(folder)).toContain('memory.json')
})

test('a folder that cannot be written is told once, with what to do', async () => {
  const r = await watched('/proc/nowhere')
  await r.reach('ready')
  r.modem.begin({ type: 'no-answer' })
  await r.pass(600_000)
  expect(r.told('recording')).toMatchObject([
    { level: 'warn', hint: expect.stringContaining('state.folder') as string },
  ])
})

test('a recorder remembers so much and no more, whatever goes over the line', () => {
  const recorder = new FlightRecorder()
  const event = { time: '', level: 'debug', event: 'at', message: 'x'.repeat(10_000) } as const
  for (let line = 0; line < 20_000; line += 1) recorder.note({ ...event, message: `${line} ${event.message}` })
  recorder.sent(Buffer.alloc(1000))
  recorder.received(Buffer.alloc(10))
  const lines = recorder.text.trimEnd().split('\n')
  expect(lines).toHaveLength(4096)
  expect(lines.at(-2)).toMatch(/^\S+ 19999 x+$/)
  expect(lines.at(-1)).toMatch(/ bytes: 1000 to the modem, 10 from it$/)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(250)
})
