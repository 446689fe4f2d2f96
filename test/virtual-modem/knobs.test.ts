/** Every knob once: the side that is not the default shows on the wire. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KNOBS, type Knobs } from '../../src/virtual-modem/knobs.ts'
import { sim900 } from '../../src/virtual-modem/sim900.ts'
import { pass, type Rig, rig } from './rig.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function escaped(subject: Rig): Promise<string> {
  await pass(1001)
  subject.write('+++')
  await pass(1002)
  return subject.heard()
}

type Ask = (subject: Rig) => Promise<string>

const ask =
  (line: string, ms?: number): Ask =>
  ({ ask: send }) =>
    send(line, ms)

/** Sets the scene with what the DTE sees: with the knob turned it must be `expected`, and by default must not. */
const SHOWS: readonly (readonly [string, Partial<Knobs>, Ask, RegExp | string])[] = [
  ['ATI names model and release', { model: 'SIM800C', release: 'R13.08' }, ask('ATI'), /\r\nSIM800C R13\.08\r\n/],
  ['+GMR names the revision', { revision: '1308B08SIM800L16' }, ask('AT+GMR'), /1308B08SIM800L16/],
  ['+GSN is the IMEI', { imei: '123456789012345' }, ask('AT+GSN'), /\r\n123456789012345\r\n/],
  ['a modem that is off is silent', { start: 'off' }, ask('AT'), ''],
  ['factory IPR', { baudRate: 115200 }, ask('AT+IPR?'), /\+IPR: 115200/],
  ['highest rate', { maxBaudRate: 115200 }, ask('AT+IPR=460800'), /ERROR/],
  ['autobaud’s highest rate', { autobaudMax: 57600 }, ask('AT'), ''],
  ['factory IFC', { flowControl: 'hardware' }, ask('AT+IFC?'), /\+IFC: 2,2/],
  ['factory &C', { dcdDefault: 0 }, ({ modem }) => Promise.resolve(modem.wire.lines.dcd ? 'on' : 'off'), 'on'],
  ['ATO without a connection', { atoFailure: 'NO CARRIER' }, ask('ATO'), /NO CARRIER/],
  ['CIPMODE again', { cipmodeAgain: 'ERROR' }, ask('AT+CIPMODE=0'), /ERROR/],
  ['lowest WaitTm', { waitTmMin: 2 }, ask('AT+CIPCCFG=5,1,1024,1'), /ERROR/],
  ['CIPCCFG before CIPMODE', { ccfgNeedsMode: true }, ask('AT+CIPCCFG=5,2,1024,1'), /ERROR/],
  ['old firmware without CIPTKA', { tkaKnown: false }, ask('AT+CIPTKA=1'), /ERROR/],
  ['a URC inside an answer', { urcInsideAnswer: '+CREG: 1' }, ask('AT+CSQ'), /\+CSQ: .*\r\n\r\n\+CREG: 1\r\n\r\nOK/],
  ['the power-down word', { powerWord: 'OFF' }, ask('AT+CPOWD=1'), /NORMAL POWER OFF/],
  ['spaces in +CIPACK', { ackSpaces: true }, ask('AT+CIPACK'), /\+CIPACK: 0, 0, 0/],
  ['answer time', { quickTime: 1000 }, ask('AT'), 'AT\r'],
  ['CIPSHUT’s time', { shutTime: 1000 }, ask('AT+CIPSHUT'), 'AT+CIPSHUT\r'],
  ['CGATT’s time', { networkTime: 1000 }, ask('AT+CGATT=1'), 'AT+CGATT=1\r'],
]

