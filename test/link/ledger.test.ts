/** Counting over days that are not 24 hours long, and clocks that are not right. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ledger } from '../../src/link/ledger.ts'

const zone = process.env.TZ
beforeAll(() => {
  process.env.TZ = 'Europe/Berlin'
})
afterAll(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const SECOND = 1_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = (iso: string): number => Date.parse(iso)

/** A wall clock and a steady one, and a ledger that is told of both. */
class Bench {
  wall: number
  mono = 0
  ledger: Ledger
  constructor(iso: string, saved?: unknown) {
    this.wall = at(iso)
    this.ledger = new Ledger(saved, this)
  }
  /** Time passes as it should. */
  pass(ms: number): this {
    return this.set(this.wall + ms, ms)
  }
  /** The wall clock is set; meanwhile `ms` pass. */
  set(wall: number | string, ms = SECOND): this {
    this.wall = typeof wall === 'string' ? at(wall) : wall
    this.mono += ms
    this.ledger.turn(this)
    return this
  }
  /** The power goes, and comes back with this on the wall clock. */
  restart(wall: string): this {
    const saved: unknown = JSON.parse(JSON.stringify(this.ledger.saved))
    this.wall = at(wall)
    this.mono = 0
    this.ledger = new Ledger(saved, this)
    return this
  }
  get bytes(): [number, number] {
    return [this.ledger.bytesThis('day'), this.ledger.bytesThis('month')]
  }
  spend(bytes: number): this {
    this.ledger.addBytes(bytes)
    return this
  }
  dial(): this {
    this.ledger.addDial()
    return this
  }
}

describe('days and months of this place', () => {
  test.each([
    ['an ordinary day', '2026-11-21T12:00:00+01:00', '2026-11-22T00:00:00+01:00'],
    ['the day of 23 hours', '2026-03-29T00:30:00+01:00', '2026-03-30T00:00:00+02:00'],
    ['the day of 25 hours', '2026-10-25T00:30:00+02:00', '2026-10-26T00:00:00+01:00'],
    ['the hour that comes twice', '2026-10-25T02:30:00+02:00', '2026-10-26T00:00:00+01:00'],
    ['the last day of February', '2028-02-29T23:59:59+01:00', '2028-03-01T00:00:00+01:00'],
    ['New Year', '2026-12-31T23:59:59+01:00', '2027-01-01T00:00:00+01:00'],
  ])('%s ends when the next begins', (_what, now, end) => {
    expect(new Bench(now).ledger.endOf('day')).toBe(at(end))
  })

  test.each([
    ['on the 31st', '2026-01-31T12:00:00+01:00', '2026-02-01T00:00:00+01:00'],
    ['in December', '2026-12-05T12:00:00+01:00', '2027-01-01T00:00:00+01:00'],
    ['over the change of the clocks', '2026-03-01T00:00:00+01:00', '2026-04-01T00:00:00+02:00'],
  ])('a month ends when the next begins: %s', (_what, now, end) => {
    expect(new Bench(now).ledger.endOf('month')).toBe(at(end))
  })

  test('a day that is over counts no more, the month goes on; so with months', () => {
    const b = new Bench('2026-11-29T23:00:00+01:00').spend(100)
    expect(b.pass(30 * 60 * SECOND).bytes).toEqual([100, 100])
    expect(b.pass(40 * 60 * SECOND).bytes).toEqual([0, 100])
    expect(b.spend(5).pass(DAY).bytes).toEqual([0, 0])
  })

  test('the hour that comes twice does not begin a day twice', () => {
    const b = new Bench('2026-10-25T02:59:59+02:00').spend(100)
    expect(b.pass(2 * SECOND).bytes).toEqual([100, 100])
    expect(b.pass(20 * HOUR).bytes).toEqual([100, 100])
    expect(b.pass(2 * HOUR).bytes).toEqual([0, 100])
  })
})

describe('dials in a sliding hour', () => {
  test('each counts for sixty minutes, and it is known when there is room again', () => {
    const b = new Bench('2026-11-21T12:00:00Z')
      .dial()
      .pass(20 * 60 * SECOND)
      .dial()
      .dial()
    expect(b.ledger.dialsThisHour).toBe(3)
    expect(b.ledger.dialsBelow(3)).toBe(at('2026-11-21T13:00:00Z'))
    expect(b.ledger.dialsBelow(2)).toBe(at('2026-11-21T13:20:00Z'))
    expect(b.pass(40 * 60 * SECOND).ledger.dialsThisHour).toBe(2)
    expect(b.pass(20 * 60 * SECOND).ledger.dialsThisHour).toBe(0)
  })

  test('they count over a restart, for the rest of their hour', () => {
    const b = new Bench('2026-11-21T12:00:00Z').dial().dial().restart('2026-11-21T12:30:00Z')
    expect(b.ledger.dialsThisHour).toBe(2)
    expect(b.pass(30 * 60 * SECOND).ledger.dialsThisHour).toBe(0)
    expect(b.dial().restart('2026-11-21T14:30:00Z').ledger.dialsThisHour).toBe(0)
  })
})

