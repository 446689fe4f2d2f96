/** What is wrong with a configuration, by key; and what zod finds, put into words. */
import type * as z from 'zod'
import { homesOf, knownKeys } from './json-schema.ts'
import { either, nearest, showKey } from './words.ts'

export interface Issue {
  readonly path: readonly PropertyKey[]
  /** What is wrong, and what was expected. */
  readonly message: string
  /** Whether the key is what is wrong, not its value. */
  readonly atKey?: boolean
}

/** Every issue of a zod error, one for each wrong key or value. */
export function issuesOf(error: z.core.$ZodError): Issue[] {
  return error.issues.flatMap((issue) => flatten(issue, []))
}

/** `routes[0].to` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${printable(String(step))}`,
    )
    .join('')
}

/** A key that is not one word may be anything, a secret too. */
function printable(key: string): string {
  return /^[\w-]{1,40}$/.test(key) ? key : '(key)'
}

function flatten(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Issue[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key), atKey: true }))
  }
  if (issue.code === 'invalid_union') {
    // The alternative that the value was meant to be is the one that finds faults only inside of it.
    const meant = issue.errors.find((errors) => errors.every((inner) => isInside(inner)))
    return (meant ?? issue.errors[0] ?? []).flatMap((inner) => flatten(inner, path))
  }
  return [{ path, message: issue.message }]
}

function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys'
}

function unknownKey(path: readonly PropertyKey[], key: string): string {
  const known = knownKeys(path)
  const found = `unknown key ${showKey(key)}`
  const near = nearest(key, known)
  if (near !== undefined) return `${found}, expected one of ${known.join(', ')}; did you mean "${near}"?`
  const homes = homesOf(key)
  const hint = homes.length > 0 ? `; it belongs under ${either(homes)}` : ''
  return `${found}, expected one of ${known.join(', ')}${hint}`
}
