import { describe, expect, test } from 'vitest'
import { FAULTS } from '../../src/core/fault.ts'
import { FAULT_KINDS, faultHelp, parseFault } from '../../src/virtual-modem/faults.ts'
import { KNOBS } from '../../src/virtual-modem/knobs.ts'
import { SCENARIOS } from '../../src/virtual-modem/scenarios.ts'

describe('faults on the command line', () => {
  test.each([
    ['no-answer', { fault: { type: 'no-answer' }, after: 0, for: undefined }],
    ['no-answer,after=30s,for=10s', { fault: { type: 'no-answer' }, after: 30_000, for: 10_000 }],
    [
      'sim-locked,pin=0000,attempts=1',
      { fault: { type: 'sim-locked', pin: '0000', attempts: 1 }, after: 0, for: undefined },
    ],
    ['slow-answer,ms=1.5s', { fault: { type: 'slow-answer', ms: 1500 }, after: 0, for: undefined }],
    ['reboot, lines=no', { fault: { type: 'reboot', lines: false }, after: 0, for: undefined }],
    ['no-answer,until=reset', { fault: { type: 'no-answer', until: 'reset' }, after: 0, for: undefined }],
  ])('%s', (text, expected) => {
    expect(parseFault(text)).toEqual(expected)
  })

  test.each([
    ['', /no fault is called ""; there are no-answer/],
    ['mute', /no fault is called "mute"/],
    ['constructor', /no fault is called/],
    ['no-answer,when=1', /has no "when"; it has data, after, for, until/],
    ['chopped,bytes=x', /should be like bytes=1/],
    ['reboot,lines', /should be like lines=true/],
    ['no-answer,until=dawn', /until is one of shut/],
  ])('%j is refused and says what would be right', (text, message) => {
    expect(() => parseFault(text)).toThrow(message)
  })

  test('the help has a line for each', () => {
    expect(faultHelp()).toHaveLength(Object.keys(FAULT_KINDS).length)
    expect(faultHelp().find((line) => line.startsWith('chopped'))).toMatch(/^chopped,bytes=1,ms=5 {2}output/)
  })
})

test('every fault code that a modem can cause has a fault that causes it', () => {
  const caused = new Set<string>(Object.values(FAULT_KINDS).flatMap(({ codes }) => codes))
  const notByModems = ['config-invalid', 'budget-spent']
  expect(Object.keys(FAULTS).filter((code) => !caused.has(code))).toEqual(notByModems)
})

test('scenarios have their own names and steps in order of time or of cause', () => {
  expect(SCENARIOS.map(({ name }) => name)).toEqual([
    'tunnel',
    'flaky-cell',
    'dead-modem',
    'sim-pulled',
    'peer-down',
    'brown-out',
  ])
  for (const { steps } of SCENARIOS)
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b))
})

test('the other sides of a knob differ from its default', () => {
  for (const [name, { value, others }] of Object.entries(KNOBS)) expect(others, name).not.toContain(value)
})
