/** Single lines: results, unsolicited ones (modem-facts 4, AT manual 19.3), models. */
import { describe, expect, test } from 'vitest'
import { DIALECTS, dialectOf } from '../../src/at/dialect.ts'
import { errorNumber, isFailure } from '../../src/at/result-code.ts'
import { type Urc, urcOf } from '../../src/at/urc.ts'

const URCS: readonly (readonly [string, Urc['kind']])[] = [
  ['RDY', 'booted'],
  ['NORMAL POWER DOWN', 'powering-down'],
  ['NORMAL POWER OFF', 'powering-down'],
  ['UNDER-VOLTAGE POWER DOWN', 'powering-down'],
  ['UNDER-VOLTAGE POWER OFF', 'powering-down'],
  ['OVER-VOLTAGE POWER DOWN', 'powering-down'],
  ['OVER-VOLTAGE POWER OFF', 'powering-down'],
  ['UNDER-VOLTAGE WARNNING', 'voltage-warning'],
  ['UNDER-VOLTAGE WARNING', 'voltage-warning'],
  ['OVER-VOLTAGE WARNNING', 'voltage-warning'],
  ['CLOSED', 'carrier-ended'],
  ['+PDP: DEACT', 'context-lost'],
  ['+PDP DEACT', 'context-lost'],
  ['+CPIN: READY', 'sim'],
  ['+CPIN: NOT READY', 'sim'],
  ['+CPIN: NOT INSERTED', 'sim'],
  ['+CREG: 1', 'registration'],
  ['+CREG: 1,"1A2B","00C3"', 'registration'],
  ['+CGREG: 2', 'registration'],
  ['RING', 'ring'],
  ['+CLIP: "+70000000000",145,"",0,"",0', 'ring'],
  ['+CRING: VOICE', 'ring'],
  ['+CMTI: "SM",3', 'message'],
  ['+CMT: "+7","","20/12/09"', 'message'],
  ['Call Ready', 'notice'],
  ['SMS Ready', 'notice'],
  ['+CFUN: 1', 'notice'],
  ['*PSUTTZ: 2020,12,9,12,57,4,"+12",0', 'notice'],
  ['*PSNWID: "250","01","MTS",0,"MTS",0', 'notice'],
  ['+CTZV: "+12"', 'notice'],
  ['DST: 0', 'notice'],
  ['+CIEV: 10,"25001","MTS RUS","MTS RUS", 0, 0', 'notice'],
  ['+CSQN: 17,0', 'notice'],
  ['+CMTE: 1', 'notice'],
  ['+CSMINS: 1,1', 'notice'],
  ['+SAPBR 1: DEACT', 'notice'],
  ['CHARGE-ONLY MODE', 'notice'],
  // What looks like one and is none.
  ['+CREG: 0,1', 'unknown'],
  ['RDY ', 'unknown'],
  ['xCLOSED', 'unknown'],
  ['CLOSED OK', 'unknown'],
  ['OK', 'unknown'],
  ['toString', 'unknown'],
]

test.each(URCS)('%s is %s', (line, kind) => {
  expect(urcOf(line)).toMatchObject({ kind, line })
})

test('the SIM says which state', () => expect(urcOf('+CPIN: NOT READY')).toMatchObject({ state: 'NOT READY' }))

describe('results', () => {
  test.each([
    'ERROR',
    'NO CARRIER',
    'BUSY',
    'NO ANSWER',
    'NO DIALTONE',
    '+CME ERROR: 3',
    '+CME ERROR 3',
    '+CMS ERROR: 500',
  ])('%s is a failure', (line) => expect(isFailure(line)).toBe(true))
  test.each(['OK', 'CONNECT', 'CONNECT FAIL', 'xERROR', 'ERROR 3', 'NO CARRIERS', '', 'SHUT OK', '+CME'])(
    '%j is none',
    (line) => expect(isFailure(line)).toBe(false),
  )
  test.each([
    ['+CME ERROR: 10', 10],
    ['+CME ERROR 10', 10],
    ['+CMS ERROR: 500', 500],
    ['+CME ERROR: SIM busy', undefined],
    ['ERROR', undefined],
  ])('the number of %j is %s', (line, number) => expect(errorNumber(line)).toBe(number))
})

describe('dialects', () => {
  test.each([
    ['SIMCOM_SIM800L', 'sim800'],
    ['SIMCOM_SIM900', 'sim900'],
    ['SIM900A', 'sim900'],
    ['', 'sim800'],
  ] as const)('%j is %s', (model, name) => expect(dialectOf(model)).toBe(DIALECTS[name]))

  test('the packing wait is reckoned with the longer of the two units', () => {
    for (const { waitUnitMs } of Object.values(DIALECTS)) expect(waitUnitMs).toBe(200)
  })
})
