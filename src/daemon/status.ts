/** The status: what the daemon is doing and why, as one object for programs and people. */
import type { InQueue } from '../bridge/admission.ts'
import type { Bridge, CallFigures, RouteFigures, SessionFigures } from '../bridge/bridge.ts'
import { DROP_REASONS, type DropReason, type Drops } from '../bridge/drops.ts'
import { formatListen, formatTarget, takesDatagrams, targetsOf } from '../config/endpoint.ts'
import type { Fault, FaultCode, Rung } from '../core/fault.ts'
import type { BudgetFigures } from '../link/budget.ts'
import type { Link } from '../link/link.ts'
import type { LinkState } from '../link/states.ts'
import type { PastFault } from './status-faults.ts'

/** AT+CREG's numbers (AT manual 3.2.27) in words. */
export const REGISTRATION = ['not-searching', 'home', 'searching', 'denied', 'unknown', 'roaming'] as const
export type Registration = (typeof REGISTRATION)[number]
/** AT+CSQ's number for a signal that the modem cannot tell. */
const UNKNOWN_SIGNAL = 99

interface SessionsStatus {
  /** The session that has the carrier; null if none of these has. */
  readonly holder: number | null
  /** Of all sessions, the one under way included. */
  readonly bytesUp: number
  readonly bytesDown: number
  /** Bytes that the peer had not acknowledged when the last session hung up. */
  readonly unacked: number | null
}

export interface RouteStatus extends SessionsStatus {
  readonly name: string
  readonly listen: string
  /** Of several peers in the order of the configuration, with commas. */
  readonly to: string
  /** Clients that wait for their turn, or for the link. */
  readonly waiting: number
  /** With `open: always`: its carrier is up, whether a client has it or none; null for other routes. */
  readonly standing: boolean | null
  /** Heartbeats that were sent to its peers; null for a route without. */
  readonly heartbeats: number | null
  /** Clients that were turned away because others had the carrier. */
  readonly refused: number
  /** With listen: udp://…, datagrams that were not sent, by reason; null for other routes. */
  readonly dropped: Readonly<Record<DropReason, number>> | null
}

export interface InboundStatus extends SessionsStatus {
  readonly name: string
  /** The local program. */
  readonly to: string
  readonly modemPort: number
  /** Whether the modem listens now. */
  readonly listening: boolean
}

/** null stands for what is not known. */
export interface Status {
  readonly state: LinkState
  readonly usable: boolean
  /** Since when the state is what it is. */
  readonly since: string
  /** What a person should know beside it: a reload that was refused, settings that are waited with. */
  readonly notice: string | null
  /** Why the link is not usable. */
  readonly reason: string | null
  readonly fault: FaultCode | null
  /** What a person can do about it. */
  readonly hint: string | null
  readonly nextTry: string | null
  readonly modem: { readonly model: string | null; readonly firmware: string | null; readonly asleep: boolean }
  readonly network: {
    readonly rssi: number | null
    readonly dbm: number | null
    readonly operator: string | null
    readonly registration: Registration | null
  }
  readonly context: { readonly address: string | null }
  readonly routes: readonly RouteStatus[]
  /** Callers from the network; null where nobody may call. */
  readonly inbound: InboundStatus | null
  /** Who waits for the carrier that another one has, in the order of their coming. */
  readonly queue: readonly InQueue[]
  /** Recovery: the rung that it is on, and the how many-eth failure in a row that is for; null and 0 if it has none. */
  readonly ladder: { readonly rung: Rung | null; readonly attempt: number }
  /** What is spent of `limits`; null without limits. */
  readonly budget: BudgetFigures | null
  readonly lastFaults: readonly PastFault[]
  /** The last command window beside a live session: how long it held the data, in ms. */
  readonly window: { readonly lastMs: number | null }
  /** How often the session under way had a plus of its payload held back. */
  readonly guard: { readonly plusesHeld: number | null }
}

/** What the status does not have of link and bridge. */
export interface Beside {
  /** Why no program can connect although the link is usable. */
  readonly trouble?: Fault | undefined
  /** Empty if there is none. */
  readonly notice?: string
}

/** The status now. It holds no secrets: every value is picked by name. */
export function statusOf(
  link: Link,
  bridge: Bridge,
  lastFaults: readonly PastFault[],
  { trouble, notice = '' }: Beside = {},
): Status {
  const { facts, step } = link
  const usable = link.usable && trouble === undefined
  const fault = link.usable ? trouble : link.fault
  const { rssi, dbm } = facts.signal ?? { rssi: UNKNOWN_SIGNAL, dbm: null }
  return {
    state: link.state,
    usable,
    since: link.since.toISOString(),
    notice: notice === '' ? null : notice,
    reason: usable ? null : (fault?.message ?? `the link is not up yet (${link.state})`),
    fault: fault?.code ?? null,
    hint: fault?.hint ?? null,
    nextTry: link.nextTry ?? null,
    modem: { model: facts.model, firmware: facts.firmware, asleep: facts.asleep },
    network: {
      rssi: rssi === UNKNOWN_SIGNAL ? null : rssi,
      dbm,
      operator: facts.operator,
      registration: facts.registration === null ? null : (REGISTRATION[facts.registration] ?? 'unknown'),
    },
    context: { address: facts.address },
    routes: bridge.figures.map((figures) => routeStatus(figures, bridge)),
    inbound: bridge.calls ? inboundStatus(bridge.calls, link, bridge) : null,
    queue: bridge.queue,
    ladder: { rung: step?.rung ?? null, attempt: step?.attempt ?? 0 },
    budget: link.budget,
    lastFaults,
    window: { lastMs: facts.lastWindowMs },
    guard: { plusesHeld: bridge.carrier?.plusesHeld ?? null },
  }
}

function inboundStatus(figures: CallFigures, link: Link, bridge: Bridge): InboundStatus {
  const { name, modemPort, to } = figures.inbound
  return { name, modemPort, to: formatListen(to), listening: link.listening, ...ofSessions(name, figures, bridge) }
}

/** Of all sessions, the one under way included. */
function ofSessions(name: string, figures: SessionFigures, bridge: Bridge): SessionsStatus {
  const { bytesUp, bytesDown, unacked } = figures
  const holder = bridge.holder?.route === name && !bridge.holder.held ? bridge.holder.session : null
  const live = holder === null ? undefined : bridge.holder?.carried
  return { holder, bytesUp: bytesUp + (live?.bytesUp ?? 0), bytesDown: bytesDown + (live?.bytesDown ?? 0), unacked }
}

function dropped(drops: Drops): Record<DropReason, number> {
  return Object.fromEntries(DROP_REASONS.map((reason) => [reason, drops.of(reason)])) as Record<DropReason, number>
}

function routeStatus(figures: RouteFigures, bridge: Bridge): RouteStatus {
  const { route, waiting, refused, drops } = figures
  return {
    name: route.name,
    listen: formatListen(route.listen),
    to: figures.proxy ? 'where its clients ask' : targetsOf(route.to).map(formatTarget).join(', '),
    waiting,
    standing: route.open === 'always' ? bridge.standing : null,
    heartbeats: route.heartbeat ? (figures.heartbeats ?? 0) : null,
    refused,
    dropped: takesDatagrams(route.listen) ? dropped(drops) : null,
    ...ofSessions(route.name, figures, bridge),
  }
}
