/** Whether clients can be served: the state of the link and the budget both have a say. */
import type { Fault } from '../core/fault.ts'
import type { Budget } from './budget.ts'
import type { LinkState } from './states.ts'

/** States in which there is a carrier, or will be in a moment. */
const CONNECTED: ReadonlySet<LinkState> = new Set([
  'dialing',
  'online',
  'escaping',
  'commanding',
  'resuming',
  'closing',
])

export class Serving {
  readonly #budget: Budget
  /** There is a carrier, or will be in a moment. */
  connected = false
  /** The modem is up: it has a carrier or could dial. */
  up = false
  /** It may, too. */
  usable = false

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** @returns whether `usable` has changed */
  follow(state: LinkState): boolean {
    this.connected = CONNECTED.has(state)
    // A connection that ended leads over `attaching` back to `ready` within milliseconds: that is no outage.
    this.up = this.connected || state === 'ready' || (this.up && state === 'attaching')
    const before = this.usable
    this.usable = this.up && this.spent === undefined
    return this.usable !== before
  }

  /** The budget that forbids it. */
  get spent(): Fault | undefined {
    return this.#budget.fault(this.connected)
  }

  /** ISO time at which the budget allows it again, if nothing but the budget stands in the way. */
  get nextPeriod(): string | undefined {
    return this.up ? this.#budget.nextPeriod(this.connected) : undefined
  }
}
