/** What a person asks through the daemon, whatever it is: its lines, and not those that came by chance. */
import { expect, test } from 'vitest'
import { anything } from '../../src/at/anything.ts'
import { answerOf } from './answer-of.ts'

type Row = readonly [string, readonly string[], readonly string[], string]

/** asked, lines of the modem, information found, final line */
const ROWS: readonly Row[] = [
  ['AT', ['OK'], [], 'OK'],
  ['AT+CSQ', ['+CSQ: 17,0', 'OK'], ['+CSQ: 17,0'], 'OK'],
  ['AT+CSQ', ['AT+CSQ', '+CSQ: 17,0', 'OK'], ['+CSQ: 17,0'], 'OK'],
  ['AT+CSQ', ['RING', '+CSQ: 17,0', '+CREG: 1', 'OK'], ['+CSQ: 17,0'], 'OK'],
  ['ATI', ['SIM800 R14.18', 'OK'], ['SIM800 R14.18'], 'OK'],
  ['AT+GSN', ['869988012345678', 'OK'], ['869988012345678'], 'OK'],
  ['AT+CSQ', ['+CSQN: 14,0', '+CSQ: 17,0', 'OK'], ['+CSQ: 17,0'], 'OK'],
  ['AT+CREG?', ['+CREG: 0,1', 'OK'], ['+CREG: 0,1'], 'OK'],
  ['AT+CPIN?', ['+CPIN: READY', 'OK'], ['+CPIN: READY'], 'OK'],
  ['at+cpin?', ['+CPIN: READY', 'OK'], ['+CPIN: READY'], 'OK'],
  ['AT+CFUN?', ['Call Ready', '+CFUN: 1', 'OK'], ['+CFUN: 1'], 'OK'],
  ['at+cfun?', ['+CFUN: 1', 'OK'], ['+CFUN: 1'], 'OK'],
  ['AT+CMGL="ALL"', ['+CMGL: 1,"REC READ","+7"', 'hello', 'OK'], ['+CMGL: 1,"REC READ","+7"', 'hello'], 'OK'],
  [
    'AT+CDNSCFG?',
    ['PrimaryDns: 8.8.8.8', 'SecondaryDns: 0.0.0.0', 'OK'],
    ['PrimaryDns: 8.8.8.8', 'SecondaryDns: 0.0.0.0'],
    'OK',
  ],
  ['AT+CIPACK', ['+CIPACK: 12,12,0', 'OK'], ['+CIPACK: 12,12,0'], 'OK'],
  // Answers whose end is no plain OK (AT manual 8.2.11, 8.2.12).
  ['AT+CIFSR', ['10.78.245.128'], [], '10.78.245.128'],
  ['at+cifsr', ['10.78.245.128'], [], '10.78.245.128'],
  ['AT+CIPSTATUS', ['OK', 'STATE: CONNECT OK'], ['STATE: CONNECT OK'], 'OK'],
  ['AT+CIPSTATUS', ['RING', 'OK', '+CREG: 1', 'STATE: IP STATUS'], ['STATE: IP STATUS'], 'OK'],
]

test.each(ROWS)('%s: %j', (asked, lines, information, final) => {
  const read = answerOf(anything(asked), lines)
  expect(read.whole).toBe(true)
  expect(read.value).toEqual({ information, final })
})

test.each(['ERROR', '+CME ERROR: 3', '+CMS ERROR: 500', 'NO CARRIER'])('%s is an answer as well', (line) => {
  expect(answerOf(anything('AT+CIFSR'), [line])).toMatchObject({ failed: true, whole: true })
  expect(answerOf(anything('AT+CSQ'), [line])).toMatchObject({ failed: true, whole: true })
})

test('what goes out is what was asked', () => {
  expect(anything('AT+CSQ').text).toBe('+CSQ')
  expect(anything('at+csq').text).toBe('+csq')
  expect(anything('ATI').text).toBe('I')
})
