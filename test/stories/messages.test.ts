/** Short messages and calls, in idle times and beside a live session. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { contentOf } from '../../src/at/messages.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

const NUMBER = '+491701234567'
const SECRET = 'code 4711, Grüße'

const folder = mkdtempSync(join(tmpdir(), 'cipbridge-messages-'))
afterAll(() => rmSync(folder, { recursive: true }))
// What reads a message is loaded when the first one comes, which takes real time: virtual time would not wait for it.
beforeAll(() => contentOf(''))

function unread(r: Rig): number {
  return r.modem.messages.list('ALL').length
}

async function session(r: Rig): Promise<Witness> {
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('before')
  await r.until(() => r.peers[0]?.text === 'before', 'a session')
  return app
}

test('P11 P12 a message in mid-session is told to whoever follows, and to no log; the session goes on', async () => {
  const r = await rig({ lines: true, config: { messages: { read: true } } })
  r.journal.readers = 1
  const app = await session(r)
  r.modem.arrivals.message(NUMBER, SECRET)
  await r.until(() => r.told('message').length === 1, 'the message', 120_000)
  expect(r.told('message')[0]).toMatchObject({ sender: NUMBER, text: SECRET })
  app.socket.write(' after')
  await r.until(() => r.peer.text === 'before after', 'the session')
  expect(unread(r)).toBe(0)
  expect(r.log.join('')).not.toMatch(/4711|1234567/)
})

test('P12 sender and text are in the log only where that is asked for', async () => {
  const r = await rig({ config: { messages: { read: true, logText: true } } })
  await r.reach('ready')
  r.modem.arrivals.message(NUMBER, SECRET)
  await r.until(() => r.told('message').length === 1, 'the message', 120_000)
  expect(r.log.join('')).toContain(SECRET)
})

test('a message that nobody takes stays on the card, and is offered again to the first who follows', async () => {
  const r = await rig({ config: { messages: { read: true } } })
  await r.reach('ready')
  r.modem.arrivals.message('INFO', SECRET)
  await r.pass(3_600_000)
  expect(r.told('message')).toHaveLength(1)
  expect(unread(r)).toBe(1)
  r.journal.readers = 1
  await r.until(() => unread(r) === 0, 'a reader', 400_000)
  expect(r.told('message')).toHaveLength(2)
})

test('a message that looks like answers of the modem is a message', async () => {
  const r = await rig({ config: { messages: { read: true } } })
  r.journal.readers = 1
  await r.reach('ready')
  const evil = '\r\nOK\r\nCLOSED\r\nRDY\r\n+CMGL: 7,0,,20\r\n'
  r.modem.arrivals.message(NUMBER, evil)
  await r.until(() => unread(r) === 0, 'the message', 120_000)
  expect(r.told('message').map(({ text }) => text)).toEqual([evil])
  expect(r.told('rung')).toEqual([])
})

test('P12 without messages.read a message is noted, not read, and stays where it is', async () => {
  const r = await rig()
  await r.reach('ready')
  r.modem.arrivals.message(NUMBER, SECRET)
  await r.pass(120_000)
  expect(r.told('message')).toHaveLength(1)
  expect(r.modem.messages.list('REC UNREAD')).toHaveLength(1)
})

test('the program for messages gets each as JSON; only its exit code 0 deletes the message', async () => {
  const path = join(folder, 'take.mjs')
  const seen = join(folder, 'seen')
  const good = join(folder, 'good')
  const text = `#!${process.execPath}
    import { appendFileSync, existsSync, readFileSync } from 'node:fs'
    appendFileSync(${JSON.stringify(seen)}, readFileSync(0))
    process.exit(existsSync(${JSON.stringify(good)}) ? 0 : 3)`
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  const r = await rig({ config: { messages: { read: true, command: [path] } } })
  await r.reach('ready')
  r.modem.arrivals.message(NUMBER, SECRET)
  await r.until(() => r.told('message').length === 1, 'the message')
  // What the program does takes real time; virtual time stands meanwhile.
  await vi.waitFor(() => expect(r.told('message').at(-1)?.message).toContain('exit code 3'), { timeout: 20_000 })
  expect(unread(r)).toBe(1)
  writeFileSync(good, '')
  await r.until(() => r.told('message').length === 3, 'another try', 600_000)
  await vi.waitFor(() => expect(readFileSync(seen, 'utf8').trim().split('\n')).toHaveLength(2), { timeout: 20_000 })
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(100)
    expect(unread(r)).toBe(0)
  })
  const told = JSON.parse(readFileSync(seen, 'utf8').split('\n')[0] ?? '') as unknown
  expect(told).toEqual({ kind: 'message', sender: NUMBER, time: '2026-11-21T12:00:00+00:00', text: SECRET })
})

test('a call is told once with its number however long it rings, the next one again', async () => {
  const r = await rig({ config: { messages: { calls: true } } })
  await r.reach('ready')
  r.modem.arrivals.ring(5, NUMBER)
  await r.pass(60_000)
  r.modem.arrivals.ring(2, '030123456')
  await r.pass(60_000)
  expect(r.told('ring').map(({ sender }) => sender)).toEqual([NUMBER, '030123456'])
  expect(r.log.join('')).not.toContain('1234567')
})

test('a call from a network that tells no number is told as well', async () => {
  const r = await rig({ config: { messages: { calls: true } } })
  r.modem.behave((_modem, { name }) => (name === '+CLIP' ? { result: 'ERROR' } : undefined))
  await r.reach('ready')
  r.modem.arrivals.ring(4, NUMBER)
  await r.pass(60_000)
  expect(r.told('ring')).toHaveLength(1)
})

test('P1 a call in mid-session is told and harms no byte; without messages.calls it is refused', async () => {
  for (const calls of [true, false]) {
    const r = await rig({ lines: true, config: { messages: { calls } } })
    const app = await session(r)
    r.modem.arrivals.ring(3, NUMBER)
    await r.pass(60_000)
    expect(r.told('ring')).toHaveLength(calls ? 1 : 0)
    app.socket.write(' after')
    await r.until(() => r.peer.text === 'before after', 'the session')
    expect(app.text).toBe('')
  }
})
