/**
 * The ledger: dials and bytes by hour, day and month, counted over restarts and whatever the wall clock does. Pure: it
 * is told what the clocks say.
 *
 * A Raspberry Pi has no clock that runs without power. It starts in 1970, or at the time when it was switched off, and
 * is set some time later, or never. So the wall clock is not taken at its word:
 * - It runs as expected, or stood still for less than an hour too little: it is believed, and a new day is a new day.
 * - It leaps ahead while the daemon runs: it was set. What was spent since the start was spent lately and is carried
 *   into the new day; what was read from the file belongs to the day that it is dated, and that is over. So nothing is
 *   forgotten by a leap from 1970 to today, and nothing of last week is charged to today.
 * - It is behind what was seen before (1970 after a restart, or set back a little): time goes on from what was seen, by
 *   the clock that never goes back. No period begins twice, and none lasts for ever.
 * - It is behind by days, and is a clock that somebody has set: then what was seen before was wrong. It is believed, and
 *   all that was spent is carried along, until the period that it now shows is over.
 */
import { dateAt } from '../core/time.ts'

/** What both clocks say, in ms: since 1970, and on `now()`'s clock. */
export interface Moment {
  readonly wall: number
  readonly mono: number
}

const HOUR = 3_600_000
/** A wall clock that is further ahead than this of where it should be was set. */
const LEAP_MS = HOUR
/** A wall clock that is further behind than this shows that the time seen before was wrong, if it was set at all. */
const WRONG_MS = 48 * HOUR
/** 2025-01-01: a clock that shows less was never set. */
const NEVER_SET_BEFORE = 1_735_689_600_000

/** Bytes of one day or one month. */
interface Tally {
  /** `2026-11-21` or `2026-11`, of this place. */
  period: string
  bytes: number
  /** The part of it that this process has spent. */
  own: number
  /** A person was warned in this period. */
  warned: boolean
}

type Span = 'day' | 'month'

export class Ledger {
  #at: number
  #mono: number
  readonly #tallies: Readonly<Record<Span, Tally>>
  /** When the modem dialled, of earlier processes and of this one, each in order. */
  #oldDials: number[]
  #dials: number[] = []
  #dialsWarnedAt: number | undefined

  /** @param saved what `saved` of an earlier process gave; anything else counts as nothing */
  constructor(saved: unknown, { wall, mono }: Moment) {
    const seen = numberIn(saved, 'seen')
    const wrong = seen !== undefined && wall < seen - WRONG_MS && wall >= NEVER_SET_BEFORE
    this.#at = seen === undefined || wrong ? wall : Math.max(seen, wall)
    this.#mono = mono
    this.#tallies = { day: tallyIn(saved, 'day'), month: tallyIn(saved, 'month') }
    const shift = wrong ? wall - seen : 0
    this.#oldDials = numbersIn(saved, 'dials').map((dial) => dial + shift)
    this.#dialsWarnedAt = numberIn(saved, 'dialsWarnedAt')
    if (wrong) this.#relabel()
    this.#turnPages()
  }

  /** What the time is believed to be, in ms since 1970. */
  get at(): number {
    return this.#at
  }

  /** Time goes on. */
  turn({ wall, mono }: Moment): void {
    const expected = this.#at + mono - this.#mono
    this.#mono = mono
    const ahead = wall - expected
    if (ahead > LEAP_MS) {
      this.#at = wall
      this.#dials = this.#dials.map((dial) => dial + ahead)
      this.#leap()
    } else if (ahead < -WRONG_MS && wall >= NEVER_SET_BEFORE) {
      this.#at = wall
      this.#dials = this.#dials.map((dial) => dial + ahead)
      this.#oldDials = this.#oldDials.map((dial) => dial + ahead)
      this.#relabel()
    } else this.#at = Math.max(wall, expected)
    this.#turnPages()
  }

