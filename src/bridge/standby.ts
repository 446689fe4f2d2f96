/** Standby: the carrier of the route that has `open: always` is up before a client comes and when it has gone. */
import type { Config } from '../config/schema.ts'
import { isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { abortable, after, now, type Timer } from '../core/time.ts'
import type { CarrierEnd } from '../dte/carrier-user.ts'
import { dialPeers } from './dial-peers.ts'
import type { DialledLink, DialledRoute, Reached } from './reached.ts'
import { StandingCarrier } from './standing-carrier.ts'
import { TurnedAway } from './turned-away.ts'

/** A carrier that lived so long, in ms, was worth it: the pause before the next one is the first again. */
const WORTH_MS = 60_000

interface Attempt {
  readonly abort: AbortController
  readonly settled: Promise<void>
}

export class Standby {
  readonly #link: DialledLink
  readonly #journal: Journal
  readonly #dialled: DialledRoute
  readonly #pauses: Config['recovery']
  readonly #onBug: (error: unknown) => void
  #standing: StandingCarrier | undefined
  #since = 0
  #attempt: Attempt | undefined
  /** A client has its turn: nothing is dialled behind its back. */
  #claimed: boolean
  #over = false
  #failures = 0
  readonly #follow = (): void => this.#keep()
  #pause: Timer | undefined
  #whenEnded: (() => void) | undefined

  /** @param claimed a client has the carrier, or is about to: `free` tells when that is over */
  constructor(
    dialled: DialledRoute,
    claimed: boolean,
    pauses: Config['recovery'],
    link: DialledLink,
    journal: Journal,
    onBug: (error: unknown) => void,
  ) {
    this.#dialled = dialled
    this.#claimed = claimed
    this.#pauses = pauses
    this.#link = link
    this.#journal = journal
    this.#onBug = onBug
    link.on('usable', this.#follow)
  }

  /** Whether its carrier is up, with or without a client. */
  get isUp(): boolean {
    return this.#standing !== undefined
  }

  /** Nobody has the carrier, and nobody waits for it. */
  free(): void {
    this.#claimed = false
    if (this.#over) this.#standing?.dismiss(this.#dialled.route.closeTimeout)
    else this.makeWay()
    this.#keep()
  }

  /** New settings of the link wait for a moment without a connection: a carrier that nobody uses is closed. */
  makeWay(): void {
    if (!this.#claimed && this.#link.pending) this.#standing?.dismiss(this.#dialled.route.closeTimeout)
  }

  /** The route is no more, or another one: the carrier goes as soon as nobody uses it. */
  retire(): void {
    this.end()
    if (!this.#claimed) this.#standing?.dismiss(this.#dialled.route.closeTimeout)
  }

  /** The daemon stops. */
  end(): void {
    this.#over = true
    this.#link.off('usable', this.#follow)
    this.#pause?.cancel()
    this.#attempt?.abort.abort(new Error('the daemon is stopping'))
  }

  /**
   * A client of `route` has its turn. One of its own gets the carrier that is up, or undefined if there is none; for
   * another route the carrier is closed first.
   */
  async claim(route: DialledRoute, signal: AbortSignal): Promise<Reached | undefined> {
    this.#claimed = true
    this.#pause?.cancel()
    if (route === this.#dialled) {
      if (this.#attempt) await abortable(this.#attempt.settled, signal)
      return this.#standing && this.#handed(this.#standing)
    }
    this.#attempt?.abort.abort(new Error('another route has its turn'))
    if (!this.#standing) return undefined
    const ended = new Promise<void>((resolve) => {
      this.#whenEnded = resolve
    })
    this.#standing.dismiss(this.#dialled.route.closeTimeout)
    await abortable(ended, signal)
    return undefined
  }

  /** From now on the carrier outlives its client. */
  adopt(reached: Reached): Reached {
    this.#since = now()
    const { meanwhile, linger } = this.#dialled.route
    const standing = new StandingCarrier(reached, {
      meanwhile,
      lingerMs: linger,
      onEnd: (end, dropped) => this.#onEnd(end, dropped),
    })
    this.#standing = standing
    return this.#handed(standing)
  }

  #handed(standing: StandingCarrier): Reached {
    return { ...standing.reached, carrier: standing, hangUp: (order) => standing.hangUp(order) }
  }

  #keep(): void {
    if (this.#claimed || this.#over || this.#standing || this.#attempt || !this.#link.usable || this.#link.pending)
      return
    this.#pause?.cancel()
    const abort = new AbortController()
    const settled = this.#dial(abort.signal)
      .catch(this.#onBug)
      .finally(() => {
        this.#attempt = undefined
        // The client that it was aborted for may be gone again.
        if (abort.signal.aborted) this.#keep()
      })
    this.#attempt = { abort, settled }
  }

  async #dial(signal: AbortSignal): Promise<void> {
    const { name } = this.#dialled.route
    try {
      const reached = await dialPeers(this.#link, this.#dialled, signal, (level, event, message, fields) =>
        this.#journal.tell(level, event, message, { route: name, ...fields }),
      )
      this.adopt(reached)
      this.#journal.tell('info', 'standing', 'the carrier is up for the next client', { route: name })
      this.makeWay()
    } catch (error) {
      if (signal.aborted) return
      if (!isFault(error) && !(error instanceof TurnedAway)) throw error
      this.#rest(error.message)
    }
  }

  #onEnd(end: CarrierEnd, dropped: number): void {
    this.#standing = undefined
    const lost = dropped === 0 ? '' : `; ${dropped} bytes came while there was no client, and were dropped`
    const why = end.kind === 'broken' ? end.fault.message : end.kind === 'closed' ? 'the peer closed' : 'hung up'
    this.#journal.tell('info', 'standing-end', `${why}${lost}`, { route: this.#dialled.route.name })
    if (now() - this.#since >= WORTH_MS) this.#failures = 0
    this.#whenEnded?.()
    this.#whenEnded = undefined
    if (!this.#claimed && !this.#over) this.#rest(why)
  }

  /** A peer that refuses, or closes at once, is not dialled in circles. */
  #rest(why: string): void {
    const { firstPause, maxPause } = this.#pauses
    const ms = Math.min(maxPause, firstPause * 2 ** this.#failures)
    this.#failures += 1
    this.#journal.tell('debug', 'standing', `dials again in ${ms / 1000} s: ${why}`)
    this.#pause?.cancel()
    this.#pause = after(ms, () => this.#keep())
  }
}
