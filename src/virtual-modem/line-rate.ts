/** The rate of the modem's serial port: fixed, or found from an `AT` (AT manual 2.2.41). */
import type { Knobs } from './knobs.ts'

/** AT manual 2.2.41; 921600 only where the knob `maxBaudRate` allows it. */
export const RATES = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600] as const

export class LineRate {
  readonly #knobs: Knobs
  #fixed = 0
  /** What autobaud found; 0: nothing yet. */
  #found = 0
  #before = 0

  constructor(knobs: Knobs) {
    this.#knobs = knobs
  }

  /** 0 while autobaud has found none. */
  get rate(): number {
    return this.#fixed || this.#found
  }

  /** AT+IPR took effect; going to autobaud keeps the rate until the next reset. */
  set(ipr: number): void {
    if (ipr === 0) this.#found = this.rate
    this.#fixed = ipr
  }

  /** A reset: autobaud starts over. */
  start(ipr: number): void {
    this.#fixed = ipr
    this.#found = 0
  }

  /**
   * What can be read of bytes at `rate`; autobaud learns a new rate from `AT` in command mode, of which the `A` may have come
   * before. undefined if they can't be.
   */
  read(bytes: Uint8Array, rate: number, commandMode: boolean): Uint8Array | undefined {
    const before = this.#before
    if (this.#fixed !== 0 || !commandMode || rate === this.#found) return rate === this.rate ? bytes : undefined
    const at = this.#trainsAt(bytes)
    if (at < 0 || rate > this.#knobs.autobaudMax || !RATES.some((known) => known === rate)) return undefined
    this.#found = rate
    return at === 0 ? Buffer.of(before, ...bytes) : bytes
  }

  /** Where the `T` of `AT` or `at` is in the bytes, also over a cut; -1 if it is not. */
  #trainsAt(bytes: Uint8Array): number {
    for (const [at, byte] of bytes.entries()) {
      const pair = (this.#before === 0x41 && byte === 0x54) || (this.#before === 0x61 && byte === 0x74)
      this.#before = byte
      if (pair) return at
    }
    return -1
  }
}
