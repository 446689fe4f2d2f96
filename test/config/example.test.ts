import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { JsonSchema } from '../../src/config/json-schema.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config/load.ts'

const FILE = new URL('../../config/cipbridge.example.yaml', import.meta.url).pathname
/** `#key:` and, inside of a key that is not set, `#  key:` are keys; `# Word` is prose. */
const LINES = readFileSync(FILE, 'utf8')
  .split('\n')
  .map((line) => line.replace(/^(\s*)#(?=\S|\s{2,})/, '$1'))

interface Key {
  readonly path: string
  readonly schema: JsonSchema
}

function keysOf(schema: JsonSchema, above: string): Key[] {
  const shape = schema.items?.properties ?? schema.properties ?? {}
  return Object.entries(shape).flatMap(([name, inner]) => {
    const path = above === '' ? name : `${above}.${name}`
    return [{ path, schema: inner }, ...keysOf(inner, path)]
  })
}

/** Every key of the example with the comment above it. */
function commented(): Map<string, string> {
  const found = new Map<string, string>()
  const open: { indent: number; name: string }[] = []
  let prose: string[] = []
  for (const line of LINES) {
    const [, space, dash, name] = /^(\s*)(- )?([A-Za-z]+):(?: |$)/.exec(line) ?? []
    if (space !== undefined && name !== undefined) {
      const indent = space.length + (dash?.length ?? 0)
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop()
      open.push({ indent, name })
      const path = open.map((key) => key.name).join('.')
      if (prose.length > 0) found.set(path, prose.join(' '))
    }
    prose = /^\s*# /.test(line) ? [...prose, line.replace(/^\s*# /, '')] : []
  }
  return found
}

const KEYS = keysOf(jsonSchema(), '')
const COMMENTS = commented()
const SET = parse(readFileSync(FILE, 'utf8')) as Record<string, unknown>

function valueAt(path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    const map = (Array.isArray(value) ? value[0] : value) as Record<string, unknown> | undefined
    return map?.[name]
  }, SET)
}

test('the example is valid as it stands', () => {
  expect(loadConfig(FILE, {})).toHaveProperty('config')
})

test('the example has every key, and no other', () => {
  expect([...COMMENTS.keys()]).toEqual(KEYS.map(({ path }) => path))
})

describe('the example explains each key as the schema does, with its range and default', () => {
  test.each(KEYS.map(({ path, schema }) => [path, schema.description ?? '']))('%s', (path, description) => {
    expect(description.length).toBeGreaterThan(10)
    expect(COMMENTS.get(path)).toMatch(/^\S/)
    expect(COMMENTS.get(path)?.startsWith(description)).toBe(true)
  })
})

describe('the example sets each key that has a default to it, and the explanation names it', () => {
  const defaults = KEYS.filter(({ schema }) => schema.default !== undefined && !schema.properties)
  const set = defaults.filter(
    ({ path }) => path !== 'routes' && !/^(modem\.power|proxy|inbound|routes\.heartbeat)\./.test(path),
  )
  test.each(set)('$path', ({ path, schema }) => {
    expect(valueAt(path)).toEqual(schema.default)
    const written = JSON.stringify(schema.default).replace(/^"(.+)"$/, '$1')
    expect(schema.description).toContain(`Default: ${written}.`)
  })
})

test('keys without a default say whether they must be there', () => {
  const open = KEYS.filter(({ schema }) => schema.default === undefined && !schema.properties)
  for (const { schema } of open) expect(schema.description).toMatch(/(Required|Default: not set)\.$/)
})
