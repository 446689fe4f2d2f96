import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { bashCompletion, zshCompletion } from '../../src/cli/manual/completion.ts'
import { configPage } from '../../src/cli/manual/config-page.ts'
import { programPage } from '../../src/cli/manual/program-page.ts'
import { plain, prose } from '../../src/cli/manual/roff.ts'
import { verbNotes } from '../../src/cli/manual/verb-notes.ts'
import { VERBS } from '../../src/cli/verbs.ts'
import { type JsonSchema, jsonSchema } from '../../src/config/json-schema.ts'

const verbs = await verbNotes()
const program = programPage('1.2.3', verbs)
const config = configPage('1.2.3')

/** Every key that has a text, such as `routes[].tls.ca`. */
function keysOf(path: string, schema: JsonSchema): string[] {
  const inner = Object.entries((schema.items ?? schema).properties ?? {})
  const below = inner.flatMap(([name, next]) =>
    keysOf(path === '' ? name : `${path}${schema.items ? '[]' : ''}.${name}`, next),
  )
  return path === '' || !path.includes('.') ? below : [path, ...below]
}

const hasTool = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

test('every verb of the program and each of its options is in the page', () => {
  expect(verbs.map(({ name }) => name)).toEqual(Object.keys(VERBS))
  for (const { name, options } of verbs) {
    const part = program.split(`.SS \\fB${name}\\fR`)[1]?.split(/^\.S[SH] /m)[0] ?? ''
    expect(part, name).not.toBe('')
    for (const option of options) expect(part).toContain(`\\fB${plain(`--${option.name}`)}\\fR`)
  }
})

test('every key of the configuration is in the page, with its range and default', () => {
  const keys = keysOf('', jsonSchema())
  expect(keys).toContain('routes[].tls.pins')
  const missing = keys.filter((key) => !config.includes(`\n\\fB${plain(key)}\\fR\n`))
  expect(missing).toEqual([])
  const [, baudRate = ''] = config.split('\\fBline.baudRate\\fR\n')
  expect(baudRate.split('\n')[0]).toMatch(/Takes one of 1200, .*921600\. Default: 115200\.$/)
})

test('nothing in a text is taken for roff', () => {
  expect(plain('a\\b -x')).toBe('a\\eb \\-x')
  expect(prose('.TH `x` – ✓')).toBe('\\&.TH \\fBx\\fR \\[u2013] \\[u2713]')
})

test.skipIf(!hasTool('groff')).each([
  ['cipbridge(8)', program],
  ['cipbridge.yaml(5)', config],
])('groff finds nothing wrong with %s', (_name, input) => {
  const { status, stderr, stdout } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-rLL=80n'], { input })
  expect(String(stderr)).toBe('')
  expect(status).toBe(0)
  expect(String(stdout)).toContain('NAME')
})

/** What bash offers for the last of the words. */
function completed(...words: readonly string[]): string[] {
  const script = `${bashCompletion(verbs)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cipbridge; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', 'cipbridge', ...words])
  expect(String(stderr)).toBe('')
  return String(stdout).trim().split('\n')
}

test.skipIf(!hasTool('bash'))('a Tab completes verbs, options, words and files', () => {
  expect(completed('s')).toEqual(['simulate', 'status', 'states'])
  expect(completed('check', '--s')).toEqual(['--schema'])
  expect(completed('simulate', '--dialect', '')).toEqual(['sim800', 'sim900'])
  expect(completed('run', '-c', 'package.j')).toEqual(['package.json'])
  expect(completed('simulate', '--fault', '')).toEqual([''])
})

test('zsh gets the same verbs and options, quotes and brackets escaped', () => {
  const script = zshCompletion(verbs)
  for (const { name, options } of verbs) {
    expect(script).toContain(`'${name}:`)
    for (const option of options) expect(script).toContain(`'--${option.name}[`)
  }
})

test.skipIf(!hasTool('zsh'))('zsh can read it', () => {
  const { status, stderr } = spawnSync('zsh', ['-n'], { input: zshCompletion(verbs) })
  expect(String(stderr)).toBe('')
  expect(status).toBe(0)
})