/** The same, in data mode with a peer. */
const IN_DATA_MODE: readonly (readonly [string, Partial<Knobs>, Ask, RegExp | string])[] = [
  [
    'short guard before',
    { guardBefore: 500 },
    async (s) => (s.write('x'), await pass(600), s.write('+++'), await pass(1002), s.heard()),
    /OK/,
  ],
  [
    'short guard after',
    { guardAfter: 500 },
    async (s) => (await pass(1001), s.write('+++'), await pass(600), s.heard()),
    /OK/,
  ],
  [
    'a leaking escape',
    { plusLeaks: true },
    async (s) => (await escaped(s), await pass(500), s.network.peers[0]!.received().toString()),
    '+++',
  ],
  [
    'DCD while escaped',
    { dcdWhileEscaped: false },
    async (s) => (await escaped(s), s.modem.wire.lines.dcd ? 'on' : 'off'),
    'off',
  ],
  [
    'bytes between answers',
    { escapedData: 'delivered' },
    async (s) => (await escaped(s), s.network.peers[0]!.stream.write('now'), s.ask('AT')),
    /now/,
  ],
  [
    'bytes lost while escaped',
    { escapedData: 'lost' },
    async (s) => (await escaped(s), s.network.peers[0]!.stream.write('gone'), await pass(10), s.ask('ATO')),
    '\r\nCONNECT\r\n',
  ],
  [
    'CLOSED while escaped',
    { closeWhileEscaped: 'at-once' },
    async (s) => (await escaped(s), s.network.peers[0]!.stream.end('kept'), await pass(100), s.heard()),
    '\r\nCLOSED\r\n',
  ],
  ['URCs dropped', { urcInData: 'dropped' }, async (s) => (s.modem.urc('RING'), escaped(s)), '\r\nOK\r\n'],
  ['URCs injected', { urcInData: 'injected' }, async (s) => (s.modem.urc('RING'), await pass(10), s.heard()), /RING/],
  [
    'the DTR pulse',
    { dtrOnTime: 60_000 },
    async (s) => {
      s.modem.settings.now.dtr = 1
      s.modem.wire.setDtr(false)
      await pass(10)
      return s.heard()
    },
    '',
  ],
  [
    'DTR hangs up',
    { dtrDefault: 2 },
    async (s) => (s.modem.wire.setDtr(false), await pass(10), s.heard()),
    '\r\nCLOSED\r\n',
  ],
  [
    'old close word',
    { closeWord: 'CLOSED OK' },
    async (s) => (await escaped(s), s.ask('AT+CIPCLOSE')),
    '\r\nOK\r\n\r\nCLOSED OK\r\n',
  ],
  [
    'ATH closes',
    { athCloses: true },
    async (s) => (await escaped(s), await s.ask('ATH'), s.ask('AT+CIPSTATUS')),
    /TCP CLOSED/,
  ],
  ['CIPMUX=0 any time', { muxOnlyInitial: false }, async (s) => (await escaped(s), s.ask('AT+CIPMUX=0')), /OK/],
  [
    'no dial from TCP CLOSED',
    { dialFromClosed: false },
    async (s) => (await escaped(s), await s.ask('AT+CIPCLOSE'), s.ask('AT+CIPSTART="TCP","a",1')),
    /ERROR/,
  ],
  [
    'ALREADY CONNECT',
    { alreadyConnect: 'ERROR' },
    async (s) => (await escaped(s), s.ask('AT+CIPSTART="TCP","a",1')),
    /ERROR\r\n\r\nALREADY CONNECT/,
  ],
  [
    'no line at the end',
    { closeSign: 'dcd' },
    async (s) => (s.network.peers[0]!.stream.end(), await pass(100), `${s.heard()}${s.modem.mode}`),
    'command',
  ],
  [
    'no DCD at the end',
    { closeSign: 'line' },
    async (s) => (s.network.peers[0]!.stream.end(), await pass(100), s.modem.wire.lines.dcd ? 'on' : 'off'),
    'on',
  ],
  [
    'the context’s word',
    { pdpWord: '+PDP DEACT' },
    async (s) => (s.modem.begin({ type: 'context-lost' }), await pass(10), s.heard()),
    '\r\n+PDP DEACT\r\n',
  ],
  [
    'one byte at a time',
    { readBytes: 1, readGap: 30 },
    async (s) => (s.network.peers[0]!.stream.write('abc'), await pass(65), s.heard()),
    'ab',
  ],
]

describe('in command mode', () => {
  test.each(SHOWS)('%s', async (_name, knobs, scene, expected) => {
    expect(await scene(await rig({ knobs }))).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
    expect(await scene(await rig())).not.toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
  })
})

