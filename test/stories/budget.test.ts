/** What the link may cost: dials by the hour, bytes by day and month, over restarts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, rig } from '../support/rig.ts'

const HOUR = 3_600_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipbridge-budget-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

async function daemon(limits: NonNullable<ConfigInput['limits']>, before?: Rig): Promise<Rig> {
  const config = { limits, state: { folder }, recovery: { firstPause: '1s', maxPause: '1s' } }
  const r = await rig(before ? { config, modem: before.modem } : { config })
  await r.reach('ready')
  return r
}

/** A client that says something, and is answered by the peer's end. */
async function session(r: Rig, ends: Rig = r, bytes = 5): Promise<void> {
  const peers = ends.peers.length
  const app = r.connect()
  app.socket.write(Buffer.alloc(bytes, 'x'))
  await r.until(() => ends.peers[peers]?.bytes.length === bytes, 'the bytes')
  ends.peers[peers]?.socket.end()
  await r.until(() => app.end === 'fin' && r.link.state === 'ready', 'the end')
}

async function refused(r: Rig): Promise<void> {
  const ends = r.told('session-end').length
  const app = r.connect()
  app.socket.write('x')
  await r.until(() => app.end === 'rst', 'a reset')
  expect(r.told('session-end')[ends]).toMatchObject({ level: 'warn', fault: 'budget-spent' })
}

test('P8 dials of an hour are counted: the last one is served to its end, then there is none until the hour is over', async () => {
  const r = await daemon({ dialsPerHour: 2 })
  await session(r)
  expect(r.link.usable).toBe(true)
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.peers.length === 2 && r.link.state === 'online', 'the second dial')
  expect(r.told('budget').at(-1)).toMatchObject({ level: 'error', fault: 'budget-spent' })
  // Whoever has the carrier is served: the link does what it is there for.
  await r.pass(10_000)
  expect(r.link.usable).toBe(true)
  app.socket.write(' world')
  await r.until(() => r.peer.text === 'hello world', 'the bytes')
  r.peer.socket.end()
  await r.until(() => app.end === 'fin', 'the end')
  await r.until(() => !r.link.usable && r.link.state === 'ready', 'the end of the budget')
  const status = statusOf(r.link, r.bridge, [])
  expect(status).toMatchObject({ usable: false, fault: 'budget-spent', state: 'ready', budget: { dialsThisHour: 2 } })
  expect(Date.parse(status.nextTry ?? '') - Date.now()).toBeGreaterThan(HOUR / 2)
  await refused(r)
  expect(r.dialled).toHaveLength(2)
  await r.until(() => r.link.usable, 'the next hour', HOUR)
  await session(r)
  expect(r.walked.some(([, , to]) => to === 'recovering')).toBe(false)
})

test('P8 dials are counted over a restart', async () => {
  const first = await daemon({ dialsPerHour: 2 })
  await session(first)
  await session(first)
  await first.stop()
  const second = await daemon({ dialsPerHour: 2 }, first)
  expect(second.link.usable).toBe(false)
  await refused(second)
  expect(first.dialled).toHaveLength(2)
  await second.until(() => second.link.usable, 'the next hour', HOUR)
  await session(second, first)
})

test('P8 bytes of a day: a warning at 80 %, at 100 % the session breaks, and after midnight all is well', async () => {
  const r = await daemon({ bytesPerDay: '200kB' })
  const app = r.connect()
  const sent = Buffer.from(Array.from({ length: 400_000 }, (_, at) => at % 251))
  app.socket.write(sent)
  await r.until(() => app.end === 'rst', 'the end of the budget')
  const [warning, spent, ...more] = r.told('budget')
  expect(warning).toMatchObject({ level: 'warn' })
  expect(warning?.message).toMatch(/limits\.bytesPerDay: (8|9)\d % are used/)
  expect(spent).toMatchObject({ level: 'error', fault: 'budget-spent' })
  expect(more).toEqual([])
  expect(r.told('session-end')).toMatchObject([{ fault: 'budget-spent' }])
  expect(sent.subarray(0, r.peer.bytes.length).equals(r.peer.bytes)).toBe(true)
  await r.until(() => r.link.state === 'ready', 'ready')
  expect(r.link.usable).toBe(false)
  const midnight = new Date()
  midnight.setHours(24, 0, 0, 0)
  expect(Math.abs(Date.parse(r.link.nextTry ?? '') - midnight.getTime())).toBeLessThan(2_000)
  await refused(r)
  await r.pass(midnight.getTime() - Date.now() - 1_000)
  expect(r.link.usable).toBe(false)
  await r.pass(2_000)
  expect(r.link.usable).toBe(true)
  await session(r)
  expect(r.dialled).toHaveLength(2)
  expect(r.modem.record.stray).toEqual([])
})

test('P8 bytes of a month are counted over restarts, in both directions, with an estimate of what is around them', async () => {
  const limits = { bytesPerMonth: '1MB' }
  const first = await daemon(limits)
  await session(first, first, 1024)
  await first.pass(2_000)
  // The dial, two headers, the payload.
  expect(first.link.budget).toMatchObject({
    bytesThisMonth: 200 + 80 + 1024,
    bytesPerMonth: 1_000_000,
    dialsThisHour: 1,
  })
  await first.stop()
  const second = await daemon(limits, first)
  await session(second, first, 1)
  await second.pass(2_000)
  expect(second.link.budget).toMatchObject({ bytesThisMonth: 1304 + 200 + 41, bytesToday: 1545, bytesPerDay: null })
})

test('P7 a clock that is set while a budget is spent neither forgets it nor blocks for ever', async () => {
  vi.useFakeTimers({ now: 20_000 })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const r = await daemon({ dialsPerHour: 1, bytesPerDay: '20MB' })
  await session(r)
  expect(r.link.usable).toBe(false)
  vi.setSystemTime('2026-11-21T12:00:00Z')
  await r.pass(120_000)
  expect(r.link.usable).toBe(false)
  expect(r.link.budget?.bytesToday).toBeGreaterThan(200)
  await r.pass(HOUR)
  expect(r.link.usable).toBe(true)
  await r.stop()
})

test('P11 a modem whose budget is spent can be asked all the same', async () => {
  const r = await daemon({ dialsPerHour: 1 })
  await session(r)
  const asked = r.link.ask('AT+CSQ')
  await r.pass(1_000)
  expect(await asked).toMatchObject({ ok: true })
})

test('P10 without limits nothing is counted and nothing written', async () => {
  const r = await daemon({})
  await session(r)
  await r.stop()
  expect(statusOf(r.link, r.bridge, []).budget).toBeNull()
  expect(Object.keys(JSON.parse(readFileSync(join(folder, 'memory.json'), 'utf8')) as object)).toEqual(['context'])
})
