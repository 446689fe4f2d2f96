/** The bridge: a session per client, all through the one carrier of the link. */
import { isDeepStrictEqual } from 'node:util'
import { takesDatagrams, targetsOf } from '../config/endpoint.ts'
import type { Config, InboundConfig, RouteConfig } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { Carrier } from '../dte/carrier.ts'
import { Admission, type Holder, type InQueue } from './admission.ts'
import { localProgram } from './call-dial.ts'
import { Callers, type IncomingCall } from './callers.ts'
import type { ClientSocket } from './client.ts'
import { Drops } from './drops.ts'
import { Peers } from './peers.ts'
import { type Asked, answering, Proxy, proxyRoute } from './proxy.ts'
import type { DialledLink } from './reached.ts'
import { type AwaitedRoute, RouteDial } from './route-dial.ts'
import { Session, type SessionEnd } from './session.ts'
import { Standby } from './standby.ts'
import { TlsSettings } from './tls-settings.ts'

/** What became of sessions, for the status. */
export interface SessionFigures {
  sessions: number
  /** Clients that got no carrier because others had it. */
  refused: number
  bytesUp: number
  bytesDown: number
  /** Of the last session that hung up; null where not known. */
  unacked: number | null
}

export interface RouteFigures extends AwaitedRoute, SessionFigures {
  /** Where its clients say themselves where they want to go. */
  readonly proxy: Proxy | undefined
  /** As it is for the next client; a session that is under way keeps what it began with. */
  route: RouteConfig
  peers: Peers
  tls: TlsSettings | undefined
  /** No more in the configuration. */
  removed: boolean
}

/** Of the sessions that callers from the network began. */
export interface CallFigures extends SessionFigures {
  readonly inbound: InboundConfig
}

/** The link as the bridge needs it. */
export type BridgedLink = DialledLink & { on(event: 'call', listener: (call: IncomingCall) => void): unknown }

export class Bridge {
  readonly #link: BridgedLink
  readonly #journal: Journal
  readonly #admission = new Admission<Holder>()
  readonly #onBug: (error: unknown) => void
  readonly #running = new Set<Promise<void>>()
  readonly #clients = new Set<ClientSocket>()
  readonly #pauses: Config['recovery']
  #standby: Standby | undefined
  readonly #conversations = new Set<Session>()
  /** Of callers; undefined where nobody may call. */
  readonly calls: CallFigures | undefined
  #figures: readonly RouteFigures[]
  #sessions = 0

