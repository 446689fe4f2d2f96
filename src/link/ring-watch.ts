/** RI in data mode, where the modem can say nothing else: a pulse for a message, a call and some other news. */
import { now } from '../core/time.ts'

/** A look holds the data: not more often than this, in ms, however often it rings. */
const LOOK_EVERY_MS = 60_000

export class RingWatch {
  #level: boolean | undefined
  #unseen = false
  #lookedAt = Number.NEGATIVE_INFINITY
  /** Pulses seen so far. */
  pulses = 0

  /** Data mode begins: what rang before was said in words. */
  begin(): void {
    this.#level = undefined
  }

  /** RI as it is now, or was for a moment since the last time. */
  see(level: boolean): void {
    if (level && this.#level === false) {
      this.pulses += 1
      this.#unseen = true
    }
    this.#level = level
  }

  /** Whether it is worth a look at what the modem has to say, and time for one; the asker looks. */
  takeLook(): boolean {
    if (!this.#unseen || now() - this.#lookedAt < LOOK_EVERY_MS) return false
    this.#unseen = false
    this.#lookedAt = now()
    return true
  }
}
