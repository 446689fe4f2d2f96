/** Faults seen from the wire: what each does, and that it is gone afterwards. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ModemFault } from '../../src/virtual-modem/faults.ts'
import { playScenario, SCENARIOS } from '../../src/virtual-modem/scenarios.ts'
import { pass, rig } from './rig.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const IN_COMMAND_MODE: readonly (readonly [ModemFault, string, RegExp])[] = [
  [{ type: 'no-answer' }, 'AT', /^AT\r$/],
  [{ type: 'slow-answer', ms: 3000 }, 'AT', /^AT\r$/],
  [{ type: 'late-answer', command: 'CSQ' }, 'AT+CSQ', /^AT\+CSQ\r$/],
  [{ type: 'lost-result' }, 'AT+CSQ', /\+CSQ: 17,0\r\n$/],
  [{ type: 'command-failed', command: 'CIPMODE' }, 'AT+CIPMODE=1', /ERROR/],
  [{ type: 'garbage', bytes: 3 }, 'AT', /[\x80-\xff]{3}\r\nOK/],
  [{ type: 'urc', text: 'RING', where: 'inside' }, 'AT', /RING\r\n\r\nOK/],
  [{ type: 'sim-missing' }, 'AT+CPIN?', /ERROR/],
  [{ type: 'sim-locked' }, 'AT+CPIN?', /\+CPIN: SIM PIN\r\n/],
  [{ type: 'sim-puk' }, 'AT+CPIN?', /\+CPIN: SIM PUK\r\n/],
  [{ type: 'not-registered' }, 'AT+CREG?', /\+CREG: 0,2/],
  [{ type: 'registration-denied' }, 'AT+CREG?', /\+CREG: 0,3/],
  [{ type: 'attach-failed' }, 'AT+CGATT?', /\+CGATT: 0/],
  [{ type: 'peer-refused' }, 'AT+CIPSTART="TCP","a",1', /CONNECT FAIL/],
]

describe('in command mode', () => {
  test.each(IN_COMMAND_MODE)('$type', async (fault, line, expected) => {
    const { modem, ask } = await rig()
    await modem.during(fault, async () => expect(await ask(line, 2500)).toMatch(expected))
    await pass(10_000)
    await ask('AT')
    expect(await ask(line, 2500)).not.toMatch(expected)
  })
})

test('a wrong PIN costs an attempt, the right one opens; the record has both', async () => {
  const { modem, ask } = await rig()
  await modem.during({ type: 'sim-locked', pin: '0000' }, async () => {
    expect(await ask('AT+CMEE=1;+CPIN="1111"')).toContain('+CME ERROR: 16')
    expect(await ask('AT+SPIC')).toContain('+SPIC: 2,3,10,10')
    expect(await ask('AT+CPIN="0000"')).toContain('OK')
    await pass(5000)
    expect(await ask('AT+CREG?')).toContain('+CREG: 0,1')
  })
  expect(modem.record.pinAttempts.map(({ pin, right }) => [pin, right])).toEqual([
    ['1111', false],
    ['0000', true],
  ])
})

test('not transparent: CONNECT OK although CIPMODE=1, until a reset', async () => {
  const { modem, ask } = await rig()
  await ask('AT+CIPMODE=1')
  const end = modem.begin({ type: 'not-transparent' })
  expect(await ask('AT+CIPSTART="TCP","a",1', 3000)).toMatch(/\r\nCONNECT OK\r\n$/)
  end()
  await ask('AT+CIPSHUT')
  expect(await ask('AT+CIPSTART="TCP","a",1', 3000)).toMatch(/\r\nCONNECT OK\r\n$/)
  await ask('AT+CFUN=1,1', 10_000)
  await ask('AT+CIPMODE=1')
  expect(await ask('AT+CIPSTART="TCP","a",1', 3000)).toMatch(/\r\nCONNECT\r\n$/)
})

test('a peer that times out is a CONNECT FAIL after 75 s, in the middle of whatever is said then', async () => {
  const { modem, ask, heard } = await rig()
  const end = modem.begin({ type: 'peer-timeout' })
  expect(await ask('AT+CIPSTART="TCP","a",1', 70_000)).not.toContain('FAIL')
  await pass(7000)
  expect(heard()).toBe('\r\nSTATE: TCP CLOSED\r\n\r\nCONNECT FAIL\r\n')
  end()
})

test.each([
  ['both', '\r\nCLOSED\r\n', false, 'command'],
  ['line', '\r\nCLOSED\r\n', true, 'command'],
  ['dcd', '', false, 'command'],
  ['silent', '', true, 'data'],
] as const)('a carrier that drops by %s', async (how, line, dcd, mode) => {
  const { modem, connect, heard } = await rig()
  await connect()
  heard()
  modem.begin({ type: 'carrier-drops', how })
  await pass(100)
  expect([heard(), modem.wire.lines.dcd, modem.mode]).toEqual([line, dcd, mode])
})

test('a reboot in mid-session: raw bytes and boot lines, settings lost, DCD off', async () => {
  const { modem, connect, heard, ask } = await rig({ knobs: { baudRate: 115200 } })
  await connect()
  heard()
  modem.begin({ type: 'reboot' })
  await pass(10_000)
  const said = heard()
  expect(said.startsWith('\0IIII\xff\xff\xff\xff')).toBe(true)
  expect(said).toContain('\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n')
  expect(modem.wire.lines.dcd).toBe(false)
  expect(await ask('AT+CIPMODE?')).toBe('AT+CIPMODE?\r\r\n+CIPMODE: 0\r\n\r\nOK\r\n')
})

test('a fault that waits for a cure ends with it', async () => {
  const { modem, ask } = await rig()
  modem.begin({ type: 'no-answer', until: 'power' })
  await ask('AT+CFUN=1,1', 8000)
  expect(await ask('AT')).toBe('AT\r')
  modem.power.setReset(true)
  await pass(200)
  modem.power.setReset(false)
  await pass(8000)
  expect(await ask('AT')).toContain('OK')
})

test('the line pulled out: the port ends with line-gone, opening gives line-missing until it is back', async () => {
  const { modem, port, open } = await rig()
  const error = new Promise((resolve) => port.stream.once('error', resolve))
  await modem.during({ type: 'line-unplugged' }, async () => {
    await expect(error).resolves.toMatchObject({ code: 'line-gone' })
    await expect(open()).rejects.toMatchObject({ code: 'line-missing' })
  })
  await open()
  await expect(open()).rejects.toMatchObject({ code: 'line-busy' })
})

test('keepalive finds a peer that vanished; without it the modem’s own patience does', async () => {
  for (const [line, ms] of [
    ['AT+CIPTKA=1,30,30,1', 61_000],
    ['AT', 646_000],
  ] as const) {
    const { modem, connect, ask, write, heard } = await rig()
    await ask(line)
    await connect()
    heard()
    modem.begin({ type: 'peer-silent' })
    write('x')
    await pass(ms - 2000)
    expect(heard()).toBe('')
    await pass(3000)
    expect(heard()).toBe('\r\nCLOSED\r\n')
  }
})

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  'scenario %s plays and is over',
  async (_name, scenario) => {
    const { modem, ask } = await rig()
    const stop = playScenario(modem, scenario)
    await pass(15_000)
    stop()
    await pass(15_000)
    expect(await ask('AT')).toContain('OK')
  },
)

test('a modem that hangs is switched off by its key, and on again, although its last word never leaves', async () => {
  const { modem, ask } = await rig()
  const end = modem.begin({ type: 'no-answer', data: 'stalls', until: 'power' })
  modem.power.setKey(true)
  await pass(5000)
  modem.power.setKey(false)
  expect(modem.power.state).toBe('off')
  modem.power.setKey(true)
  await pass(10_000)
  expect(await ask('AT')).toContain('OK')
  end()
})
