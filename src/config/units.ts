/** Durations and sizes as people write them in the configuration (`30s`, `64KiB`), and as the program counts them. */

export type Milliseconds = number
export type Bytes = number

export const SECOND: Milliseconds = 1_000
export const MINUTE: Milliseconds = 60 * SECOND
export const HOUR: Milliseconds = 60 * MINUTE

/** What came of reading a text: its value, or what is wrong with it ("has no unit"). */
export type Reading<T> = { readonly value: T } | { readonly problem: string }

const DURATION_UNITS: readonly (readonly [string, Milliseconds])[] = [
  ['ms', 1],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
]

const SIZE_UNITS: readonly (readonly [string, Bytes])[] = [
  ['B', 1],
  ['kB', 1_000],
  ['KiB', 1_024],
  ['MB', 1_000_000],
  ['MiB', 1_048_576],
  ['GB', 1_000_000_000],
  ['GiB', 1_073_741_824],
]

/** A timer of Node that is set for longer than 2^31 ms (24.8 days) fires at once: nothing may be configured beyond. */
export const LONGEST_DURATION: Milliseconds = 576 * HOUR

/** What an editor can check by itself. */
export const DURATION_PATTERN = patternOf(DURATION_UNITS)
export const SIZE_PATTERN = patternOf(SIZE_UNITS)

/** Reads `500ms`, `30s`, `5m`, `24h`, `1.5h`. */
export function parseDuration(text: string): Reading<Milliseconds> {
  const reading = parseQuantity(text, DURATION_UNITS, 'a duration', 'a millisecond')
  if ('value' in reading && reading.value > LONGEST_DURATION) return { problem: 'is longer than a timer can wait' }
  return reading
}

/** Reads `512B`, `64KiB`, `20MB`. */
export function parseSize(text: string): Reading<Bytes> {
  return parseQuantity(text, SIZE_UNITS, 'a size', 'a byte')
}

/** The shortest way to write a duration exactly: in the largest unit that it is a whole number of. */
export function formatDuration(duration: Milliseconds): string {
  return duration === 0 ? '0s' : formatQuantity(duration, DURATION_UNITS)
}

/** The shortest way to write a size exactly. */
export function formatSize(size: Bytes): string {
  return size === 0 ? '0B' : formatQuantity(size, SIZE_UNITS)
}

type Units = typeof DURATION_UNITS

function parseQuantity(text: string, units: Units, noun: string, finest: string): Reading<number> {
  const [, number, gap, unit] = /^(\d+(?:\.\d+)?)(\s*)([A-Za-zµ]*)$/.exec(text) ?? []
  if (number === undefined || unit === undefined) return { problem: `is not ${noun}` }
  if (unit === '') return { problem: 'has no unit' }
  const factor = units.find(([name]) => name === unit)?.[1]
  if (factor === undefined) return { problem: `has the unknown unit "${unit}"` }
  if (gap !== '') return { problem: 'has a space between number and unit' }
  const exact = Number(number) * factor
  const value = Math.round(exact)
  if (!Number.isSafeInteger(value)) return { problem: 'is too large' }
  // 1.1 s are 1100.0000000000001 ms in floating point
  return Math.abs(exact - value) > 1e-6 ? { problem: `is finer than ${finest}` } : { value }
}

function formatQuantity(value: number, units: Units): string {
  const whole = units.filter(([, factor]) => value % factor === 0).map(([name, factor]) => `${value / factor}${name}`)
  // the last of the shortest: of equally short ones the larger unit
  return whole.reduce((best, text) => (text.length <= best.length ? text : best), `${value}${units[0]?.[0] ?? ''}`)
}

function patternOf(units: Units): string {
  return `^\\d+(\\.\\d+)?(${units.map(([name]) => name).join('|')})$`
}
