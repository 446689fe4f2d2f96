/** The table of faults: every code has a way up, an exit code and a word to a person. */
import { describe, expect, test } from 'vitest'
import { FAULTS, Fault, type FaultCode, isFault, RUNGS } from '../../src/core/fault.ts'

const CODES = Object.keys(FAULTS) as FaultCode[]

/** DESIGN.md section 7: codes that are relied upon from outside. */
const CONTRACT = [
  'line-missing',
  'line-gone',
  'line-busy',
  'no-answer',
  'command-failed',
  'sim-missing',
  'sim-locked',
  'not-registered',
  'registration-denied',
  'attach-failed',
  'context-failed',
  'context-lost',
  'peer-refused',
  'peer-timeout',
  'not-transparent',
  'carrier-lost',
  'escape-failed',
  'modem-rebooted',
  'under-voltage',
  'config-invalid',
  'budget-spent',
]

test('the codes are those of the contract', () => expect([...CODES].sort()).toEqual([...CONTRACT].sort()))

test('the rungs are those of the contract, cheapest first', () => {
  expect(RUNGS).toEqual([
    'redial',
    'shut-context',
    'reattach',
    'cycle-radio',
    'soft-reset',
    'hard-reset',
    'reopen-line',
  ])
})

test.each(CODES)('P7 %s: a start below its ceiling, a sysexit and what a person can do', (code) => {
  const { rung, ceiling, exitCode, hint } = FAULTS[code]
  expect(RUNGS.indexOf(rung)).toBeLessThanOrEqual(RUNGS.indexOf(ceiling))
  expect([69, 70, 75, 78]).toContain(exitCode)
  expect(hint.length).toBeGreaterThan(20)
})

test('a modem is not reset because a server is down', () => {
  for (const code of ['peer-refused', 'peer-timeout', 'budget-spent', 'config-invalid'] as const) {
    expect(RUNGS.indexOf(FAULTS[code].ceiling)).toBeLessThan(RUNGS.indexOf('soft-reset'))
  }
})

test('a SIM that a person must unlock does not get the modem reset', () => {
  expect(FAULTS['sim-locked'].ceiling).toBe('cycle-radio')
})

describe('a fault', () => {
  const cause = new Error('EIO')
  const fault = new Fault('line-gone', 'hung up', { cause })

  test('is an error with its code, its hint and its cause', () => {
    expect(fault).toBeInstanceOf(Error)
    expect([fault.name, fault.code, fault.message, fault.cause]).toEqual(['Fault', 'line-gone', 'hung up', cause])
    expect(fault.hint).toBe(FAULTS['line-gone'].hint)
  })

  test('is known by its code, or by being one at all', () => {
    expect([isFault(fault), isFault(fault, 'line-gone'), isFault(fault, 'no-answer', 'line-gone')]).toEqual([
      true,
      true,
      true,
    ])
    expect([isFault(fault, 'no-answer'), isFault(cause), isFault(undefined), isFault({ code: 'line-gone' })]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})
