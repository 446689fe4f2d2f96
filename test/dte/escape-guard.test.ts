/** P1: no payload, cut and timing makes the modem leave data mode. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now } from '../../src/core/time.ts'
import { EscapeDetector } from '../../src/virtual-modem/escape-detector.ts'
import { escapesSeen, GuardedLine } from './guarded-line.ts'
import { findEscape, TIMINGS } from './strict-detector.ts'

const PAUSES = [0, 1, 100, 390, 400, 499, 500, 501, 600, 999, 1000, 1001, 1099, 1100, 1101, 3000]

interface Step {
  readonly pause: number
  readonly text: string
  /** The app is first when it writes in the very moment in which the held plus is due. */
  readonly late: boolean
  readonly known: boolean
}

const chunk = fc.string({ unit: fc.constantFrom('+', '+', '+', '+', 'a', '\r'), minLength: 1, maxLength: 5 })
const step = (known: fc.Arbitrary<boolean>): fc.Arbitrary<Step> =>
  fc.record({ pause: fc.constantFrom(...PAUSES), text: chunk, late: fc.boolean(), known })
const steps = (known: fc.Arbitrary<boolean>): fc.Arbitrary<Step[]> => fc.array(step(known), { maxLength: 25 })

function play(script: readonly Step[], guardMs = 1000): GuardedLine {
  const line = new GuardedLine(guardMs)
  for (const { pause, text, late, known } of script) {
    line.wait(pause, late)
    line.write(text, known)
  }
  line.finish()
  return line
}

test('the reference detector sees what the application note calls an escape, and nothing else', () => {
  const timing = { before: 1000, after: 1000, gap: 1000 }
  const see = (end: number, ...times: number[]): number =>
    findEscape(
      times.map((at) => ({ byte: 0x2b, at })),
      end,
      timing,
    )
  expect(see(5000, 0, 1000, 2000)).toBe(0)
  expect(see(2999, 0, 1000, 2000)).toBe(-1)
  expect(see(5000, 0, 1001, 2000)).toBe(-1)
  expect(see(5000, 0, 0, 0, 0)).toBe(-1)
  expect(see(9000, 0, 0, 0, 1000)).toBe(0)
  expect(see(9000, 0, 1500, 1500, 1500)).toBe(1)
})

describe('P1 pluses of the payload never become an escape', () => {
  test('every cut and timing, with pauses that are known', () => {
    fc.assert(
      fc.property(steps(fc.constant(true)), (script) => {
        const line = play(script)
        expect(line.bytes).toBe(script.map(({ text }) => text).join(''))
        expect(line.complaints).toEqual([])
        expect(escapesSeen(line)).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('also when a stalled queue hides what pause the modem saw', () => {
    fc.assert(
      fc.property(steps(fc.boolean()), (script) => {
        const line = play(script)
        expect(line.bytes).toBe(script.map(({ text }) => text).join(''))
        expect(line.complaints).toEqual([])
        expect(escapesSeen(line)).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('nothing but pluses, one to four at a time, is the worst that can come', () => {
    const pluses = fc.constantFrom('+', '++', '+++', '++++')
    const script = fc.array(
      fc.record({ pause: fc.constantFrom(...PAUSES), text: pluses, late: fc.boolean(), known: fc.boolean() }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(script, (rows) => {
        const line = play(rows)
        expect(line.complaints).toEqual([])
        expect(escapesSeen(line)).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('with a guard time of two seconds likewise', () => {
    const slow = fc.array(
      fc.record({
        pause: fc.constantFrom(0, 780, 800, 1000, 1999, 2000, 2001, 2199, 2200, 2201, 5000),
        text: chunk,
        late: fc.boolean(),
        known: fc.boolean(),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(slow, (script) => {
        const line = play(script, 2000)
        expect(line.complaints).toEqual([])
        expect(findEscape(line.sent, line.now, { before: 2000, after: 2000, gap: 2000 })).toBe(-1)
        expect(findEscape(line.sent, line.now, { before: 1000, after: 1000, gap: 2000 })).toBe(-1)
      }),
    )
  })
})

describe('P1 the virtual modem, strict to the millisecond, agrees', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test.each(TIMINGS)('guard times %j', (timing) => {
    fc.assert(
      fc.property(steps(fc.constant(true)), (script) => {
        const line = play(script)
        const seen: number[] = []
        let escapes = 0
        const detector = new EscapeDetector(() => ({ ...timing, leaks: false }), {
          data: (bytes) => seen.push(...bytes),
          escape: () => (escapes += 1),
        })
        const start = now()
        for (const { byte, at } of line.sent) {
          vi.advanceTimersByTime(start + at - now())
          detector.feed(Uint8Array.of(byte), now(), now())
        }
        vi.advanceTimersByTime(5000)
        expect(escapes).toBe(0)
        expect(String.fromCharCode(...seen)).toBe(line.bytes)
      }),
      { numRuns: 60 },
    )
  })
})
