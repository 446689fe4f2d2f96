/** Every command's documented answers (modem-facts 1, 0.2): which line is what, and the value that comes of it. */
import { describe, expect, test } from 'vitest'
import type { AtCommand, Part } from '../../src/at/command.ts'
import * as at from '../../src/at/commands.ts'
import { isFault } from '../../src/core/fault.ts'
import { answerOf } from './answer-of.ts'

const LETTERS: Readonly<Record<string, Part>> = {
  e: 'echo',
  i: 'information',
  p: 'passed-over',
  s: 'success',
  x: 'failure',
  f: 'foreign',
}

/** name, command, lines, one letter per line, value */
type Row = readonly [string, AtCommand<unknown>, readonly string[], string, unknown]

const BASICS: readonly Row[] = [
  ['AT', at.attention, ['OK'], 's', undefined],
  ['AT with echo', at.attention, ['AT', 'OK'], 'es', undefined],
  ['bring-up, echoed once more', at.plainDialogue, ['ATE0V1Q0', 'OK'], 'es', undefined],
  ['the echo after noise is no echo', at.attention, ['\xffAT', 'OK'], 'fs', undefined],
  ['a second line like the echo is somebody else’s', at.attention, ['AT', 'AT', 'OK'], 'efs', undefined],
  ['refused', at.numberedErrors, ['ERROR'], 'x', undefined],
  ['refused with a number', at.radio(1), ['+CME ERROR: 10'], 'x', undefined],
  ['refused without a colon', at.dial('h', 1), ['+CME ERROR 3'], 'x', undefined],
  ['refused in words', at.enterPin('1234'), ['+CME ERROR: incorrect password'], 'x', undefined],
  ['refused as message', at.quietUrcs(false)[3]!, ['+CMS ERROR: 500'], 'x', undefined],
  ['rate', at.baudRate, ['+IPR: 115200', 'OK'], 'is', 115200],
  ['autobaud', at.baudRate, ['+IPR: 0', 'OK'], 'is', 0],
  ['model', at.model, ['SIMCOM_SIM800L', 'OK'], 'is', 'SIMCOM_SIM800L'],
  ['an old model', at.model, ['SIM900', 'OK'], 'is', 'SIM900'],
  ['no model', at.model, ['OK'], 's', ''],
  ['firmware', at.firmware, ['Revision: 1418B05SIM800L24', 'OK'], 'is', '1418B05SIM800L24'],
  ['firmware without a blank', at.firmware, ['Revision:1137B02SIM900M64', 'OK'], 'is', '1137B02SIM900M64'],
  ['fresh answer', at.resynchronize[0]!, ['OK', 'SHUT OK', '+CMEE: 1', 'OK'], 'pfis', undefined],
]

const NETWORK: readonly Row[] = [
  ['SIM ready', at.simState, ['+CPIN: READY', 'OK'], 'is', 'READY'],
  ['SIM locked', at.simState, ['+CPIN: SIM PIN', 'OK'], 'is', 'SIM PIN'],
  ['SIM puk', at.simState, ['+CPIN: SIM PUK', 'OK'], 'is', 'SIM PUK'],
  ['SIM phone lock', at.simState, ['+CPIN: PH_SIM PIN', 'OK'], 'is', 'PH_SIM PIN'],
  ['no SIM', at.simState, ['+CME ERROR: 10'], 'x', undefined],
  ['SIM booting', at.simState, ['ERROR'], 'x', undefined],
  ['PIN taken', at.enterPin('0000'), ['OK'], 's', undefined],
  ['attempts', at.pinAttempts, ['+SPIC: 3,3,10,10', 'OK'], 'is', { pin: 3, puk: 10 }],
  ['attempts with blanks', at.pinAttempts, ['+SPIC: 1, 3, 9, 10', 'OK'], 'is', { pin: 1, puk: 9 }],
  ['signal', at.signalQuality, ['+CSQ: 17,0', 'OK'], 'is', { rssi: 17, dbm: -80 }],
  ['supply voltage', at.supplyVoltage, ['+CBC: 0,93,4110', 'OK'], 'is', 4110],
  ['signal URC is not the answer', at.signalQuality, ['+CSQN: 17,0', '+CSQ: 3,0', 'OK'], 'fis', { rssi: 3, dbm: -108 }],
  ['home', at.registration, ['+CREG: 0,1', 'OK'], 'is', 1],
  ['roaming, with cell', at.registration, ['+CREG: 2,5,"1A2B","00C3"', 'OK'], 'is', 5],
  ['the URC lacks the first number', at.registration, ['+CREG: 1', '+CREG: 0,2', 'OK'], 'fis', 2],
  ['the URC with a cell', at.registration, ['+CREG: 1,"1A2B","00C3"', '+CREG: 2,3', 'OK'], 'fis', 3],
  ['operator', at.operator, ['+COPS: 0,0,"MTS RUS"', 'OK'], 'is', 'MTS RUS'],
  ['operator by number', at.operator, ['+COPS: 0,2,"25001"', 'OK'], 'is', '25001'],
  ['no operator', at.operator, ['+COPS: 0', 'OK'], 'is', null],
  ['attached', at.attached, ['+CGATT: 1', 'OK'], 'is', true],
  ['detached', at.attached, ['+CGATT: 0', 'OK'], 'is', false],
  ['attach', at.attach(true), ['OK'], 's', undefined],
  ['radio off says more', at.radio(0), ['+CPIN: NOT READY', 'OK'], 'fs', undefined],
  ['restart, T6', at.restart, ['OK'], 's', undefined],
  ['restart, OK after boot', at.restart, ['RDY', '+CFUN: 1', 'OK'], 'ffs', undefined],
]

