/**
 * Admission: who may have the carrier. There is one, and one client at a time has it. Whose turn it is: the highest
 * priority first, then the route whose last turn is longest ago, then whoever came first.
 */
import { after, reasonOf, type Timer, wallClock } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import { TurnedAway } from './turned-away.ts'

/** What a route says about a carrier that is taken. Times in ms, 0 for never. */
export interface Terms {
  readonly busy: 'refuse' | 'queue' | 'preempt'
  /** Clients of this route that may wait. */
  readonly queueLimit: number
  readonly queueTimeout: number
  /** The higher, the sooner. */
  readonly priority: number
  /** A client of this route that takes nothing for so long gives its place to whoever wants it. */
  readonly stalledTimeout: number
}

/** Whoever wants the carrier, or has it. */
export interface Contender {
  readonly route: string
  readonly session: number
  readonly terms: Terms
  /** For how long it has left bytes unread, in ms. */
  readonly stalledMs: number
  /** It has to give the carrier up; it is told once, and leaves when the modem has hung up. */
  evict(why: TurnedAway): void
}

/** Whoever has the carrier, or is about to. */
export interface Holder extends Contender {
  /** It has its turn, and waits for the link to be usable. */
  readonly held: boolean
  readonly carrier: Carrier | undefined
  /** Bytes of this session, without those of TLS and of clients that had the same carrier before. */
  readonly carried: { readonly bytesUp: number; readonly bytesDown: number } | undefined
}

/** Whoever waits, as the status shows it. */
export interface InQueue {
  readonly route: string
  readonly session: number
  readonly priority: number
  /** ISO time. */
  readonly since: string
}

/** Gives the carrier back. */
export type Leave = () => void

interface Waiting<C extends Contender> {
  readonly who: C
  readonly since: string
  readonly admit: (leave: Leave) => void
  readonly refuse: (why: Error) => void
}

export class Admission<C extends Contender> {
  #holder: C | undefined
  /** The holder was told to go. */
  #yielding = false
  /** In the order of their coming. */
  #queue: readonly Waiting<C>[] = []
  /** When a route last had a client with the carrier: the number of that turn. */
  readonly #lastTurn = new Map<string, number>()
  #turns = 0
  #stallTimer: Timer | undefined

  /** Who has the carrier now. */
  get holder(): C | undefined {
    return this.#holder
  }

