/** The ladder: cheapest rung first, never below a fault's start nor above its ceiling, and pauses that grow to a cap. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FAULTS, type FaultCode, RUNGS, type Rung } from '../../src/core/fault.ts'
import { LADDER, pauseBefore, rungFor } from '../../src/link/ladder.ts'

const CODES = Object.keys(FAULTS) as FaultCode[]
const ALL: ReadonlySet<Rung> = new Set(RUNGS)
const WITHOUT_WIRE: ReadonlySet<Rung> = new Set(RUNGS.filter((rung) => rung !== 'hard-reset'))
const height = (rung: Rung): number => RUNGS.indexOf(rung)
const climb = (code: FaultCode, times: number, available = ALL): Rung[] =>
  Array.from({ length: times }, (_, index) => rungFor(index + 1, code, available))

test('the ladder has every rung once, in the order of their price', () => {
  expect(LADDER.map(({ rung }) => rung)).toEqual([...RUNGS])
  for (const { times } of LADDER) expect(times).toBeGreaterThan(0)
})

describe.each(CODES)('P7 %s', (code) => {
  const { rung, ceiling } = FAULTS[code]

  test('starts at its own rung', () => expect(rungFor(1, code, ALL)).toBe(rung))

  test('stays between its start and its ceiling, however often', () => {
    for (const found of climb(code, 60)) {
      expect(height(found)).toBeGreaterThanOrEqual(height(rung))
      expect(height(found)).toBeLessThanOrEqual(height(ceiling))
    }
  })

  test('climbs one rung after the other, cheapest first, until the ceiling', () => {
    const way = climb(code, 60)
    const top = way.indexOf(ceiling)
    expect(top).toBeGreaterThanOrEqual(0)
    const heights = way.slice(0, top + 1).map(height)
    expect(heights).toEqual([...heights].sort((a, b) => a - b))
    expect(new Set(heights).size).toBe(height(ceiling) - height(rung) + 1)
  })

  test('past the ceiling repeats it; only one that may reopen the line starts over', () => {
    const way = climb(code, 60)
    const after = way.slice(way.lastIndexOf(ceiling))
    if (ceiling === 'reopen-line') expect(new Set(way.slice(30))).toEqual(new Set(way.slice(0, 30)))
    else expect(after).toEqual(way.slice(-after.length).fill(ceiling))
  })

  test('never asks for a rung that this installation does not have', () => {
    expect(climb(code, 60, WITHOUT_WIRE)).not.toContain('hard-reset')
    for (const found of climb(code, 60, WITHOUT_WIRE)) expect(WITHOUT_WIRE).toContain(found)
  })
})

test('the way of a modem that does not answer, and of a server that is down', () => {
  expect(climb('no-answer', 6)).toEqual([
    'soft-reset',
    'soft-reset',
    'hard-reset',
    'hard-reset',
    'reopen-line',
    'soft-reset',
  ])
  expect(climb('peer-refused', 6)).toEqual([
    'redial',
    'redial',
    'shut-context',
    'shut-context',
    'shut-context',
    'shut-context',
  ])
})

test('an installation that can do nothing of what is wanted reopens the line', () => {
  expect(rungFor(1, 'no-answer', new Set())).toBe('reopen-line')
})

describe('pauses', () => {
  const PAUSES = { firstMs: 1_000, maxMs: 60_000 }
  const ofModem = CODES.filter((code) => FAULTS[code].rung !== 'reopen-line')

  test.each(ofModem)('P7 %s: none before the first rung, then doubling up to the cap', (code) => {
    const found = Array.from({ length: 12 }, (_, index) => pauseBefore(index + 1, code, PAUSES, 0))
    expect(found).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60].map((s) => s * 1000))
  })

  test.each(['line-missing', 'line-gone', 'line-busy'] as const)(
    'P7 %s: the device is looked for at least every few seconds',
    (code) => {
      for (let failures = 1; failures < 100; failures += 1) {
        const pause = pauseBefore(failures, code, { firstMs: 30_000, maxMs: 300_000 }, 1)
        expect(pause).toBeGreaterThan(0)
        expect(pause).toBeLessThanOrEqual(2_500)
      }
    },
  )

  test('jitter adds up to a quarter, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 10_000 }),
        fc.constantFrom(...ofModem),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, code, chance) => {
          const least = pauseBefore(failures, code, PAUSES, 0)
          const pause = pauseBefore(failures, code, PAUSES, chance)
          expect(pause).toBeGreaterThanOrEqual(least)
          expect(pause).toBeLessThanOrEqual(least * 1.25)
          expect(least).toBeLessThanOrEqual(PAUSES.maxMs)
        },
      ),
    )
  })

  test('a field of modems does not call in step', () => {
    const found = new Set([0, 0.25, 0.5, 0.75, 1].map((chance) => pauseBefore(5, 'carrier-lost', PAUSES, chance)))
    expect(found.size).toBe(5)
  })
})