const STACK: readonly Row[] = [
  ['status', at.ipStatus, ['OK', 'STATE: IP INITIAL'], 'ps', 'IP INITIAL'],
  ['status the other way round', at.ipStatus, ['STATE: IP STATUS', 'OK'], 'is', 'IP STATUS'],
  ['status after a late OK', at.ipStatus, ['OK', 'OK', 'STATE: CONNECT OK'], 'pps', 'CONNECT OK'],
  ['status, misspelt', at.ipStatus, ['OK', 'STATE: IP INTIAL'], 'ps', 'IP INITIAL'],
  ['status without a blank', at.ipStatus, ['OK', 'STATE:PDP DEACT'], 'ps', 'PDP DEACT'],
  ['status with a blank at the end', at.ipStatus, ['OK', 'STATE: TCP CLOSED '], 'ps', 'TCP CLOSED'],
  ['single', at.connectionMode, ['+CIPMUX: 0', 'OK'], 'is', 'single'],
  ['multi', at.connectionMode, ['+CIPMUX: 1', 'OK'], 'is', 'multi'],
  ['transparent', at.isTransparent, ['+CIPMODE: 1', 'OK'], 'is', true],
  ['not transparent', at.isTransparent, ['+CIPMODE: 0', 'OK'], 'is', false],
  ['address without OK', at.localAddress, ['10.78.245.128'], 's', '10.78.245.128'],
  ['address after a late OK', at.localAddress, ['OK', '10.0.0.1'], 'ps', '10.0.0.1'],
  ['no address', at.localAddress, ['ERROR'], 'x', undefined],
  ['shut', at.shutContext, ['SHUT OK'], 's', undefined],
  ['a late OK is no SHUT OK', at.shutContext, ['OK', 'SHUT OK'], 'ps', undefined],
  ['context', at.bringUpContext, ['OK'], 's', undefined],
  [
    'acknowledged',
    at.acknowledged,
    ['+CIPACK: 12,12,0', 'OK'],
    'is',
    { sent: 12, acknowledged: 12, unacknowledged: 0 },
  ],
  ['with blanks', at.acknowledged, ['+CIPACK: 9, 4, 5', 'OK'], 'is', { sent: 9, acknowledged: 4, unacknowledged: 5 }],
  ['without any', at.acknowledged, ['+CIPACK:9,4,5', 'OK'], 'is', { sent: 9, acknowledged: 4, unacknowledged: 5 }],
  ['close', at.closeConnection(false), ['CLOSE OK'], 's', undefined],
  ['close in two lines', at.closeConnection(true), ['OK', 'CLOSED OK'], 'ps', undefined],
  ['a close URC on the way', at.closeConnection(true), ['CLOSED', 'CLOSE OK'], 'fs', undefined],
  ['close refused', at.closeConnection(true), ['ERROR'], 'x', undefined],
  ['close refused by number', at.closeConnection(true), ['+CME ERROR: 3'], 'x', undefined],
  ['back', at.resumeData, ['CONNECT'], 's', undefined],
  ['back with a rate', at.resumeData, ['CONNECT 115200'], 's', undefined],
  ['back refused', at.resumeData, ['ERROR'], 'x', undefined],
  ['back refused, old', at.resumeData, ['NO CARRIER'], 'x', undefined],
]