describe('in data mode', () => {
  const inData = async (knobs: Partial<Knobs>): Promise<Rig> => {
    const subject = await rig({ knobs })
    await subject.connect()
    subject.heard()
    return subject
  }
  test.each(IN_DATA_MODE)('%s', async (_name, knobs, scene, expected) => {
    expect(await scene(await inData(knobs))).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
    expect(await scene(await inData({}))).not.toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
  })

  test('CONNECT with its text', async () => {
    const subject = await rig({ knobs: { connectText: ' 115200' } })
    await subject.connect()
    expect((await escaped(subject), await subject.ask('ATO'))).toBe('\r\nCONNECT 115200\r\n')
  })

  test.each([
    ['after', 'on', 'on', 'off'],
    ['before', 'on', 'off', 'off'],
    ['at-once', 'off', 'off', 'off'],
  ] as const)('DCD %s the last bytes and CLOSED', async (dcdOnClose, early, middle, late) => {
    const subject = await inData({ dcdOnClose, dcdDelay: 40 })
    const dcd = (): string => (subject.modem.wire.lines.dcd ? 'on' : 'off')
    subject.network.peers[0]!.stream.end('x'.repeat(1000))
    await pass(20)
    expect(dcd()).toBe(early)
    await pass(dcdOnClose === 'before' ? 75 : 70)
    expect(dcd()).toBe(middle)
    await pass(100)
    expect(dcd()).toBe(late)
    expect(subject.heard()).toBe(`${'x'.repeat(1000)}\r\nCLOSED\r\n`)
  })
})

test.each([
  ['CONNECT FAIL names TCP CLOSED', {}, 'TCP CLOSED'],
  ['or IP STATUS', { failState: 'IP STATUS' }, 'IP STATUS'],
] as const)('%s', async (_name, knobs, state) => {
  const { ask: send, network } = await rig({ knobs })
  network.answer = 'refuse'
  expect(await send('AT+CIPSTART="TCP","a",1', 3000)).toContain(`\r\nOK\r\n\r\nSTATE: ${state}\r\n\r\nCONNECT FAIL\r\n`)
  expect(await send('AT+CIPSTATUS')).toContain(`STATE: ${state}\r\n`)
})

test.each(KNOBS.contextFailState.others)('after a failed CIICR the state may be %s', async (contextFailState) => {
  const { ask: send, modem } = await rig({ knobs: { contextFailState } })
  await send('AT+CSTT')
  await modem.during({ type: 'context-failed' }, async () => expect(await send('AT+CIICR', 2000)).toContain('ERROR'))
  expect(await send('AT+CIPSTATUS')).toContain(`STATE: ${contextFailState}\r\n`)
})

test.each([
  ['before', /^AT\+CFUN=1,1\r\r\nOK\r\n[^O]*RDY/],
  ['after', /RDY[^]*/],
] as const)('the OK of a reset comes %s it', async (resetOk, expected) => {
  const { ask: send, modem } = await rig({ knobs: { resetOk, baudRate: 115200 } })
  const heard = await send('AT+CFUN=1,1', 10_000)
  expect(heard).toMatch(expected)
  expect(heard.indexOf('\r\nOK')).toSatisfy((at: number) => (resetOk === 'before') === at < 20)
  expect(heard).toMatch(/\+CFUN: 1\r\n[^]*\+CPIN: READY\r\n[^]*Call Ready\r\n\r\nSMS Ready\r\n$/)
  expect(modem.record.resets).toHaveLength(1)
})

test('a SIM900 takes four parameters to CIPCCFG and no CIPTKA', async () => {
  const { ask: send } = await rig({ dialect: sim900 })
  expect(await send('AT+CIPCCFG=5,2,1024,1')).toContain('OK')
  expect(await send('AT+CIPCCFG=5,2,1024,1,0,1460,50')).toContain('ERROR')
  expect(await send('AT+CIPCCFG?')).toContain('+CIPCCFG: 5,2,1024,1\r\n')
  expect(await send('AT+CIPTKA?')).toContain('ERROR')
})
