/** The bridge: a session per client, all through the one carrier of the link. */
import type { Config, RouteConfig } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import { soon } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import { Admission, type Holder } from './admission.ts'
import type { ClientSocket } from './client.ts'
import { Session, type SessionEnd, type SessionLink } from './session.ts'

/** What became of a route's sessions, for the status. */
export interface RouteFigures {
  readonly route: RouteConfig
  sessions: number
  bytesUp: number
  bytesDown: number
  /** Of the last session that hung up; null where not known. */
  unacked: number | null
}

export class Bridge {
  readonly #link: SessionLink
  readonly #journal: Journal
  readonly #admission = new Admission()
  readonly #onBug: (error: unknown) => void
  readonly #running = new Set<Promise<void>>()
  readonly figures: readonly RouteFigures[]
  #sessions = 0
  #carrier: Carrier | undefined

  /** @param onBug told of errors that are no faults */
  constructor(config: Config, link: SessionLink, journal: Journal, onBug: (error: unknown) => void) {
    this.#link = link
    this.#journal = journal
    this.figures = config.routes.map((route) => ({ route, sessions: 0, bytesUp: 0, bytesDown: 0, unacked: null }))
    this.#onBug = onBug
  }

  /** Who has the carrier, and what it carries. */
  get holder(): Holder | undefined {
    return this.#admission.holder
  }

  get carrier(): Carrier | undefined {
    return this.#carrier
  }

  /** Resolves when the last session is over. */
  async allOver(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Takes a client of a route; the listener does, and tests do. */
  serve(figures: RouteFigures, client: ClientSocket): void {
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
    const conversation = new Session(client, this.#observed(), {
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

  /** The link, with an eye on the carrier that it gives. */
  #observed(): SessionLink {
    return {
      dial: async (to, signal) => {
        this.#carrier = await this.#link.dial(to, signal)
        return this.#carrier
      },
      hangUp: (order) => this.#link.hangUp(order),
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
