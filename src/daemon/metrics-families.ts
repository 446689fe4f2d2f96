/** Every metric: its name, its meaning and where its values come from. The status is one source, the counters the other. */
import { readdirSync } from 'node:fs'
import { DROP_REASONS } from '../bridge/drops.ts'
import type { SessionEnd } from '../bridge/session.ts'
import { FAULTS, RUNGS } from '../core/fault.ts'
import { startedAt } from '../core/time.ts'
import { LINK_STATES } from '../link/states.ts'
import type { Counters } from './metrics.ts'
import type { Family, Sample } from './metrics-text.ts'
import { REGISTRATION, type RouteStatus, type Status } from './status.ts'

interface Sources {
  readonly status: Status
  readonly counters: Counters
}

type Row = Omit<Family, 'samples'> & { readonly read: (sources: Sources) => readonly Sample[] }

const ENDS: readonly Exclude<SessionEnd['outcome'], 'busy' | 'queue-timeout'>[] = [
  'closed-by-peer',
  'closed-by-client',
  'aborted-by-client',
  'hung-up',
  'broken',
  'not-dialled',
  'preempted',
  'stalled',
  'tls-failed',
]
const OUTCOMES = ['connected', 'interrupted', ...Object.keys(FAULTS)]
/** From the escape to data mode again. */
const WINDOW_STATES = ['escaping', 'commanding', 'resuming'] as const

/** One value; null where it is not known. */
function one(value: number | null): Sample[] {
  return value === null ? [] : [{ labels: [], value }]
}

/** A value for each of `names`: they are all there from the start, so that the first time is seen as an increase. */
function each<Name extends string>(names: readonly Name[], value: (name: Name) => number): Sample[] {
  return names.map((name) => ({ labels: [name], value: value(name) }))
}

function perRoute(routes: readonly RouteStatus[], value: (route: RouteStatus) => number): Sample[] {
  return routes.map((route) => ({ labels: [route.name], value: value(route) }))
}

const yes = (value: boolean): number => (value ? 1 : 0)

function gauge(name: string, help: string, labels: readonly string[], read: Row['read']): Row {
  return { name: `cipbridge_${name}`, type: 'gauge', help, labels, read }
}

function counter(name: string, help: string, labels: readonly string[], read: Row['read']): Row {
  return { name: `cipbridge_${name}_total`, type: 'counter', help, labels, read }
}

const LINK: readonly Row[] = [
  gauge('link_usable', 'Whether clients can be served now.', [], ({ status }) => one(yes(status.usable))),
  counter('link_usable_seconds', 'Time in which clients could be served.', [], ({ counters }) =>
    one(counters.usableSeconds),
  ),
  gauge('link_state', 'The state of the link: 1 for the one that it is in.', ['state'], ({ status }) =>
    each(LINK_STATES, (state) => yes(state === status.state)),
  ),
  counter('link_state_seconds', 'Time in each state of the link; online is data mode.', ['state'], ({ counters }) =>
    each(LINK_STATES, (state) => counters.secondsIn(state)),
  ),
  counter('dials', 'Dials that are over: connected, interrupted, or the fault.', ['outcome'], ({ counters }) =>
    each(OUTCOMES, (outcome) => counters.dials.of(outcome)),
  ),
  counter('faults', 'What went wrong.', ['fault'], ({ counters }) =>
    each(Object.keys(FAULTS) as (keyof typeof FAULTS)[], (fault) => counters.faults.count(fault)),
  ),
  counter('rungs', 'Steps of recovery that were carried out.', ['rung'], ({ counters }) =>
    each(RUNGS, (rung) => counters.rungs.of(rung)),
  ),
  counter('rung_seconds', 'Time that steps of recovery took, without the pauses before them.', ['rung'], (from) =>
    each(RUNGS, (rung) => from.counters.rungSeconds.of(rung)),
  ),
  gauge('recovery_attempt', 'Failures in a row that recovery is busy with.', [], ({ status }) =>
    one(status.ladder.attempt),
  ),
  counter('modem_restarts', 'Restarts of the modem, by itself or by the daemon.', ['by'], ({ counters }) => [
    { labels: ['itself'], value: counters.restarts.of() },
    { labels: ['daemon'], value: counters.rungs.of('soft-reset') + counters.rungs.of('hard-reset') },
  ]),
  counter('windows', 'Escapes from a live connection to command mode.', [], ({ counters }) =>
    one(counters.windows.of()),
  ),
  counter('window_seconds', 'Time that such escapes held the data.', [], ({ counters }) =>
    one(WINDOW_STATES.reduce((sum, state) => sum + counters.secondsIn(state), 0)),
  ),
]

