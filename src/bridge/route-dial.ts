/** How a session of a route gets its carrier: its turn, a link that is up, and the first of the route's peers that answers. */
import type { EventFields, Journal, Level } from '../core/log.ts'
import { soon } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { Admission, Holder, Leave, Terms } from './admission.ts'
import { dialPeers } from './dial-peers.ts'
import { untilUsable } from './hold.ts'
import type { DialledLink, DialledRoute, Reached } from './reached.ts'
import type { HangUp, Session, SessionCarrier, SessionLink } from './session.ts'
import type { Standby } from './standby.ts'
import type { TurnedAway } from './turned-away.ts'

/** A route that clients wait at. */
export interface AwaitedRoute extends DialledRoute {
  /** Clients that wait for their turn, or for the link. */
  waiting: number
}

export interface RouteDialParts {
  readonly link: DialledLink
  readonly journal: Journal
  readonly admission: Admission<Holder>
  /** undefined without a route that has `open: always`; another one after a reload. */
  readonly standby: () => Standby | undefined
}

export class RouteDial implements SessionLink, Holder {
  readonly #parts: RouteDialParts
  readonly #dialled: AwaitedRoute
  readonly #destination: DialledRoute
  readonly #conversation: () => Session
  readonly session: number
  #leave: Leave | undefined
  #reached: Reached | undefined
  #claimed: Standby | undefined
  /** It has its turn, and waits for the link to be usable. */
  held = false

  /**
   * @param conversation the session that it dials for
   * @param destination where to, if not to the peers of the route
   */
  constructor(
    parts: RouteDialParts,
    dialled: AwaitedRoute,
    session: number,
    conversation: () => Session,
    destination: DialledRoute = dialled,
  ) {
    this.#destination = destination
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

  get carried(): SessionCarrier | undefined {
    return this.#reached?.carrier
  }

  /** The carrier as the link gave it. */
  get carrier(): Carrier | undefined {
    return this.#reached?.line
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
    this.#reached = await this.#reach(signal)
    return this.#reached.carrier
  }

  hangUp(order: HangUp): void {
    this.#reached?.hangUp(order)
  }

  /** The session is over: the next one may have the carrier. */
  done(): void {
    this.#reached = undefined
    this.#leave?.()
    const { admission, standby } = this.#parts
    if (admission.holder) return
    this.#claimed?.free()
    const now = standby()
    if (now !== this.#claimed) now?.free()
  }

  async #reach(signal: AbortSignal): Promise<Reached> {
    const { link } = this.#parts
    const standby = this.#parts.standby()
    this.#claimed = standby
    const standing = await standby?.claim(this.#dialled, signal)
    if (standing) return standing
    const reached = await dialPeers(link, this.#destination, signal, (...told) => this.#tell(...told))
    return standby && this.#dialled.route.open === 'always' ? standby.adopt(reached) : reached
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
