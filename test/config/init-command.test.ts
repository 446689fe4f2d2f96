import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandProblem } from '../../src/config/init-command.ts'

test.each([
  'AT',
  'AT+CMEE=2',
  'at+csq',
  'AT+COPS?',
  'AT+CBAND=?',
  'AT+CBAND="EGSM_MODE"',
  'ATX4',
  'AT&C1',
  'ATS7?',
  'ATI',
])('a person may have %s sent', (command) => {
  expect(commandProblem(command)).toBeUndefined()
})

test.each([
  'ATD*99#',
  'atd123;',
  'AT D123',
  'ATO',
  'ATO0',
  'ATA',
  'ATH',
  'ATZ',
  'AT&F',
  'ATE0D123',
  'ATX4D123',
  'ATV0',
  'ATS0=1',
  'ATS2=35',
  '+++',
  'AT+++',
  'A/',
  '',
  'CMEE=2',
  'AT+CMEE=2;+CIPSHUT',
  'AT+CMEE=2\rATD123',
  'AT+CMEE=2\n',
  'AT+CMEE=2\x1a',
  'AT+CBAND="x',
  'AT+CIPSHUT',
  'at+cipshut',
  'AT+CIPSTART="TCP","x","1"',
  'AT+CIPCLOSE',
  'AT+CIPMODE=0',
  'AT+CFUN=1,1',
  'AT+CPOWD=1',
  'AT+CPIN=1234',
  'AT+IPR=9600',
  'AT+CMGS="123"',
  `AT+${'X'.repeat(556)}`,
])('P8 %j is refused as an extra command', (command) => {
  expect(commandProblem(command)).toBeDefined()
})

test('P8 what is accepted is one line with one command in it, whatever is tried', () => {
  const pieces = fc.constantFrom(
    'AT',
    '+CMEE',
    '=',
    '2',
    ';',
    'D',
    'E0',
    'O',
    '"',
    '\r',
    '&',
    'S0',
    '?',
    ',',
    '+CIPSHUT',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (tail) => {
      const command = `AT${tail.join('')}`
      if (commandProblem(command) === undefined) {
        expect(command).toMatch(/^AT($|&?[A-Z]\d*$|S\d+|\+[A-Z]+($|[?=]))/)
        expect(command).not.toMatch(/[;\r\n]|^ATE?\d*[DAOH]|^AT\+CIPSHUT($|[=?])/)
      }
    }),
    { numRuns: 2000 },
  )
})