const ROUTES: readonly Row[] = [
  counter('sessions', 'Sessions that are over.', ['route', 'outcome'], ({ status, counters }) =>
    status.routes.flatMap(({ name }) =>
      ENDS.map((end) => ({ labels: [name, end], value: counters.sessions.of(name, end) })),
    ),
  ),
  counter('session_bytes', 'Payload, the session under way included.', ['route', 'direction'], ({ status }) =>
    status.routes.flatMap(({ name, bytesUp, bytesDown }) => [
      { labels: [name, 'up'], value: bytesUp },
      { labels: [name, 'down'], value: bytesDown },
    ]),
  ),
  counter('unacked_bytes', 'Bytes that the peer had not acknowledged at the hang-up.', ['route'], (from) =>
    perRoute(from.status.routes, ({ name }) => from.counters.unacked.of(name)),
  ),
  counter('clients_refused', 'Clients that were turned away because others had the carrier.', ['route'], ({ status }) =>
    perRoute(status.routes, ({ refused }) => refused),
  ),
  counter('datagrams_dropped', 'Datagrams of programs here that were not sent.', ['route', 'reason'], ({ status }) =>
    status.routes.flatMap(({ name, dropped }) =>
      dropped === null ? [] : DROP_REASONS.map((why) => ({ labels: [name, why], value: dropped[why] })),
    ),
  ),
  gauge('route_holds_carrier', 'Whether a session of this route has the carrier.', ['route'], ({ status }) =>
    perRoute(status.routes, ({ holder }) => yes(holder !== null)),
  ),
  gauge('route_clients_waiting', 'Clients that wait for their turn, or for the link.', ['route'], ({ status }) =>
    perRoute(status.routes, ({ waiting }) => waiting),
  ),
]

const NETWORK: readonly Row[] = [
  gauge('signal_dbm', 'Signal strength as AT+CSQ says; not there while it is not known.', [], ({ status }) =>
    one(status.network.dbm),
  ),
  gauge('registration', 'Registration: 1 for what it is.', ['status'], ({ status: { network } }) =>
    each(REGISTRATION, (name) => yes(name === network.registration)),
  ),
  gauge('modem_info', 'The modem and its network; always 1.', ['model', 'firmware', 'operator'], (from) => {
    const { modem, network } = from.status
    return [{ labels: [modem.model ?? '', modem.firmware ?? '', network.operator ?? ''], value: 1 }]
  }),
]

/** Without `limits` none of them is there. */
const BUDGET: readonly Row[] = [
  gauge('budget_dials', 'Dials within the last hour.', [], ({ status: { budget } }) =>
    one(budget?.dialsThisHour ?? null),
  ),
  gauge('budget_dials_limit', 'limits.dialsPerHour', [], ({ status: { budget } }) => one(budget?.dialsPerHour ?? null)),
  gauge('budget_bytes', 'Bytes since the period began, headers estimated.', ['period'], ({ status: { budget } }) =>
    budget === null
      ? []
      : [
          { labels: ['day'], value: budget.bytesToday },
          { labels: ['month'], value: budget.bytesThisMonth },
        ],
  ),
  gauge('budget_bytes_limit', 'limits.bytesPerDay, limits.bytesPerMonth', ['period'], ({ status: { budget } }) => [
    ...one(budget?.bytesPerDay ?? null).map((sample) => ({ ...sample, labels: ['day'] })),
    ...one(budget?.bytesPerMonth ?? null).map((sample) => ({ ...sample, labels: ['month'] })),
  ]),
]

/** Under the names that Prometheus' own libraries give them. */
const PROCESS: readonly Row[] = [
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'User and system CPU time.',
    labels: [],
    read: () => {
      const { user, system } = process.cpuUsage()
      return one((user + system) / 1e6)
    },
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory.',
    labels: [],
    read: () => one(process.memoryUsage.rss()),
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the daemon started, in s since 1970.',
    labels: [],
    read: () => one(Math.round(startedAt() / 1000)),
  },
  {
    name: 'process_open_fds',
    type: 'gauge',
    help: 'Open files, sockets included.',
    labels: [],
    read: () => one(openFiles()),
  },
]

/** Of every metric what does not change: for documents and tests. */
export const METRICS: readonly Row[] = [...LINK, ...ROUTES, ...NETWORK, ...BUDGET, ...PROCESS]

/** All of them as they are now. */
export function familiesOf(status: Status, counters: Counters): Family[] {
  return METRICS.map(({ read, ...family }) => ({ ...family, samples: read({ status, counters }) }))
}

function openFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return null
  }
}
