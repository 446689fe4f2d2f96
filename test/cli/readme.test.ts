/** The README shows what the program prints. `README_WRITE=1 npx vitest run test/cli/readme.test.ts` brings it up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type JsonSchema, jsonSchema } from '../../src/config/json-schema.ts'
import { METRICS } from '../../src/daemon/metrics-families.ts'
import { printTables } from '../../src/link/print-tables.ts'

const README = 'README.md'

/** Markdown of every key with its default and meaning, in the order of the schema. */
function tableOfKeys(): string {
  const rows = Object.entries(jsonSchema().properties ?? {}).flatMap(([name, schema]) => rowsOf(name, schema))
  return ['| key | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}

function rowsOf(path: string, schema: JsonSchema): string[] {
  const inner = schema.items?.properties ?? schema.properties
  if (inner)
    return Object.entries(inner).flatMap(([name, next]) => rowsOf(`${path}${schema.items ? '[]' : ''}.${name}`, next))
  const { default: value, description = '' } = schema
  const meaning = description.replace(/ (Default: .*|Required\.)$/s, '').replaceAll('|', '\\|')
  const required = description.endsWith('Required.') ? 'required' : ''
  return [`| \`${path}\` | ${value === undefined ? required : `\`${JSON.stringify(value)}\``} | ${meaning} |`]
}

function tableOfMetrics(): string {
  const rows = METRICS.map(({ name, type, help, labels }) => {
    return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`
  })
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

test.each([
  ['states', printTables],
  ['keys', tableOfKeys],
  ['metrics', tableOfMetrics],
])('what stands between the marks of "%s" is what the program has', (mark, print) => {
  const readme = readFileSync(README, 'utf8')
  const between = new RegExp(`(<!-- ${mark} -->\\n)([\\s\\S]*?)(<!-- /${mark} -->)`)
  if (process.env.README_WRITE !== undefined) {
    writeFileSync(
      README,
      readme.replace(between, (_all, open: string, _old, close: string) => `${open}${print()}${close}`),
    )
    return
  }
  expect(between.exec(readme)?.[2]).toBe(print())
})

test.each(['npm ci && npm run demo', 'npm ci && npm test'])('"%s" stands there once', (command) => {
  expect(readFileSync(README, 'utf8').split(`\n${command}\n`)).toHaveLength(2)
})
