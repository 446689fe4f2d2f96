/** Runs the table: one activity per state, its outcome or an event from outside leads to the next state. */
import { type ActiveState, type LinkEvent, type LinkState, next } from './states.ts'

/** Does what its state is there for; returns what came of it. It ends soon after its signal aborts. */
export type Activity = (signal: AbortSignal) => Promise<LinkEvent>

export interface MachineListener {
  /** Something went wrong in an activity; returns the event that stands for it. Bugs are thrown on. */
  onError(error: unknown, state: ActiveState): LinkEvent
  onTransition(from: LinkState, event: LinkEvent, to: LinkState): void
}

export class Machine {
  readonly #activities: Readonly<Record<ActiveState, Activity>>
  readonly #listener: MachineListener
  #state: LinkState
  #running: AbortController | undefined
  /** The event from outside that ended the running activity; the first one wins. */
  #told: LinkEvent | undefined

  constructor(initial: LinkState, activities: Readonly<Record<ActiveState, Activity>>, listener: MachineListener) {
    this.#state = initial
    this.#activities = activities
    this.#listener = listener
  }

  get state(): LinkState {
    return this.#state
  }

  /** Runs until `stopped`. @throws whatever an activity throws that is no fault: a bug */
  async run(): Promise<void> {
    while (this.#state !== 'stopped') {
      const from = this.#state
      const event = await this.#act(from)
      const to = next(from, event)
      if (to === undefined) throw new TypeError(`the table knows no "${event}" in "${from}"`)
      this.#state = to
      this.#listener.onTransition(from, event, to)
    }
  }

  /**
   * An event from outside: ends the running activity if the table knows it here, else it is dropped by rule. Of several
   * the first counts, but for an order to stop, which is never forgotten.
   */
  tell(event: LinkEvent): void {
    if ((this.#told !== undefined && event !== 'stopRequested') || next(this.#state, event) === undefined) return
    this.#told = event
    this.#running?.abort(new Error(event))
  }

  async #act(state: ActiveState): Promise<LinkEvent> {
    const running = new AbortController()
    this.#running = running
    // An event may come in the very moment between two activities.
    if (this.#told !== undefined && next(state, this.#told) !== undefined) running.abort(new Error(this.#told))
    try {
      const outcome = await this.#activities[state](running.signal)
      return this.#takeTold(state) ?? outcome
    } catch (error) {
      const told = this.#takeTold(state)
      return told ?? this.#listener.onError(error, state)
    } finally {
      this.#running = undefined
    }
  }

  #takeTold(state: LinkState): LinkEvent | undefined {
    const told = this.#told
    this.#told = undefined
    return told !== undefined && next(state, told) !== undefined ? told : undefined
  }
}
