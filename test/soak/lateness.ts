/** Whether this process, which plays the modem, was kept from its work: then its lines have pauses that no UART makes. */
import { every, now, type Timer } from '../../src/core/time.ts'

const LOOK_MS = 5
/** Half of what the daemon gives the rest of a line. */
const LATE_MS = 10
/** What a pause has spoilt shows within this time. */
const RECENT_MS = 400

export class Lateness {
  #lookedAt = now()
  #lateAt = Number.NEGATIVE_INFINITY
  readonly #looks: Timer

  constructor() {
    this.#looks = every(LOOK_MS, () => this.#look())
  }

  get recent(): boolean {
    this.#look()
    return now() - this.#lateAt < RECENT_MS
  }

  end(): void {
    this.#looks.cancel()
  }

  #look(): void {
    if (now() - this.#lookedAt > LOOK_MS + LATE_MS) this.#lateAt = now()
    this.#lookedAt = now()
  }
}
