/** What is counted: out of the events that log and /events get, too, and out of the transitions of the link. */
import type { FaultCode } from '../core/fault.ts'
import type { Journal, JournalEvent } from '../core/log.ts'
import { now } from '../core/time.ts'
import type { LinkEvent, LinkState } from '../link/states.ts'
import type { Sample } from './metrics-text.ts'
import { FaultLog } from './status-faults.ts'

/** What counting needs of the link. */
interface CountedLink {
  readonly state: LinkState
  readonly usable: boolean
  on(event: 'transition', listener: (from: LinkState, event: LinkEvent, to: LinkState) => void): unknown
  on(event: 'usable', listener: (usable: boolean) => void): unknown
}

/** A number for each combination of labels. */
export class Tally {
  readonly #samples = new Map<string, Sample>()

  add(value: number, ...labels: readonly string[]): void {
    // No label that is counted by has a zero byte in it.
    const key = labels.join('\0')
    this.#samples.set(key, { labels, value: (this.#samples.get(key)?.value ?? 0) + value })
  }

  /** 0 for what was never counted. */
  of(...labels: readonly string[]): number {
    return this.#samples.get(labels.join('\0'))?.value ?? 0
  }
}

/** How long each of several phases has lasted, of which there is one at a time. */
class Phases<Name extends string> {
  readonly #ms = new Map<Name, number>()
  #current: Name
  #since = now()

  constructor(first: Name) {
    this.#current = first
  }

  enter(next: Name): void {
    this.#ms.set(this.#current, this.#msIn(this.#current))
    this.#current = next
    this.#since = now()
  }

  /** In s, the one under way included. */
  seconds(name: Name): number {
    return this.#msIn(name) / 1000
  }

  #msIn(name: Name): number {
    return (this.#ms.get(name) ?? 0) + (name === this.#current ? now() - this.#since : 0)
  }
}

export class Counters {
  readonly faults = new FaultLog()
  /** By outcome: connected, interrupted, or the fault. */
  readonly dials = new Tally()
  /** By route and outcome. */
  readonly sessions = new Tally()
  /** By route: bytes that the peer had not acknowledged at the hang-up. */
  readonly unacked = new Tally()
  /** By rung. */
  readonly rungs = new Tally()
  readonly rungSeconds = new Tally()
  /** Without labels. */
  readonly windows = new Tally()
  /** Of the modem, by itself. */
  readonly restarts = new Tally()
  readonly #states: Phases<LinkState>
  readonly #usable: Phases<'yes' | 'no'>
  #dialling = false

  constructor(journal: Journal, link: CountedLink) {
    this.#states = new Phases(link.state)
    this.#usable = new Phases(link.usable ? 'yes' : 'no')
    journal.on('event', (event) => this.#take(event))
    // What is repeated all night is told once a minute and counted every time.
    journal.on('detail', (event) => this.#take(event))
    link.on('transition', (from, _event, to) => this.#follow(from, to))
    link.on('usable', (usable) => this.#usable.enter(usable ? 'yes' : 'no'))
  }

  secondsIn(state: LinkState): number {
    return this.#states.seconds(state)
  }

  get usableSeconds(): number {
    return this.#usable.seconds('yes')
  }

  #take(event: JournalEvent): void {
    const fault = this.faults.note(event)
    if (fault !== undefined) this.#noteRestart(fault, event)
    const { route = '' } = event
    switch (event.event) {
      case 'dialing':
        this.#dialling = true
        break
      case 'carrier':
        this.#endDial('connected')
        break
      case 'dial-failed':
        this.#endDial(event.fault ?? 'interrupted')
        break
      case 'session-end':
        this.sessions.add(1, route, event.outcome ?? '')
        this.unacked.add(event.unacked ?? 0, route)
        break
      case 'rung':
        this.rungs.add(1, event.rung ?? '')
        this.rungSeconds.add((event.durationMs ?? 0) / 1000, event.rung ?? '')
        break
    }
  }

  #endDial(outcome: string): void {
    if (this.#dialling) this.dials.add(1, outcome)
    this.#dialling = false
  }

  #follow(from: LinkState, to: LinkState): void {
    this.#states.enter(to)
    if (from === 'dialing') this.#endDial('interrupted')
    if (from === 'online' && to === 'escaping') this.windows.add(1)
  }

  #noteRestart(fault: FaultCode, { event }: JournalEvent): void {
    // A warning of low voltage is told as a fault and is no restart yet.
    if (fault === 'modem-rebooted' || (fault === 'under-voltage' && event !== 'under-voltage')) this.restarts.add(1)
  }
}