  /** @param onBug told of errors that are no faults */
  constructor(
    config: Config,
    link: BridgedLink,
    journal: Journal,
    onBug: (error: unknown) => void,
    openLocal = localProgram,
  ) {
    this.#link = link
    this.#journal = journal
    this.#pauses = config.recovery
    const { proxy } = config
    this.#figures = [
      ...config.routes.map((route) => this.#figuresFor(route)),
      ...(proxy ? [{ ...this.#figuresFor(proxyRoute(proxy)), proxy: new Proxy(proxy.allow) }] : []),
    ]
    this.#onBug = onBug
    const [inbound] = config.inbound
    if (inbound) {
      this.calls = { inbound, ...noSessions() }
      const callers = new Callers(inbound, { link, admission: this.#admission }, journal, openLocal)
      link.on('call', (call) => this.#take(callers, call))
    }
    this.#standby = this.#newStandby()
  }

  /** Of every route; one that was removed is there as long as a session of it has the carrier. */
  get figures(): readonly RouteFigures[] {
    return this.#figures.filter(({ removed, route }) => !removed || route.name === this.holder?.route)
  }

  /**
   * Takes other routes: what was counted of a route stays with its name, and sessions go on as they began.
   * @throws Fault config-invalid: then nothing has changed
   */
  adopt(routes: readonly RouteConfig[]): void {
    const known = new Map(this.#figures.map((figures) => [figures.route.name, figures]))
    const before = this.#standing?.route
    const wanted = routes.map((route) => this.#figuresFor(route, known.get(route.name)))
    // The proxy is as it was at the start.
    const proxies = this.#figures.filter(({ proxy }) => proxy)
    for (const figures of this.#figures) figures.removed = true
    const inForce = wanted.map((figures) => Object.assign(known.get(figures.route.name) ?? figures, figures))
    for (const figures of proxies) figures.removed = false
    this.#figures = [...inForce, ...proxies, ...this.#figures.filter(({ removed }) => removed)]
    if (isDeepStrictEqual(before, this.#standing?.route)) return
    this.#standby?.retire()
    this.#standby = this.#newStandby()
  }

  /** What is kept of a route, with what was counted of it so far. @throws Fault config-invalid */
  #figuresFor(route: RouteConfig, before?: RouteFigures): RouteFigures {
    const targets = targetsOf(route.to)
    const samePeers = isDeepStrictEqual(before?.route.to, route.to) && before?.route.backupTime === route.backupTime
    return {
      ...(before ?? { proxy: undefined, waiting: 0, drops: this.#dropsOf(route.name), ...noSessions() }),
      route,
      peers: before && samePeers ? before.peers : new Peers(targets, route.backupTime),
      // Read anew each time: certificates are renewed under the same name.
      tls: targets.some(({ scheme }) => scheme === 'tls') ? new TlsSettings(route, this.#pauses) : undefined,
      removed: false,
    }
  }

  #dropsOf(route: string): Drops {
    return new Drops((message) => this.#journal.tell('warn', 'dropped', message, { route }))
  }

  /** The route whose carrier is up for ever. */
  get #standing(): RouteFigures | undefined {
    return this.#figures.find(({ route, removed }) => route.open === 'always' && !removed)
  }

  #newStandby(): Standby | undefined {
    const claimed = this.holder !== undefined
    return this.#standing && new Standby(this.#standing, claimed, this.#pauses, this.#link, this.#journal, this.#onBug)
  }

  /** Whether what is called so in log and status is the proxy. */
  isProxy(name: string): boolean {
    return this.#figures.some(({ proxy, route }) => proxy && route.name === name)
  }

  /** A carrier that nobody uses makes way for new settings of the link. */
  makeWay(): void {
    this.#standby?.makeWay()
  }

  /** Who has the carrier, or is about to. */
  get holder(): Holder | undefined {
    return this.#admission.holder
  }

  /** Who waits for it. */
  get queue(): InQueue[] {
    return this.#admission.queue
  }

  /** Whether the carrier of a route with `open: always` is up. */
  get standing(): boolean {
    return this.#standby?.isUp ?? false
  }

  /** What it carries. */
  get carrier(): Carrier | undefined {
    return this.#admission.holder?.carrier
  }

  /** Resolves when the last session is over; clients that wait or keep their half open are let go. */
  async allOver(): Promise<void> {
    this.#standby?.end()
    for (const conversation of this.#conversations)
      conversation.giveUp(new Fault('carrier-lost', 'the daemon is stopping'))
    await Promise.all(this.#running)
    for (const client of this.#clients) {
      // What it has not read yet would be missing in a clean end (P2).
      if (client.writableLength > 0) client.resetAndDestroy()
      else client.destroy()
    }
  }

  /** Takes a client of a route; the listener does, and tests do. */
  serve(figures: RouteFigures, client: ClientSocket): void {
    this.#keep(client, this.#serve(figures, client))
  }

  /** Somebody has called. */
  #take(callers: Callers, call: IncomingCall): void {
    this.#sessions += 1
    const session = this.#sessions
    const taken = callers.admit(call, session)
    if (taken && this.calls) this.#keep(taken.client, this.#converse(this.calls, session, taken))
  }

  #keep(client: ClientSocket, conversation: Promise<unknown>): void {
    this.#clients.add(client)
    client.once('close', () => this.#clients.delete(client))
    const running: Promise<void> = conversation
      .then(() => undefined, this.#onBug)
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #serve(figures: RouteFigures, client: ClientSocket): Promise<void> {
    this.#sessions += 1
    const session = this.#sessions
    const { proxy, route } = figures
    // Without a proxy the session hears the client from this very moment.
    if (!proxy) return this.#dialFor(figures, client, session)
    const asked = await proxy.ask(client)
    if (typeof asked === 'object') return this.#dialFor(figures, client, session, asked)
    if (asked !== undefined) this.#journal.tell('warn', 'proxy-refused', asked, { route: route.name, session })
  }

  async #dialFor(figures: RouteFigures, client: ClientSocket, session: number, asked?: Asked): Promise<void> {
    const parts = {
      link: this.#link,
      journal: this.#journal,
      admission: this.#admission,
      standby: () => this.#standby,
    }
    const { route } = figures
    const peers = asked && new Peers([{ scheme: 'tcp', host: asked.host, port: asked.port }], 0)
    const destination = peers && { route, peers, tls: undefined, drops: figures.drops }
    const dial: RouteDial = new RouteDial(parts, figures, session, () => conversation, destination)
    const options = { lingerMs: route.linger, closeTimeoutMs: route.closeTimeout, idleTimeoutMs: route.idleTimeout }
    const conversation: Session = new Session(client, asked ? answering(dial, client, asked) : dial, options)
    // Whoever was asked was told to wait then.
    if (asked) client.resume()
    const end = await this.#converse(figures, session, { conversation, dial })
    if (!takesDatagrams(route.listen)) return
    if (end.untold > 0) figures.drops.note('unsent', end.untold)
    figures.drops.settle()
  }

  async #converse(
    figures: SessionFigures,
    session: number,
    { conversation, dial }: { readonly conversation: Session; readonly dial: { readonly route: string; done(): void } },
  ): Promise<SessionEnd> {
    this.#conversations.add(conversation)
    try {
      const end = await conversation.run()
      this.#count(figures, { route: dial.route, session }, end)
      return end
    } finally {
      this.#conversations.delete(conversation)
      dial.done()
    }
  }

  #count(figures: SessionFigures, fields: { readonly route: string; readonly session: number }, end: SessionEnd): void {
    const { outcome, fault, reason, bytesUp, bytesDown, unacked } = end
    if (outcome === 'busy' || outcome === 'queue-timeout') {
      figures.refused += 1
      this.#journal.tell('warn', 'busy', `refused: ${reason ?? outcome}`, fields)
      return
    }
    figures.sessions += 1
    figures.bytesUp += bytesUp
    figures.bytesDown += bytesDown
    figures.unacked = unacked
    const broken = fault === undefined ? {} : { fault: fault.code, hint: fault.hint }
    const words = outcome.replaceAll('-', ' ')
    const message = fault?.message ?? (reason === undefined ? words : `${words}: ${reason}`)
    this.#journal.tell(fault || reason !== undefined ? 'warn' : 'info', 'session-end', message, {
      ...fields,
      bytesUp,
      bytesDown,
      unacked,
      outcome,
      ...broken,
    })
  }
}

function noSessions(): SessionFigures {
  return { sessions: 0, refused: 0, bytesUp: 0, bytesDown: 0, unacked: null }
}
