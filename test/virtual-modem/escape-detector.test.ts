import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now } from '../../src/core/time.ts'
import { EscapeDetector } from '../../src/virtual-modem/escape-detector.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const TIMING = { before: 1000, after: 1000, gap: 1000, leaks: false }

/** Plays `[pause before, text]` pairs to a detector; what became data, and whether it escaped. */
function play(steps: readonly (readonly [number, string])[], leaks = false): { data: string; escapes: number } {
  const seen = { data: '', escapes: 0 }
  const detector = new EscapeDetector(() => ({ ...TIMING, leaks }), {
    data: (bytes) => (seen.data += Buffer.from(bytes).toString('latin1')),
    escape: () => seen.escapes++,
  })
  detector.pass(now())
  for (const [pause, text] of steps) {
    vi.advanceTimersByTime(pause)
    const rest = detector.feed(Buffer.from(text, 'latin1'), now(), now())
    if (rest) seen.data += `|${Buffer.from(rest).toString('latin1')}`
  }
  vi.advanceTimersByTime(5000)
  return seen
}

describe('three pluses between silences escape', () => {
  test.each([
    ['in one piece', [[1000, '+++']]],
    [
      'one by one, as slow as allowed',
      [
        [1000, '+'],
        [1000, '+'],
        [1000, '+'],
      ],
    ],
    [
      'after data',
      [
        [0, 'data'],
        [1000, '+'],
        [0, '++'],
      ],
    ],
    [
      'after a group that failed',
      [
        [1000, '+++'],
        [500, 'x'],
        [1000, '+++'],
      ],
    ],
    [
      'started over by a gap that was too long',
      [
        [1000, '+'],
        [1001, '+++'],
      ],
    ],
  ] as const)('%s', (_name, steps) => {
    expect(play(steps).escapes).toBe(1)
  })
})

describe('everything else is data, whole and in order', () => {
  test.each([
    ['silence before too short by a millisecond', [[999, '+++']]],
    ['two pluses', [[1000, '++']]],
    ['four pluses', [[1000, '++++']]],
    [
      'a fourth plus within the trailing second',
      [
        [1000, '+++'],
        [999, '+'],
      ],
    ],
    [
      'a byte within the trailing second',
      [
        [1000, '+++'],
        [999, 'x'],
      ],
    ],
    [
      'a gap that is too long',
      [
        [1000, '+'],
        [1001, '++'],
      ],
    ],
    ['glued to data in front', [[1000, 'a+++']]],
    ['glued to data behind', [[1000, '+++a']]],
    ['a CR behind it', [[1000, '+++\r']]],
  ] as const)('%s', (_name, steps) => {
    const { data, escapes } = play(steps)
    expect(escapes).toBe(0)
    expect(data).toBe(steps.map(([, text]) => text).join(''))
  })
})

test('bytes that arrived after the trailing silence belong to command mode, though its timer is late', () => {
  let escapes = 0
  const detector = new EscapeDetector(() => TIMING, { data: () => undefined, escape: () => escapes++ })
  detector.feed(Buffer.from('+++'), now(), now())
  expect(detector.feed(Buffer.from('AT\r'), now() + 1000, now() + 1001)?.toString()).toBe('AT\r')
  expect(escapes).toBe(1)
})

test('a successful sequence reaches the peer only where it leaks', () => {
  expect(play([[1000, '+++']]).data).toBe('')
  expect(
    play(
      [
        [1000, '+'],
        [300, '++'],
      ],
      true,
    ),
  ).toEqual({ data: '+++', escapes: 1 })
  expect(
    play(
      [
        [1000, '+++'],
        [10, 'x'],
      ],
      true,
    ),
  ).toEqual({ data: '+++x', escapes: 0 })
})

/** The rule itself, written another way: over whole bytes with their times. */
function escapesByTheBook(bytes: readonly { readonly at: number; readonly text: string }[]): boolean {
  return bytes.some((_, i) => {
    const three = bytes.slice(i, i + 3)
    if (three.length < 3 || three.some(({ text }) => text !== '+')) return false
    const [a, b, c] = three.map(({ at }) => at) as [number, number, number]
    const before = a - (bytes[i - 1]?.at ?? 0)
    const next = (bytes[i + 3]?.at ?? Number.POSITIVE_INFINITY) - c
    return before >= 1000 && b - a <= 1000 && c - b <= 1000 && next >= 1000 && !joined(bytes, i)
  })
}

/** Whether the plus in front belongs to the same group: then it is not exactly three. */
function joined(bytes: readonly { readonly at: number; readonly text: string }[], i: number): boolean {
  const [front, first] = [bytes[i - 1], bytes[i]]
  if (!front || !first || front.text !== '+' || first.at - front.at > 1000) return false
  // A gap of exactly one second both ends a silence and may stand between two pluses of a group.
  return true
}

test('for every sequence of pluses and bytes: it escapes by the book, and loses nothing', () => {
  const step = fc.tuple(fc.constantFrom(0, 1, 500, 999, 1001, 1500), fc.constantFrom('+', '+', '+', '+', 'x'))
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      let at = 0
      const bytes = steps.map(([pause, text]) => ({ at: (at += pause), text }))
      const { data, escapes } = play(steps)
      const sent = steps.map(([, text]) => text).join('')
      expect(escapes > 0).toBe(escapesByTheBook(bytes))
      if (escapes === 0) expect(data).toBe(sent)
      else expect(data.replaceAll('|', '').length).toBe(sent.length - 3 * escapes)
    }),
    { numRuns: 500 },
  )
})

test('a sequence that fails loses none of its pluses, whether it leaks or not', () => {
  for (const leaks of [false, true]) {
    for (const steps of [
      [[1000, '++x']],
      [
        [1000, '+'],
        [500, '+x'],
      ],
      [
        [1000, '++'],
        [500, '++'],
      ],
      [
        [1000, '++'],
        [1500, '+'],
      ],
    ] as (readonly [number, string])[][]) {
      expect(play(steps, leaks)).toEqual({ data: steps.map(([, text]) => text).join(''), escapes: 0 })
    }
  }
})
