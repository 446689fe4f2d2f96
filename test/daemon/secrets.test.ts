/** P12 over a whole life, failures included: what is secret is said to the modem and to nobody else. */
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { printConfig } from '../../src/config/print.ts'
import { type LiveDaemon, liveDaemon, opened, temporaryFolder } from './live-daemon.ts'

const PIN = '73915284'
const PASSWORD = 'hunter2-x'
const PAYLOAD = 'the-payload-of-a-client'
const ANSWER = 'the-payload-of-the-peer'
const SECRETS = [PIN, PASSWORD, PAYLOAD, ANSWER]

/** Everything that anybody can read of it. */
async function allThatIsTold(live: LiveDaemon, folder: string): Promise<string> {
  const pages = await Promise.all(['/status', '/metrics', '/healthz'].map((path) => opened(live.socket, 'GET', path)))
  const bodies = await Promise.all(pages.map((page) => text(page)))
  const files = filesBelow(join(folder, 'state')).map((file) => readFileSync(file, 'latin1'))
  return [...live.log, JSON.stringify(live.events), ...bodies, ...files].join('\n')
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function expectNoSecret(told: string): void {
  for (const secret of SECRETS) {
    expect(told).not.toContain(secret)
    expect(told).not.toContain(Buffer.from(secret).toString('hex'))
    expect(told).not.toContain(Buffer.from(secret).toString('base64').slice(0, -4))
  }
}

test('P12 a life with a PIN, a session, a window, a broken carrier and a climb of the ladder tells no secret', async () => {
  const folder = temporaryFolder()
  const live = await liveDaemon({
    folder,
    peer: (socket) => socket.on('data', () => socket.write(ANSWER)),
    config: {
      modem: { pin: PIN },
      context: { apn: 'internet', user: 'u', password: PASSWORD },
      recovery: { firstPause: '100ms' },
    },
  })
  live.modem.begin({ type: 'sim-locked', pin: PIN })
  await live.usable()
  expect(live.modem.record.saw(new RegExp(`CPIN="${PIN}"`))).toBe(true)
  expect(live.modem.record.saw(new RegExp(PASSWORD))).toBe(true)
  const app = live.app()
  app.on('error', () => undefined)
  app.write(PAYLOAD)
  await once(app, 'data')
  expect((await live.at('AT+CSQ')).code).toBe(200)
  app.write(PAYLOAD.repeat(100))
  live.modem.begin({ type: 'carrier-drops' })
  await once(app, 'close')
  await live.usable()
  live.modem.begin({ type: 'reboot' })
  await live.told(({ event }) => event === 'rung')
  const told = await allThatIsTold(live, folder)
  expect(told).toContain('****')
  expectNoSecret(told)
})

test('P12 a refused PIN and a refused password are told without themselves', async () => {
  const folder = temporaryFolder()
  const live = await liveDaemon({
    folder,
    config: { modem: { pin: PIN }, context: { apn: 'internet', user: 'u', password: PASSWORD } },
  })
  live.modem.begin({ type: 'sim-locked', pin: '0000' })
  await live.told(({ fault }) => fault === 'sim-locked')
  expectNoSecret(await allThatIsTold(live, folder))
  const other = await liveDaemon({
    config: { context: { apn: 'internet', user: 'u', password: PASSWORD }, recovery: { firstPause: '100ms' } },
  })
  other.modem.begin({ type: 'context-failed' })
  await other.told(({ fault }) => fault === 'context-failed')
  expectNoSecret(await allThatIsTold(other, ''))
})

test('P12 check shows neither secrets nor what stands in their place by mistake', () => {
  const head = `context: { apn: a, password: ${PASSWORD} }\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tcp://x:1 }]\n`
  const good = parseConfig(`${head}modem: { pin: "${PIN}" }\n`, 'c.yaml', {})
  if ('problems' in good) throw new Error('that was a good configuration')
  const shown = printConfig(good.config)
  expect(shown).toContain('****')
  expectNoSecret(shown)
  const wrong = parseConfig(`${head}modem: { pin: "${PIN}${PIN}", pinFile: /x }\n`, 'c.yaml', {})
  expectNoSecret(JSON.stringify(wrong))
})
