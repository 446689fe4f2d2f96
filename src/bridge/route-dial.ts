/** How a session of a route gets its carrier: its turn, a link that is up, and the first of the route's peers that answers. */
import { formatTarget } from '../config/endpoint.ts'
import type { RouteConfig } from '../config/schema.ts'
import { Fault, isFault } from '../core/fault.ts'
import type { EventFields, Journal, Level } from '../core/log.ts'
import { soon } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { Admission, Contender, Leave, Terms } from './admission.ts'
import { type DownLink, untilUsable } from './hold.ts'
import type { Peers } from './peers.ts'
import type { HangUp, Session, SessionCarrier, SessionLink } from './session.ts'
import type { TurnedAway } from './turned-away.ts'

/** What a session needs of the link. */
export interface DialledLink extends DownLink {
  dial(to: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Carrier>
  hangUp(order: HangUp): void
}

/** A route with what its sessions share. */
export interface DialledRoute {
  readonly route: RouteConfig
  readonly peers: Peers
  /** Clients that wait for their turn, or for the link. */
  waiting: number
}

export interface RouteDialParts {
  readonly link: DialledLink
  readonly journal: Journal
  readonly admission: Admission<RouteDial>
}

export class RouteDial implements SessionLink, Contender {
  readonly #parts: RouteDialParts
  readonly #dialled: DialledRoute
  readonly #conversation: () => Session
  readonly session: number
  #leave: Leave | undefined
  /** The carrier as the link gave it. */
  carrier: Carrier | undefined
  /** It has its turn, and waits for the link to be usable. */
  held = false

  /** @param conversation the session that it dials for */
  constructor(parts: RouteDialParts, dialled: DialledRoute, session: number, conversation: () => Session) {
    this.#parts = parts
    this.#dialled = dialled
    this.session = session
    this.#conversation = conversation
  }

  // As admission sees it

  get route(): string {
    return this.#dialled.route.name
  }

  get terms(): Terms {
    return this.#dialled.route
  }

  get stalledMs(): number {
    return this.#conversation().stalledMs
  }

  evict(why: TurnedAway): void {
    this.#conversation().evict(why)
  }

  // As the session sees it

  async dial(signal: AbortSignal): Promise<SessionCarrier> {
    const { link, admission } = this.#parts
    const { route } = this.#dialled
    // Whoever connects and is gone at once is seen to be gone: no dial is spent on it.
    await new Promise<void>((resolve) => soon(resolve))
    this.#leave = await this.#inWaiting(() =>
      admission.enter(this, signal, (reason) => this.#tell('info', 'queued', `waits: ${reason}`)),
    )
    signal.throwIfAborted()
    this.#tell('info', 'client', `connected at ${route.name}`)
    if (route.whenDown === 'hold' && !link.usable) await this.#hold(signal)
    return this.#dialInTurn(signal)
  }

  hangUp(order: HangUp): void {
    this.#parts.link.hangUp(order)
  }

  /** The session is over: the next one may have the carrier. */
  done(): void {
    this.carrier = undefined
    this.#leave?.()
  }

  /** Tries each peer once. @throws Fault of the last one, or of what is in the way of all of them */
  async #dialInTurn(signal: AbortSignal): Promise<SessionCarrier> {
    const { link } = this.#parts
    const { peers, route } = this.#dialled
    let failure: Fault | undefined
    for (const peer of peers.inTurn) {
      if (failure) {
        this.#tell('warn', 'next-peer', `${failure.message}: ${formatTarget(peer)} has its turn`, {
          fault: failure.code,
        })
        // Recovery may have something to do first.
        await untilUsable(link, route.holdTimeout, signal)
      }
      try {
        this.carrier = await link.dial(peer, signal)
        peers.answered(peer)
        return this.carrier
      } catch (error) {
        if (!isFault(error, 'peer-refused', 'peer-timeout')) throw error
        failure = error
      }
    }
    throw failure ?? new Fault('config-invalid', `route ${route.name} leads nowhere`)
  }

  /** Whoever is held is the next to have the carrier: others are dealt with as if it had it already. */
  async #hold(signal: AbortSignal): Promise<void> {
    const { link } = this.#parts
    const { holdTimeout } = this.#dialled.route
    const why = link.fault?.message ?? 'it is not up yet'
    this.#tell('info', 'held', `for ${holdTimeout / 1000} s at most until the link is usable: ${why}`)
    this.held = true
    await this.#inWaiting(() => untilUsable(link, holdTimeout, signal))
    this.held = false
  }

  async #inWaiting<T>(work: () => Promise<T>): Promise<T> {
    this.#dialled.waiting += 1
    try {
      return await work()
    } finally {
      this.#dialled.waiting -= 1
    }
  }

  #tell(level: Level, event: string, message: string, fields: EventFields = {}): void {
    const { route, session } = this
    this.#parts.journal.tell(level, event, message, { route, session, ...fields })
  }
}
