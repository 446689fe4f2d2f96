/** The dashboard asks for nothing that the daemon does not have, and for everything that it has but a few. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { METRICS } from '../../src/daemon/metrics-families.ts'

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
  readonly templating: { readonly list: readonly { readonly query?: string | { readonly query: string } }[] }
}

const dashboard = JSON.parse(readFileSync('config/grafana-dashboard.json', 'utf8')) as Dashboard
const queries = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query = '' }) => (typeof query === 'string' ? query : query.query)),
]

/** What a query names: metrics with the labels that are picked by or shown. */
function namesIn(query: string): string[] {
  return query.match(/\b(?:cipbridge|process)_\w+/g) ?? []
}

test('every metric that a query names exists, with its labels', () => {
  const known = new Map(METRICS.map(({ name, labels }) => [name, labels]))
  for (const query of queries) {
    for (const name of namesIn(query)) expect([query, known.has(name)]).toEqual([query, true])
    for (const [, name = '', inner = ''] of query.matchAll(/(\w+)\{([^}]*)\}/g)) {
      const labels = [...inner.matchAll(/(\w+)=/g)].map(([, label]) => label)
      expect(['instance', ...(known.get(name) ?? [])]).toEqual(expect.arrayContaining(labels))
    }
  }
  expect(queries.flatMap(namesIn).length).toBeGreaterThan(20)
})

test('legends show labels that the metric has', () => {
  for (const { title, targets } of dashboard.panels) {
    for (const { expr, legendFormat = '' } of targets as readonly { expr: string; legendFormat?: string }[]) {
      const labels = METRICS.filter(({ name }) => namesIn(expr).includes(name)).flatMap((row) => row.labels)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect([title, labels]).toEqual([title, expect.arrayContaining([label])])
    }
  }
})

test('what no panel shows is left out on purpose', () => {
  const shown = new Set(queries.flatMap(namesIn))
  expect(METRICS.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([
    'cipbridge_link_state_seconds_total',
    'cipbridge_rung_seconds_total',
    'cipbridge_datagrams_dropped_total',
    'cipbridge_route_holds_carrier',
    'cipbridge_route_clients_waiting',
    'cipbridge_registration',
    'process_start_time_seconds',
    'process_open_fds',
  ])
})
