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

  /** Whether bytes at `rate` can be read; autobaud learns a new rate from `AT` in command mode. */
  hears(bytes: Uint8Array, rate: number, commandMode: boolean): boolean {
    if (this.#fixed === 0 && commandMode && rate !== this.#found && this.#trains(bytes)) {
      if (rate <= this.#knobs.autobaudMax && RATES.some((known) => known === rate)) this.#found = rate
    }
    return rate === this.rate
  }

  /** Whether `AT` or `at` is in the bytes, also over a cut. */
  #trains(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      const pair = (this.#before === 0x41 && byte === 0x54) || (this.#before === 0x61 && byte === 0x74)
      this.#before = byte
      if (pair) return true
    }
    return false
  }
}
