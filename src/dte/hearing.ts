/**
 * Whether the modem's last words would have been heard by now. While the client takes nothing, nothing is read; what the
 * modem has said meanwhile waits in its own buffer, behind bytes of the peer.
 */
import { afterInput, now, type Timer } from '../core/time.ts'

/** What a modem keeps back for so long is under way for as long anyhow, in ms. */
const SHORT_MS = 500
/** A modem that has more to say leaves no such pause once it may, in ms; a USB adapter leaves 16. */
const QUIET_MS = 100
/** In this time a line at 57,600 baud empties every buffer before it, in ms: a peer may talk for longer without a pause. */
const CATCH_UP_MS = 2_000

export class Hearing {
  readonly #onSure: () => void
  #deafSince: number | undefined
  /** When catching up is over at the latest, on `now()`'s clock. */
  #until: number | undefined
  #timer: Timer | undefined

  /** @param onSure told when it is sure again */
  constructor(onSure: () => void) {
    this.#onSure = onSure
  }

  /** Whether everything that the modem said a while ago was read. */
  get sure(): boolean {
    return this.#deafSince === undefined
  }

  /** Nothing is read from now on. */
  stop(): void {
    this.#deafSince ??= now()
    this.#until = undefined
    this.#timer?.cancel()
  }

  /** Reading goes on. */
  start(): void {
    if (this.#deafSince === undefined || this.#until !== undefined) return
    if (now() - this.#deafSince < SHORT_MS) {
      this.#deafSince = undefined
      return
    }
    this.#until = now() + CATCH_UP_MS
    this.#await()
  }

  /** Something was read. */
  heard(): void {
    if (this.#until !== undefined && now() < this.#until) this.#await()
  }

  /** Nobody asks any more. */
  end(): void {
    this.#timer?.cancel()
  }

  #await(): void {
    this.#timer?.cancel()
    this.#timer = afterInput(QUIET_MS, () => {
      this.#deafSince = undefined
      this.#until = undefined
      this.#onSure()
    })
  }
}
