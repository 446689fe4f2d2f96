/** The peers of a route: the first that answers is the one; a backup keeps its turn for a while, then the first has it again. */
import type { Target } from '../config/endpoint.ts'
import { now } from '../core/time.ts'

export class Peers {
  readonly #list: readonly Target[]
  readonly #backupMs: number
  /** The backup that answered when those before it did not, and until when it comes first, on `now()`'s clock. */
  #backup: { readonly index: number; readonly until: number } | undefined

  /** @param backupMs how long a backup that answered is dialled first; 0: the first of the list always is */
  constructor(list: readonly Target[], backupMs: number) {
    this.#list = list
    this.#backupMs = backupMs
  }

  /** In the order in which they are to be dialled now. */
  get inTurn(): readonly Target[] {
    if (this.#backup && now() >= this.#backup.until) this.#backup = undefined
    const { index } = this.#backup ?? { index: 0 }
    return [...this.#list.slice(index), ...this.#list.slice(0, index)]
  }

  /** `peer` answered. */
  answered(peer: Target): void {
    const index = this.#list.indexOf(peer)
    if (index === 0) this.#backup = undefined
    // A backup that answers again does not keep the first from its turn for longer.
    else if (index > 0 && this.#backup?.index !== index) this.#backup = { index, until: now() + this.#backupMs }
  }
}
