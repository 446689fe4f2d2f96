/** The kinds of values that the configuration is made of. Each says once what it expects, for messages and documents. */
import * as z from 'zod'
import { commandProblem } from './init-command.ts'
import type { Bytes, Milliseconds, Reading } from './units.ts'
import { DURATION_PATTERN, formatDuration, formatSize, parseDuration, parseSize, SIZE_PATTERN } from './units.ts'
import { either, show } from './words.ts'

/** What stands for a secret where a configuration is shown. */
export const MASK = '****'

/** A schema with the words for what it takes: "a whole number from 3 to 8". */
export interface Field<S extends z.ZodType> {
  readonly schema: S
  readonly expected: string
}

/** A key that must be there. */
export function required<S extends z.ZodType>(field: Field<S>, text: string): S {
  return field.schema.describe(`${text} Takes ${field.expected}. Required.`)
}

/** A key that may be left out, with nothing in its place. */
export function optional<S extends z.ZodType>(field: Field<S>, text: string): z.ZodOptional<S> {
  return field.schema.optional().describe(`${text} Takes ${field.expected}. Default: not set.`)
}

/** A key with a default, written as a person would write it. */
export function defaulted<S extends z.ZodType>(
  field: Field<S>,
  fallback: Exclude<z.input<S>, undefined>,
  text: string,
): z.ZodPrefault<S> {
  const description = `${text} Takes ${field.expected}. Default: ${JSON.stringify(fallback).replace(/^"(.+)"$/, '$1')}.`
  return z.prefault(field.schema, fallback).describe(description)
}

/** A map of keys which may be left out: every key of it has a default or is optional. */
export function section<S extends z.ZodObject>(schema: S, text: string): z.ZodPrefault<S> {
  // The type of a default for the type parameter S cannot be written; {} is one by what a section is.
  return z.prefault(schema, {} as Parameters<typeof z.prefault<S>>[1]).describe(text)
}

/** A map of keys and nothing else in it. */
export function keys<T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, { error: (issue) => keysProblem(issue) })
}

function keysProblem(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return undefined
  if (issue.input === undefined) return 'is missing, expected a map of keys'
  // never the text itself: with a space forgotten after a colon it may be a secret
  const found =
    typeof issue.input === 'string' ? 'is text' : issue.input === null ? 'is empty' : `is ${show(issue.input)}`
  return `${found}, expected a map of keys, or {}`
}

/** One of a few words or numbers. */
export function choice<const T extends readonly (string | number)[]>(values: T): Field<z.ZodLiteral<T[number]>> {
  const expected = values.length > 4 ? `one of ${values.join(', ')}` : either(values)
  const numeric = values.every((value) => typeof value === 'number')
  const error = problem(expected, (input) =>
    numeric && typeof input !== 'number' ? 'is not a number' : 'is not one of the choices',
  )
  return { schema: z.literal<T>(values, { error }), expected }
}

/** A whole number. */
export function whole(min: number, max: number): Field<z.ZodInt> {
  const expected = `a whole number from ${min} to ${max}`
  const error = problem(expected, (input) => {
    if (typeof input !== 'number') return 'is not a number'
    return Number.isInteger(input) ? 'is out of range' : 'is not a whole number'
  })
  return { schema: z.int({ error }).min(min, { error }).max(max, { error }), expected }
}

/** true or false, and an explanation for those who know YAML 1.1. */
export function flag(): Field<z.ZodBoolean> {
  const expected = 'true or false'
  const error = problem(expected, (input) =>
    typeof input === 'string' && /^(yes|no|on|off|y|n)$/i.test(input) ? 'is text in YAML 1.2' : 'is not a truth value',
  )
  return { schema: z.boolean({ error }), expected }
}

/** Text that is read into a value, and can be written back. */
export function parsed<T>(
  expected: string,
  parse: (text: string) => Reading<T>,
  format: (value: T) => string,
  pattern?: string,
): Field<z.ZodCodec<z.ZodString, z.ZodCustom<T, T>>> {
  const error = problem(expected, (input) => (typeof input === 'number' ? 'is a bare number' : 'is not text'))
  const text = z.string({ error })
  const schema = z.codec(pattern === undefined ? text : text.meta({ pattern }), z.custom<T>(), {
    decode: (input, context) => {
      const reading = parse(input)
      if ('value' in reading) return reading.value
      context.issues.push({
        code: 'custom',
        message: `${show(input)} ${reading.problem}, expected ${expected}`,
        input,
      })
      return z.NEVER
    },
    encode: format,
  })
  return { schema, expected }
}