  /** Who waits for it. */
  get queue(): InQueue[] {
    return this.#queue.map(({ who: { route, session, terms }, since }) => {
      return { route, session, priority: terms.priority, since }
    })
  }

  /**
   * Takes the carrier for `who`, at once or when its turn comes. `onWait` is told if it has to wait, with the reason.
   * Rejects with TurnedAway, or with the signal's reason.
   */
  async enter(who: C, signal: AbortSignal, onWait: (reason: string) => void): Promise<Leave> {
    const holder = this.#holder
    if (!holder) return this.#take(who)
    const reason = `session ${holder.session} of ${holder.route} has the carrier`
    const ousted = this.#ouster(who, holder)
    if (!ousted) this.#refuseUnlessRoom(who, reason)
    if (ousted?.outcome === 'preempted') this.#passOver(who, ousted)
    onWait(ousted ? `${reason} and gives it up` : reason)
    const turn = this.#wait(who, signal)
    if (ousted) this.#evict(holder, ousted)
    return turn
  }

  /** Why the holder has to go for `who`; undefined if it may stay. */
  #ouster(who: Contender, holder: Contender): TurnedAway | undefined {
    const { busy, priority } = who.terms
    const by = `session ${who.session} of ${who.route}`
    if (busy === 'preempt' && priority >= holder.terms.priority) {
      return new TurnedAway('preempted', `${by} took its place`)
    }
    return !this.#yielding && hasStalled(holder) ? stalled(holder, by) : undefined
  }

  #refuseUnlessRoom({ route, terms: { busy, queueLimit } }: Contender, reason: string): void {
    if (busy === 'refuse') throw new TurnedAway('busy', reason)
    const ahead = this.#queue.filter(({ who }) => who.route === route).length
    if (ahead >= queueLimit) throw new TurnedAway('busy', `${reason}, and ${ahead} of ${route} wait already`)
  }

  /** Others who came to take the same place, and may not keep it from `who`, go as the holder goes. */
  #passOver({ terms: { priority } }: Contender, why: TurnedAway): void {
    for (const { who, refuse } of this.#queue) {
      if (who.terms.busy === 'preempt' && who.terms.priority <= priority) refuse(why)
    }
  }

  #evict(holder: Contender, why: TurnedAway): void {
    if (this.#yielding) return
    this.#yielding = true
    holder.evict(why)
  }

  #wait(who: C, signal: AbortSignal): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer?.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#queue = this.#queue.filter((one) => one !== waiting)
        this.#watchStall()
        settle()
      }
      const waiting: Waiting<C> = {
        who,
        since: wallClock().toISOString(),
        admit: (leave) => finish(() => resolve(leave)),
        refuse: (why) => finish(() => reject(why)),
      }
      const onAbort = (): void => waiting.refuse(reasonOf(signal))
      const { queueTimeout: ms } = who.terms
      const timer = ms === 0 ? undefined : after(ms, () => waiting.refuse(this.#tooLate(ms)))
      signal.addEventListener('abort', onAbort, { once: true })
      this.#queue = [...this.#queue, waiting]
      if (signal.aborted) onAbort()
      this.#watchStall()
    })
  }

  #tooLate(ms: number): TurnedAway {
    const { route = '?', session = '?' } = this.#holder ?? {}
    return new TurnedAway('queue-timeout', `waited ${ms / 1000} s: session ${session} of ${route} has the carrier`)
  }

  #take(who: C): Leave {
    this.#turns += 1
    this.#lastTurn.set(who.route, this.#turns)
    this.#holder = who
    this.#yielding = false
    this.#watchStall()
    return () => {
      if (this.#holder !== who) return
      this.#holder = undefined
      this.#watchStall()
      this.#next()
    }
  }

  #next(): void {
    const [first, ...others] = this.#queue
    if (!first) return
    const next = others.reduce((best, one) => (this.#isBefore(one, best) ? one : best), first)
    next.admit(this.#take(next.who))
  }

  /** Whether `a`, who came later, has its turn before `b`. */
  #isBefore({ who: a }: Waiting<C>, { who: b }: Waiting<C>): boolean {
    if (a.terms.priority !== b.terms.priority) return a.terms.priority > b.terms.priority
    // Of the same priority: it has just taken the place of another one, whoever waits longer for it.
    if (a.terms.busy !== b.terms.busy && a.terms.busy === 'preempt') return true
    if (b.terms.busy === 'preempt') return false
    return (this.#lastTurn.get(a.route) ?? 0) < (this.#lastTurn.get(b.route) ?? 0)
  }

  /** While others wait, a holder that takes nothing is found out. */
  #watchStall(): void {
    this.#stallTimer?.cancel()
    const holder = this.#holder
    if (!holder || this.#yielding || this.#queue.length === 0 || holder.terms.stalledTimeout === 0) return
    const left = holder.terms.stalledTimeout - holder.stalledMs
    this.#stallTimer = after(Math.max(1, left), () => {
      if (this.#holder === holder && this.#queue.length > 0 && hasStalled(holder)) {
        this.#evict(holder, stalled(holder, `${this.#queue.length} in the queue`))
      }
      this.#watchStall()
    })
  }
}

function hasStalled({ terms, stalledMs }: Contender): boolean {
  return terms.stalledTimeout > 0 && stalledMs >= terms.stalledTimeout
}

function stalled({ stalledMs }: Contender, by: string): TurnedAway {
  return new TurnedAway('stalled', `read nothing for ${Math.round(stalledMs / 1000)} s, and ${by} wants the carrier`)
}
