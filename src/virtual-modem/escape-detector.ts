/** Finds the escape sequence: silence, exactly three pluses, silence (AT manual 2.2.12, app note 2.2.4). */
import { after, now, type Timer } from '../core/time.ts'

const PLUS = 0x2b

export interface EscapeTiming {
  /** Milliseconds of silence before the first plus, after the third, and the longest pause between two. */
  readonly before: number
  readonly after: number
  readonly gap: number
  /** Whether the pluses of a sequence that succeeds are data as well. */
  readonly leaks: boolean
}

export interface EscapeEnds {
  data(bytes: Uint8Array): void
  escape(): void
}

/** Pluses that may still become an escape are held; those of a failed sequence are data, in their place. */
export class EscapeDetector {
  readonly #timing: () => EscapeTiming
  readonly #ends: EscapeEnds
  /** When the last byte had arrived, in whatever mode. */
  #lastAt = Number.NEGATIVE_INFINITY
  #pluses = 0
  /** How many of them went to the peer already. */
  #leaked = 0
  #timer: Timer | undefined

  constructor(timing: () => EscapeTiming, ends: EscapeEnds) {
    this.#timing = timing
    this.#ends = ends
  }

  /** Bytes that are not watched (command mode, `esc` 0): they end a silence all the same. */
  pass(lastAt: number): void {
    this.#lastAt = lastAt
  }

  /** Contiguous bytes in data mode. Returns those that came after an escape: they belong to command mode. */
  feed(bytes: Uint8Array, firstAt: number, lastAt: number): Uint8Array | undefined {
    if (this.#pluses === 3 && firstAt - this.#lastAt >= this.#timing().after) {
      this.#succeed()
      return bytes
    }
    this.#timer?.cancel()
    const silence = firstAt - this.#lastAt
    if (this.#pluses > 0 && silence > this.#timing().gap) this.#fail()
    let used = 0
    if (this.#pluses > 0 || silence >= this.#timing().before) {
      while (used < bytes.length && bytes[used] === PLUS && this.#pluses < 4) {
        this.#pluses++
        used++
      }
    }
    this.#lastAt = lastAt
    if (used < bytes.length || this.#pluses > 3) {
      this.#fail()
      if (used < bytes.length) this.#ends.data(bytes.subarray(used))
    } else {
      if (this.#timing().leaks && used > 0) this.#leak(used)
      this.#wait()
    }
    return undefined
  }

  /** Data mode ended otherwise: held pluses are data. */
  settle(): void {
    this.#fail()
  }

  forget(): void {
    this.#timer?.cancel()
    this.#pluses = 0
    this.#leaked = 0
  }

  #leak(pluses: number): void {
    this.#leaked += pluses
    this.#ends.data(new Uint8Array(pluses).fill(PLUS))
  }

  #wait(): void {
    const timing = this.#timing()
    const silence = this.#pluses === 3 ? timing.after : timing.gap + 1
    this.#timer = after(Math.max(0, Math.ceil(this.#lastAt + silence - now())), () => {
      if (this.#pluses === 3) this.#succeed()
      else this.#fail()
    })
  }

  #fail(): void {
    this.#timer?.cancel()
    const held = this.#pluses - this.#leaked
    this.#pluses = 0
    this.#leaked = 0
    if (held > 0) this.#ends.data(new Uint8Array(held).fill(PLUS))
  }

  #succeed(): void {
    this.forget()
    this.#ends.escape()
  }
}
