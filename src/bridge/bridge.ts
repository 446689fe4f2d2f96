/** The bridge: a session per client, all through the one carrier of the link. */
import type { Config, RouteConfig } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { soon } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import { Admission, type Holder } from './admission.ts'
import type { ClientSocket } from './client.ts'
import { type DownLink, untilUsable } from './hold.ts'
import { Session, type SessionEnd, type SessionLink } from './session.ts'

/** What became of a route's sessions, for the status. */
export interface RouteFigures {
  readonly route: RouteConfig
  sessions: number
  bytesUp: number
  bytesDown: number
  /** Clients that are held until the link is usable. */
  waiting: number
  /** Of the last session that hung up; null where not known. */
  unacked: number | null
}

export class Bridge {
  readonly #link: SessionLink & DownLink
  readonly #journal: Journal
  readonly #admission = new Admission()
  readonly #onBug: (error: unknown) => void
  readonly #running = new Set<Promise<void>>()
  readonly #clients = new Set<ClientSocket>()
  readonly #over = new AbortController()
  readonly figures: readonly RouteFigures[]
  #sessions = 0
  #carrier: Carrier | undefined

  /** @param onBug told of errors that are no faults */
  constructor(config: Config, link: SessionLink & DownLink, journal: Journal, onBug: (error: unknown) => void) {
    this.#link = link
    this.#journal = journal
    this.figures = config.routes.map((route) => ({
      route,
      sessions: 0,
      bytesUp: 0,
      bytesDown: 0,
      waiting: 0,
      unacked: null,
    }))
    this.#onBug = onBug
  }

  /** Who has the carrier, and what it carries. */
  get holder(): Holder | undefined {
    return this.#admission.holder
  }

  get carrier(): Carrier | undefined {
    return this.#carrier
  }

  /** Resolves when the last session is over; clients that are held or keep their half open are let go. */
  async allOver(): Promise<void> {
    this.#over.abort(new Fault('carrier-lost', 'the daemon is stopping'))
    await Promise.all(this.#running)
    for (const client of this.#clients) {
      // What it has not read yet would be missing in a clean end (P2).
      if (client.writableLength > 0) client.resetAndDestroy()
      else client.destroy()
    }
  }

  /** Takes a client of a route; the listener does, and tests do. */
  serve(figures: RouteFigures, client: ClientSocket): void {
    this.#clients.add(client)
    client.once('close', () => this.#clients.delete(client))
    const running = this.#serve(figures, client)
      .catch(this.#onBug)
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #serve(figures: RouteFigures, client: ClientSocket): Promise<void> {
    const { route } = figures
    this.#sessions += 1
    const session = this.#sessions
    const fields = { route: route.name, session }
    const conversation = new Session(client, this.#observed(figures, fields), {
      to: route.to,
      lingerMs: route.linger,
      closeTimeoutMs: route.closeTimeout,
      idleTimeoutMs: route.idleTimeout,
    })
    // Whoever connects and is gone at once is seen to be gone: no dial is spent on it.
    await new Promise<void>((resolve) => soon(resolve))
    const leave = this.#admission.enter({ route: route.name, session })
    if (!leave) {
      const { holder } = this.#admission
      this.#journal.tell(
        'warn',
        'busy',
        `refused: session ${holder?.session ?? '?'} of ${holder?.route ?? '?'} has the carrier`,
        fields,
      )
      client.resetAndDestroy()
      return
    }
    try {
      this.#journal.tell('info', 'client', `connected at ${route.name}`, fields)
      this.#count(figures, fields, await conversation.run())
    } finally {
      this.#carrier = undefined
      leave()
    }
  }

  /** The link as a session of this route sees it, with an eye on the carrier that it gives. */
  #observed(figures: RouteFigures, fields: { route: string; session: number }): SessionLink {
    return {
      dial: async (to, signal) => {
        if (figures.route.whenDown === 'hold' && !this.#link.usable) await this.#hold(figures, fields, signal)
        this.#carrier = await this.#link.dial(to, signal)
        return this.#carrier
      },
      hangUp: (order) => this.#link.hangUp(order),
    }
  }

  /** Whoever is held is the next to have the carrier: others are dealt with as if it had it already. */
  async #hold(figures: RouteFigures, fields: { route: string; session: number }, signal: AbortSignal): Promise<void> {
    const { holdTimeout } = figures.route
    const why = this.#link.fault?.message ?? 'it is not up yet'
    this.#journal.tell('info', 'held', `for ${holdTimeout / 1000} s at most until the link is usable: ${why}`, fields)
    figures.waiting += 1
    try {
      await untilUsable(this.#link, holdTimeout, AbortSignal.any([signal, this.#over.signal]))
    } finally {
      figures.waiting -= 1
    }
  }

  #count(figures: RouteFigures, fields: { route: string; session: number }, end: SessionEnd): void {
    const { outcome, fault, bytesUp, bytesDown, unacked } = end
    figures.sessions += 1
    figures.bytesUp += bytesUp
    figures.bytesDown += bytesDown
    figures.unacked = unacked
    const broken = fault === undefined ? {} : { fault: fault.code, hint: fault.hint }
    const message = fault === undefined ? outcome.replaceAll('-', ' ') : fault.message
    this.#journal.tell(fault ? 'warn' : 'info', 'session-end', message, {
      ...fields,
      bytesUp,
      bytesDown,
      unacked,
      ...broken,
    })
  }
}