const failed = (state: string): at.DialOutcome => ({ kind: 'failed', state })
const not = (line: string): at.DialOutcome => ({ kind: 'not-transparent', line })
const call = at.dial('host', 80)
const DIAL: readonly Row[] = [
  ['dial', call, ['OK', 'CONNECT'], 'ps', { kind: 'connected' }],
  ['dial with a rate', call, ['OK', 'CONNECT 115200'], 'ps', { kind: 'connected' }],
  ['dial outside transparent mode', call, ['OK', 'CONNECT OK'], 'ps', not('CONNECT OK')],
  ['dial on top of another', call, ['ALREADY CONNECT'], 's', not('ALREADY CONNECT')],
  ['dial, failed', call, ['OK', 'STATE: TCP CLOSED', 'CONNECT FAIL'], 'pis', failed('TCP CLOSED')],
  ['dial, failed bare', call, ['OK', 'CONNECT FAIL'], 'ps', failed('CONNECT FAIL')],
  ['dial, context lost', call, ['OK', '+PDP: DEACT'], 'ps', failed('+PDP: DEACT')],
  ['dial, context lost, other spelling', call, ['OK', '+PDP DEACT'], 'ps', failed('+PDP DEACT')],
  ['dial refused', call, ['+CME ERROR 3'], 'x', undefined],
  ['dial refused plainly', call, ['ERROR'], 'x', undefined],
]

const ROWS = [...BASICS, ...NETWORK, ...STACK, ...DIAL]

describe('each line of an answer is what the manual says it is', () => {
  test.each(ROWS)('%s', (_, command, lines, letters, value) => {
    const read = answerOf(command, lines)
    expect(read.parts).toEqual(letters.split('').map((letter) => LETTERS[letter]))
    expect(read.whole).toBe(true)
    expect(read.failed).toBe(letters.endsWith('x'))
    expect(read.value).toEqual(value)
  })

  test('every command that this module knows has a row', () => {
    const seen = new Set(ROWS.map(([, command]) => command.text.replace(/=.*$/, '')))
    const known = Object.values(at).flatMap((it) => (isCommand(it) ? [it] : []))
    const others = new Set(['&C1', '&W', '+CIPMUX', '+CIPMODE'])
    for (const { text } of known) expect([...seen, ...others]).toContain(text.replace(/=.*$/, ''))
  })
})

describe('lines nobody asked for do not disturb an answer', () => {
  const URCS = [
    'RING',
    'Call Ready',
    '+CREG: 1',
    '+CREG: 1,"1A2B","00C3"',
    '+CMTI: "SM",1',
    'DST: 0',
    '*PSUTTZ: 2020,1',
  ]
  const good = ROWS.filter(([, , , letters]) => !letters.includes('f'))

  test.each(good)('a URC between any two lines of: %s', (_, command, lines, letters, value) => {
    for (const urc of URCS) {
      for (let at = 0; at < lines.length; at += 1) {
        const read = answerOf(command, [...lines.slice(0, at), urc, ...lines.slice(at)])
        expect(read.parts[at]).toBe('foreign')
        expect(read.failed).toBe(letters.endsWith('x'))
        expect(read.value).toEqual(value)
      }
    }
  })

  test.each(ROWS.filter(([, command]) => command.needs !== undefined && command.text !== '+CIPSTATUS'))(
    'a late OK before the information of: %s',
    (_, command, lines, letters, value) => {
      const read = answerOf(command, ['OK', ...lines])
      expect(read.parts[0]).toBe('passed-over')
      expect(read.failed).toBe(letters.endsWith('x'))
      expect(read.value).toEqual(value)
    },
  )
})

test('dBm is the manual’s table', () => {
  const dbm = (rssi: number): unknown => answerOf(at.signalQuality, [`+CSQ: ${rssi},0`, 'OK']).value?.dbm
  expect([0, 1, 2, 30, 31, 99].map(dbm)).toEqual([-115, -111, -110, -54, -52, null])
})

test('every state that the manual names is understood', () => {
  for (const state of at.IP_STATES) expect(answerOf(at.ipStatus, ['OK', `STATE: ${state}`]).value).toBe(state)
})

test('a state that no manual names is a fault, not a guess', () => {
  const error = caught(() => answerOf(at.ipStatus, ['OK', 'STATE: IP WONDERFUL']))
  expect(isFault(error, 'command-failed')).toBe(true)
  expect(String(error)).toContain('IP WONDERFUL')
})

function isCommand(it: unknown): it is AtCommand<unknown> {
  return typeof it === 'object' && it !== null && 'parse' in it
}

function caught(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

test.each(['+CGATT:1', '+CGATT: 1 ', '+CGATT:  1'])(
  '%j is the answer as well: the manuals print blanks either way',
  (line) => {
    expect(answerOf(at.attached, [line, 'OK ']).value).toBe(true)
  },
)
