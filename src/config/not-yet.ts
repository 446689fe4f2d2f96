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
  readonly expected: string
}

const hasScheme = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(hasScheme) : typeof value === 'string' && /^udp:\/\//.test(value)

const NOT_YET: readonly Row[] = [
  { path: ['routes', '*', 'to'], refused: hasScheme, expected: 'tcp://HOST:PORT or tls://HOST:PORT' },
]

/** Every setting that this version cannot honour. */
export function notYetIssues(raw: unknown): Issue[] {
  return NOT_YET.flatMap(({ path, refused, expected }) =>
    matches(raw, path)
      .filter(({ value }) => refused(value))
      .map((match) => ({
        path: match.path,
        message: `${show(match.value)} is not supported yet, expected ${expected}`,
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
