import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'

/** Checks `text`; a problem list, if there is one, has at least one line of the promised form. */
function problems(text: string): string[] {
  const loaded = parseConfig(text, 'c.yaml', {})
  if ('config' in loaded) return []
  expect(loaded.problems.length).toBeGreaterThan(0)
  return loaded.problems.map(formatProblem)
}

const FORM = /^c\.yaml:[1-9]\d*:[1-9]\d* \S+: ./

test('no text makes the loader throw', () => {
  const scrap = fc.constantFrom(
    'line:',
    'routes:',
    ' ',
    '  ',
    '\n',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    '&a',
    '*a',
    '!t',
    '\t',
    '|',
    '>',
    '? ',
    '%',
    '---',
    'x',
    ':',
    ': ',
    '0',
    'null',
    '\r',
    '\u0000',
    '\uFEFF',
    '<<:',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(scrap, { maxLength: 30 }).map((parts) => parts.join('')),
      ),
      (text) => {
        for (const line of problems(text)) expect(line).toMatch(FORM)
      },
    ),
    { numRuns: 1500 },
  )
})

test('no value under a known key makes the loader throw', () => {
  const keys = [
    'line',
    'modem',
    'context',
    'routes',
    'log',
    'limits',
    'listen',
    'to',
    'name',
    'dcd',
    'power',
    'pin',
    'pinFile',
    'allowFrom',
    'dns',
    'apn',
    '__proto__',
    'constructor',
  ]
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, -1, 1.5, 'auto', '127.0.0.1:1', 'tcp://x:1', '5s', '', NaN),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      for (const line of problems(stringify(value))) expect(line).toMatch(FORM)
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['flow lists', '['.repeat(50_000)],
  ['block lists', '- '.repeat(50_000)],
  ['flow maps', `${'{a: '.repeat(20_000)}x${'}'.repeat(20_000)}`],
  ['block maps', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
])('%s without end are refused, they do not take the process down', (_, text) => {
  expect(problems(text)).toEqual([expect.stringContaining('(syntax): is nested too deeply')])
})

describe('P12 a secret never stands in a problem', () => {
  const SECRET = 'hunter2'
  test.each([
    `modem: { pin: ${SECRET} }`,
    `modem: { pin: [${SECRET}] }`,
    `modem: { pin: { ${SECRET}: } }`,
    `modem: { initCommands: ['AT+CPIN="${SECRET}"'] }`,
    `context: { apn: x, password: "${SECRET};" }`,
    `context: { apn: x, password: *${SECRET} }`,
    `context: { apn: x, password: !${SECRET} x }`,
    `context: { apn: x, password: "\\q${SECRET}" }`,
    `context: { apn: x, password: ${SECRET}: }`,
    `context: { apn: x, password:${SECRET} }`,
    `context:\n  apn: x\n  password:${SECRET}`,
    `context:\n  password:${SECRET}`,
    `context: { password: @${SECRET} }`,
    `context: { password: "${SECRET} }`,
    `routes: [{ name: a, listen: 127.0.0.1:1, to: "tcp://me:${SECRET}@x:1" }]`,
    `routes: [{ name: a, listen: 127.0.0.1:1, to: "tls://me:${SECRET}@x:1" }]`,
  ])('%s', (text) => {
    const found = problems(text)
    expect(found.join('\n')).not.toContain(SECRET)
    expect(found.length).toBeGreaterThan(0)
  })
})