describe('a clock that is not right', () => {
  test('set from 1970 to today while the daemon runs: what was spent is of today, and over tomorrow', () => {
    const b = new Bench('1970-01-01T00:00:20Z').spend(100).dial()
    b.set('2026-11-21T12:00:00Z')
    expect(b.bytes).toEqual([100, 100])
    expect(b.ledger.dialsThisHour).toBe(1)
    expect(b.pass(HOUR).ledger.dialsThisHour).toBe(0)
    expect(b.pass(DAY).bytes).toEqual([0, 100])
  })

  test('1970 after a restart: the day is the one before the power went, and goes on', () => {
    const b = new Bench('2026-11-21T20:00:00+01:00').spend(100).dial().restart('1970-01-01T00:00:10Z')
    expect(b.bytes).toEqual([100, 100])
    expect(b.ledger.dialsThisHour).toBe(1)
    // Nobody ever sets it: the hour and the day end all the same.
    expect(b.pass(HOUR).ledger.dialsThisHour).toBe(0)
    expect(b.bytes).toEqual([100, 100])
    expect(b.pass(4 * HOUR).bytes).toEqual([0, 100])
    // A restart every few hours does not make time stand still.
    for (let day = 0; day < 30; day += 1)
      b.spend(1)
        .pass(20 * HOUR)
        .restart('1970-01-01T00:00:10Z')
        .pass(4 * HOUR)
    expect(b.ledger.bytesThis('month')).toBeLessThan(30)
  })

  test('1970 after a restart, then set: the days between have passed, what was spent since the start is of today', () => {
    const b = new Bench('2026-11-19T20:00:00+01:00').spend(100).dial()
    b.restart('1970-01-01T00:00:10Z').spend(7).dial()
    expect(b.bytes).toEqual([107, 107])
    b.set('2026-11-21T12:00:00+01:00')
    expect(b.bytes).toEqual([7, 107])
    expect(b.ledger.dialsThisHour).toBe(1)
    b.set('2026-12-02T12:00:00+01:00')
    expect(b.bytes).toEqual([7, 7])
  })

  test('set back a little: no day begins twice', () => {
    const b = new Bench('2026-11-21T23:59:50+01:00').spend(100).pass(20 * SECOND)
    expect(b.bytes).toEqual([0, 100])
    b.spend(5).set('2026-11-21T23:58:00+01:00')
    expect(b.bytes).toEqual([5, 105])
    expect(b.pass(5 * 60 * SECOND).bytes).toEqual([5, 105])
  })

  test('once far in the future by mistake, then right: nothing is forgotten, nothing blocks for ever', () => {
    const b = new Bench('2026-11-21T12:00:00+01:00').spend(100).dial()
    b.set('2099-01-01T00:00:00Z')
    expect(b.bytes).toEqual([100, 100])
    b.set('2026-11-21T12:00:10+01:00').spend(1)
    expect(b.bytes).toEqual([101, 101])
    expect(b.ledger.dialsThisHour).toBe(1)
    expect(b.pass(HOUR).ledger.dialsThisHour).toBe(0)
    expect(b.pass(DAY).bytes).toEqual([0, 101])
  })

  test('the future in the file, today on the clock: today is believed', () => {
    const b = new Bench('2099-01-01T00:00:00Z').spend(100).dial().restart('2026-11-21T12:00:00+01:00')
    expect(b.bytes).toEqual([100, 100])
    expect(b.ledger.at).toBe(at('2026-11-21T12:00:00+01:00'))
    expect(b.pass(HOUR).ledger.dialsThisHour).toBe(0)
    expect(b.pass(DAY).bytes).toEqual([0, 100])
  })
})

test.each([
  ['nothing', undefined],
  ['text', 'x'],
  ['wrong kinds', { seen: 'x', day: 7, month: { period: 3, bytes: -5 }, dials: ['x', null, {}], dialsWarnedAt: {} }],
  ['no bytes', { seen: 1, day: { period: '2026-11-21' } }],
])('what an unknown hand has written counts as nothing: %s', (_what, saved) => {
  const b = new Bench('2026-11-21T12:00:00Z', saved)
  expect(b.bytes).toEqual([0, 0])
  expect(b.ledger.dialsThisHour).toBe(0)
})

test('a warning is given once a day, a month, an hour, over restarts', () => {
  const b = new Bench('2026-11-21T12:00:00+01:00')
  expect([b.ledger.warnOnce('day'), b.ledger.warnOnce('day')]).toEqual([true, false])
  expect([b.ledger.warnOfDialsOnce(), b.ledger.warnOfDialsOnce()]).toEqual([true, false])
  b.restart('2026-11-21T12:10:00+01:00')
  expect([b.ledger.warnOnce('day'), b.ledger.warnOfDialsOnce()]).toEqual([false, false])
  b.pass(DAY)
  expect([b.ledger.warnOnce('day'), b.ledger.warnOfDialsOnce(), b.ledger.warnOnce('month')]).toEqual([true, true, true])
})