/** Text as it is, if `judge` finds nothing wrong with it. */
export function text(expected: string, judge: (text: string) => string | undefined): Field<z.ZodString> {
  const schema = z.string({ error: problem(expected, (input) => (Array.isArray(input) ? 'is wrong' : 'is not text')) })
  return { schema: schema.check(judged((input) => `${show(input)} `, expected, judge)), expected }
}

/** Text that must never be shown: problems tell of it without its value. */
export function secret(expected: string, judge: (text: string) => string | undefined): Field<z.ZodString> {
  const schema = z.string({
    error: (issue) => {
      if (issue.input === undefined) return `is missing, expected ${expected}`
      const found = typeof issue.input === 'number' ? 'is a number without quotes around it' : 'is not text'
      return `${found}, expected ${expected}`
    },
  })
  const judgeUnmasked = (input: string): string | undefined =>
    input === MASK ? 'is the mask that stands for the secret' : judge(input)
  return { schema: schema.check(judged(() => '', expected, judgeUnmasked)), expected }
}

/** A duration with its unit. `zero` says what 0s means where it is allowed below `min`. */
export function duration(range: { min: Milliseconds; max: Milliseconds; zero?: string }): Field<DurationSchema> {
  const bounds = `a duration with its unit, from ${formatDuration(range.min)} to ${formatDuration(range.max)}`
  const expected = `${bounds}${range.zero === undefined ? '' : `, or 0s (${range.zero})`}`
  const parse = (input: string): Reading<Milliseconds> => {
    const reading = parseDuration(input)
    if ('problem' in reading || (reading.value === 0 && range.zero !== undefined)) return reading
    return reading.value < range.min || reading.value > range.max ? { problem: 'is out of range' } : reading
  }
  return parsed(expected, parse, formatDuration, DURATION_PATTERN)
}
type DurationSchema = z.ZodCodec<z.ZodString, z.ZodCustom<Milliseconds, Milliseconds>>

/** A size with its unit, at least one byte. */
export function size(): Field<z.ZodCodec<z.ZodString, z.ZodCustom<Bytes, Bytes>>> {
  const parse = (input: string): Reading<Bytes> => {
    const reading = parseSize(input)
    return 'value' in reading && reading.value === 0 ? { problem: 'is out of range' } : reading
  }
  return parsed('a size with its unit, such as 64KiB or 20MB', parse, formatSize, SIZE_PATTERN)
}

/** A list of values of one kind. */
export function list<S extends z.ZodType>(item: Field<S>, most: number): Field<z.ZodArray<S>> {
  const expected = `a list of at most ${most}, each ${item.expected}`
  const error = problem(expected, (input) => (Array.isArray(input) ? 'has too many items' : 'is not a list'))
  return { schema: z.array(item.schema, { error }).max(most, { error }), expected }
}

/** One value, or a list of them. */
export function oneOrMore<S extends z.ZodType>(item: Field<S>, most: number): Field<z.ZodUnion<[S, z.ZodArray<S>]>> {
  const expected = `${item.expected}, or a list of 1 to ${most} of them`
  const error = problem(expected, (input) =>
    Array.isArray(input) && input.length > 0 ? 'has too many items' : 'is empty',
  )
  return { schema: z.union([item.schema, z.array(item.schema).min(1, { error }).max(most, { error })]), expected }
}

/** One AT command that can do no harm. */
export function initCommand(): Field<z.ZodString> {
  const expected = 'one AT command such as "AT+CMEE=2"'
  const schema = z.string({ error: problem(expected, () => 'is not text') })
  // Only the command's name is shown: what follows may be a secret.
  const shown = (input: string): string => `"${/^[A-Z+&*]{0,20}/i.exec(input)?.[0] ?? ''}…" `
  return { schema: schema.check(judged(shown, expected, commandProblem)), expected }
}

function judged(
  prefix: (text: string) => string,
  expected: string,
  judge: (text: string) => string | undefined,
): z.core.CheckFn<string> {
  return ({ value, issues }) => {
    const found = judge(value)
    if (found !== undefined) {
      issues.push({ code: 'custom', message: `${prefix(value)}${found}, expected ${expected}`, input: value })
    }
  }
}

/** A message for zod: what was found, what is wrong with it, what was expected. */
function problem(expected: string, judge: (input: unknown) => string): (issue: z.core.$ZodRawIssue) => string {
  return ({ input }) => {
    if (input === undefined) return `is missing, expected ${expected}`
    if (input === null) return `is empty, expected ${expected}`
    return `${show(input)} ${judge(input)}, expected ${expected}`
  }
}
