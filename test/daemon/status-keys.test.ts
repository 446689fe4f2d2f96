/** The README's table of the status against the status itself. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { liveDaemon } from './live-daemon.ts'

/** `a`, `a.b`, `a[].b`; lists of things that may be none are one key. */
function keysOf(value: unknown, above = ''): string[] {
  if (Array.isArray(value)) return above === 'routes' ? keysOf(value[0], 'routes[]') : [above]
  if (typeof value !== 'object' || value === null) return [above]
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, above === '' ? key : `${above}.${key}`))
}

test('P10 every key of the status is in the README, and no other', async () => {
  const live = await liveDaemon({
    config: {
      limits: { dialsPerHour: 10 },
      inbound: [{ name: 'ssh', modemPort: 2222, to: '127.0.0.1:22', allowFrom: ['10.0.0.0/8'] }],
    },
  })
  await live.usable()
  const { body } = await live.call('GET', '/status')
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const section = text.split('### The status as JSON')[1]?.split('\n### ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]))
  expect([...told].sort()).toEqual(keysOf(body).sort())
})
