/** Callers from the network: the modem listens while nobody here wants the carrier. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { CONFIG, type Rig, type RigOptions, rig } from '../support/rig.ts'

const FRIEND = '10.64.0.7'

const INBOUND: Partial<ConfigInput> = {
  inbound: [{ name: 'ssh', modemPort: 2222, to: '127.0.0.1:22', allowFrom: ['10.64.0.0/16'] }],
}

async function listening(options: RigOptions = {}): Promise<Rig> {
  const r = await rig({ ...options, config: { ...INBOUND, ...options.config } })
  await untilItListens(r)
  return r
}

async function untilItListens(r: Rig): Promise<void> {
  await r.until(() => r.listensAt === 2222 && r.link.listening && r.link.state === 'ready', 'listening')
}

/** A conversation of a caller and the program, each byte of both counted; the caller closes. */
async function conversation(r: Rig): Promise<void> {
  const before = r.programs.length
  const caller = r.call(FRIEND)
  caller.socket.write('SSH-2.0-caller\r\n')
  await r.until(() => r.programs[before]?.text === 'SSH-2.0-caller\r\n', 'the program hears the caller')
  const program = r.programs[before]
  program?.socket.write('\r\nOK\r\nSSH-2.0-program\r\n')
  await r.until(() => caller.text === '\r\nOK\r\nSSH-2.0-program\r\n', 'the caller hears the program')
  caller.socket.end()
  await r.until(() => program?.end === 'fin', 'the program sees the end')
}

/** Whether the modem answered. */
async function asked(r: Rig): Promise<boolean> {
  let ok: boolean | undefined
  r.link.ask('AT+CSQ').then(
    (answer) => (ok = answer.ok),
    () => (ok = false),
  )
  await r.until(() => ok !== undefined, 'an answer')
  return ok === true
}

describe('P1 P2 a caller is joined to the local program, byte by byte, twice, and the modem listens again', () => {
  const SIDES: readonly Partial<Knobs>[] = [
    {},
    { remoteIp: 'after' },
    { remoteIp: 'after', readBytes: 1 },
    { serverAfterCall: 'TCP CLOSED' },
    { serverAfterCall: 'TCP CLOSED', dialFromClosed: false },
    { connectText: ' 115200' },
    { dcdOnClose: 'before' },
    { closeSign: 'line' },
  ]
  test.each(SIDES.flatMap((knobs) => [false, true].map((lines) => ({ knobs, lines }))))(
    '$knobs, lines $lines',
    async (side) => {
      const r = await listening(side)
      await conversation(r)
      await untilItListens(r)
      await conversation(r)
      expect(r.modem.record.stray).toEqual([])
      expect(r.told('rung')).toEqual([])
    },
  )
})

test('P7 a caller who is there before it was read that the modem listens is joined all the same', async () => {
  const r = await rig({ config: INBOUND, knobs: { readBytes: 512, readGap: 30 } })
  while (r.listensAt === undefined) await r.pass(1)
  const caller = r.call(FRIEND)
  caller.socket.write('hello')
  await r.until(() => r.programs[0]?.text === 'hello', 'the program hears the caller')
  expect(r.told('recovering')).toEqual([])
})

test('P1 what the caller says first is never taken for its address, and the address never for the caller’s', async () => {
  const r = await listening({
    knobs: { remoteIp: 'none' },
    config: { inbound: [{ name: 'ssh', modemPort: 2222, to: '127.0.0.1:22', allowFrom: ['0.0.0.0/0'] }] },
  })
  const caller = r.call(FRIEND)
  caller.socket.write('\r\nREMOTE I am not one\r\n')
  await r.until(() => r.programs[0]?.text === '\r\nREMOTE I am not one\r\n', 'every byte')
})

test('P13 a caller that allowFrom does not have is hung up, and no program hears of it', async () => {
  const r = await listening()
  const caller = r.call('192.0.2.9')
  caller.socket.write('let me in')
  await r.until(() => caller.end !== 'open', 'the caller is hung up')
  expect(r.programs).toEqual([])
  expect(r.told('call')).toMatchObject([{ level: 'warn', message: expect.stringContaining('192.0.2.9') as string }])
  await untilItListens(r)
})

test('P13 a caller whose address the modem does not tell may call only where everybody may', async () => {
  const r = await listening({ knobs: { remoteIp: 'none' } })
  const caller = r.call(FRIEND)
  await r.until(() => caller.end !== 'open', 'the caller is hung up')
  expect(r.programs).toEqual([])
})

test('a client takes the carrier from the listening modem, which listens again afterwards', async () => {
  const r = await listening()
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.peers[0]?.text === 'hello', 'a dial')
  expect(r.listensAt).toBeUndefined()
  app.socket.end()
  await untilItListens(r)
  await conversation(r)
})

test('a client that comes during a call is dealt with as its route says', async () => {
  const [route] = CONFIG.routes
  if (!route) throw new Error('no route')
  const r = await listening({
    config: {
      routes: [
        { ...route, busy: 'queue' },
        { ...route, name: 'b', listen: '127.0.0.1:1884' },
      ],
    },
  })
  const caller = r.call(FRIEND)
  await r.until(() => r.programs.length === 1, 'the call')
  const queued = r.connect(0)
  queued.socket.write('later')
  const refused = r.connect(1)
  await r.until(() => refused.end === 'rst', 'refused')
  caller.socket.write('bye')
  caller.socket.end()
  await r.until(() => r.peers[0]?.text === 'later', 'its turn')
  expect(r.programs[0]?.text).toBe('bye')
})

test('P2 a call whose connection breaks is reset for the program', async () => {
  const r = await listening()
  r.call(FRIEND).socket.write('half a')
  await r.until(() => r.programs[0]?.text === 'half a', 'the call')
  r.modem.begin({ type: 'reboot' })
  await r.until(() => r.programs[0]?.end === 'rst', 'the reset')
  await untilItListens(r)
})

test('P11 commands are asked while the modem listens, and beside a call', async () => {
  const r = await listening()
  expect(await asked(r)).toBe(true)
  const caller = r.call(FRIEND)
  caller.socket.write('one ')
  await r.until(() => r.programs[0]?.text === 'one ', 'the call')
  expect(await asked(r)).toBe(true)
  caller.socket.write('two')
  await r.until(() => r.programs[0]?.text === 'one two', 'the call goes on')
})

test('P7 a call in the very moment of a command is hung up, and the modem listens again', async () => {
  const r = await listening()
  r.modem.knobs.quickTime = 100
  const answer = asked(r)
  await r.pass(50)
  const caller = r.call(FRIEND)
  await r.until(() => caller.end !== 'open', 'the caller is hung up')
  expect(await answer).toBe(false)
  await untilItListens(r)
  await conversation(r)
})