  addBytes(bytes: number): void {
    for (const tally of [this.#tallies.day, this.#tallies.month]) {
      tally.bytes += bytes
      tally.own += bytes
    }
  }

  addDial(): void {
    this.#dials.push(this.#at)
  }

  get dialsThisHour(): number {
    return this.#oldDials.length + this.#dials.length
  }

  bytesThis(span: Span): number {
    return this.#tallies[span].bytes
  }

  /** When there are fewer than `limit` dials in the hour again. */
  dialsBelow(limit: number): number {
    const dials = [...this.#oldDials, ...this.#dials]
    const last = dials.at(-limit)
    return last === undefined ? this.#at : last + HOUR
  }

  /** When the next day or month begins in this place: a day may have 23 hours, and 25. */
  endOf(span: Span): number {
    const date = dateAt(this.#at)
    if (span === 'day') date.setHours(24, 0, 0, 0)
    else {
      date.setMonth(date.getMonth() + 1, 1)
      date.setHours(0, 0, 0, 0)
    }
    return date.getTime()
  }

  /** @returns whether this is the first time in this day or month that somebody is to be warned */
  warnOnce(span: Span): boolean {
    const first = !this.#tallies[span].warned
    this.#tallies[span].warned = true
    return first
  }

  /** The same for dials: once an hour. */
  warnOfDialsOnce(): boolean {
    const first = this.#dialsWarnedAt === undefined || Math.abs(this.#at - this.#dialsWarnedAt) >= HOUR
    if (first) this.#dialsWarnedAt = this.#at
    return first
  }

  /** For the next process. */
  get saved(): object {
    const { day, month } = this.#tallies
    const page = ({ period, bytes, warned }: Tally): object => ({ period, bytes, warned })
    const dials = [...this.#oldDials, ...this.#dials]
    return { seen: this.#at, day: page(day), month: page(month), dials, dialsWarnedAt: this.#dialsWarnedAt }
  }

  /** The clock was set ahead: only what this process has spent is of today. */
  #leap(): void {
    for (const span of ['day', 'month'] as const) {
      const tally = this.#tallies[span]
      const period = this.#periodOf(span)
      if (tally.period === period) continue
      Object.assign(tally, { period, bytes: tally.own })
    }
  }

  /** The time seen before was wrong: everything is taken along. */
  #relabel(): void {
    for (const span of ['day', 'month'] as const) this.#tallies[span].period = this.#periodOf(span)
  }

  /** Days and months that are over count no more, nor do dials of an hour ago. */
  #turnPages(): void {
    for (const span of ['day', 'month'] as const) {
      const period = this.#periodOf(span)
      if (this.#tallies[span].period === period) continue
      Object.assign(this.#tallies[span], { period, bytes: 0, own: 0, warned: false })
    }
    // A dial of the future comes from a clock that was wrong.
    const counts = (dial: number): boolean => dial > this.#at - HOUR && dial <= this.#at
    this.#oldDials = this.#oldDials.filter(counts)
    this.#dials = this.#dials.filter(counts)
  }

  #periodOf(span: Span): string {
    const date = dateAt(this.#at)
    const two = (value: number): string => String(value).padStart(2, '0')
    const month = `${date.getFullYear()}-${two(date.getMonth() + 1)}`
    return span === 'month' ? month : `${month}-${two(date.getDate())}`
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function numberIn(value: unknown, name: string): number | undefined {
  const field = fieldOf(value, name)
  return typeof field === 'number' && Number.isFinite(field) ? field : undefined
}

function numbersIn(value: unknown, name: string): number[] {
  const field = fieldOf(value, name)
  return Array.isArray(field) ? field.filter((item) => typeof item === 'number') : []
}

function tallyIn(value: unknown, name: Span): Tally {
  const saved = fieldOf(value, name)
  const period = fieldOf(saved, 'period')
  return {
    period: typeof period === 'string' ? period : '',
    bytes: Math.max(0, numberIn(saved, 'bytes') ?? 0),
    own: 0,
    warned: fieldOf(saved, 'warned') === true,
  }
}
