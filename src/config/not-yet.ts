/**
 * What the configuration can say but this version cannot do: refused, because a setting that is silently ignored is a
 * lie. A row is deleted by the work that makes it true.
 */
import { at, itemsOf } from './cross-checks.ts'
import type { Issue } from './issue.ts'
import { show } from './words.ts'

interface Row {
  /** `*` stands for every item of a list. */
  readonly path: readonly string[]
  readonly refused: (value: unknown) => boolean
  /** What is refused, if the value does not say it. */
  readonly what?: string
  readonly expected: string
}

const isSet = (value: unknown): boolean => value !== undefined && value !== ''
const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const is = (...values: readonly string[]): Row['refused'] => {
  return (value) => typeof value === 'string' && values.includes(value)
}
const hasScheme = (value: unknown): boolean => typeof value === 'string' && /^(tls|udp):\/\//.test(value)

const NOT_YET: readonly Row[] = [
  { path: ['line', 'dcd'], refused: isMap, what: 'a GPIO line', expected: 'auto or none' },
  { path: ['line', 'dtr'], refused: isMap, what: 'a GPIO line', expected: 'auto or none' },
  { path: ['line', 'ri'], refused: isMap, what: 'a GPIO line', expected: 'auto or none' },
  { path: ['modem', 'power', 'reset'], refused: isSet, what: 'a reset line', expected: 'power: {}' },
  { path: ['modem', 'power', 'powerKey'], refused: isSet, what: 'a power key line', expected: 'power: {}' },
  { path: ['modem', 'power', 'command'], refused: isSet, what: 'a command for the power', expected: 'power: {}' },
  { path: ['routes', '*', 'to'], refused: hasScheme, expected: 'tcp://HOST:PORT' },
  { path: ['routes', '*', 'open'], refused: is('always'), expected: 'on-demand' },
  { path: ['routes', '*', 'busy'], refused: is('queue', 'preempt'), expected: 'refuse' },
  { path: ['routes', '*', 'whenDown'], refused: is('hold'), expected: 'refuse' },
  { path: ['metrics', 'listen'], refused: isSet, expected: '"" (off)' },
  { path: ['limits', 'dialsPerHour'], refused: isSet, expected: 'limits: {}' },
  { path: ['limits', 'bytesPerDay'], refused: isSet, expected: 'limits: {}' },
  { path: ['limits', 'bytesPerMonth'], refused: isSet, expected: 'limits: {}' },
]

/** Every setting that this version cannot honour. */
export function notYetIssues(raw: unknown): Issue[] {
  return NOT_YET.flatMap(({ path, refused, what, expected }) =>
    matches(raw, path)
      .filter(({ value }) => refused(value))
      .map((match) => ({
        path: match.path,
        message: `${what ?? show(match.value)} is not supported yet, expected ${expected}`,
      })),
  )
}

interface Match {
  readonly path: readonly PropertyKey[]
  readonly value: unknown
}

function matches(raw: unknown, pattern: readonly string[]): Match[] {
  return pattern.reduce<Match[]>(
    (found, step) => found.flatMap((match) => inside(match, step)),
    [{ path: [], value: raw }],
  )
}

function inside({ path, value }: Match, step: string): Match[] {
  if (step !== '*') return [{ path: [...path, step], value: at(value, step) }]
  return itemsOf(value).map((item, index) => ({ path: [...path, index], value: item }))
}
