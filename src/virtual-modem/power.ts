/** On, off and in between: the boot's time line, the power key and the reset pin (modem-facts 4, 5). */
import { after, now, type Timer } from '../core/time.ts'
import type { Knobs } from './knobs.ts'

export type PowerState = 'off' | 'booting' | 'on'

/** What PC tools look for right after power-up (AT manual 1.4). */
export const SYNC_BYTES = Uint8Array.from([0x00, 0x49, 0x49, 0x49, 0x49, 0xff, 0xff, 0xff, 0xff])

/** How long PWRKEY must be held, in milliseconds (SIM800L hardware design). */
const KEY_TIME = 1000
/** From the last word to being off, at most, in milliseconds (SIM900B; modem-facts 5). */
const LOG_OUT_TIME = 1700
/** How long the reset pin must be held, in milliseconds (SIM800L hardware design). */
const RESET_TIME = 105

export interface PowerParts {
  readonly knobs: Knobs
  /** The boot begins: the raw bytes are due. */
  readonly begun: (fromOff: boolean) => void
  /** The serial port answers; boot lines unless `silent`. */
  readonly up: (silent: boolean) => void
  /** Call Ready, SMS Ready. */
  readonly ready: (silent: boolean) => void
  readonly gone: () => void
  /** The power key was held long enough while the modem was on. */
  readonly keyOff: () => void
  readonly resetPin: () => void
}

export class Power {
  readonly #parts: PowerParts
  #state: PowerState = 'off'
  #timer: Timer | undefined
  #key: Timer | undefined
  #resetSince: number | undefined

  constructor(parts: PowerParts) {
    this.#parts = parts
  }

  get state(): PowerState {
    return this.#state
  }

  /** Starts the boot; `silent`: without its lines. */
  boot(silent = false): void {
    this.#timer?.cancel()
    const fromOff = this.#state === 'off'
    this.#state = 'booting'
    this.#parts.begun(fromOff)
    const { bootTime, simTime, callReadyTime } = this.#parts.knobs
    this.#timer = after(bootTime, () => {
      this.#state = 'on'
      this.#timer = after(simTime + callReadyTime, () => this.#parts.ready(silent))
      this.#parts.up(silent)
    })
  }

  /** Already on, long booted. */
  skipBoot(): void {
    this.#state = 'on'
  }

  off(): void {
    this.#timer?.cancel()
    if (this.#state === 'off') return
    this.#state = 'off'
    this.#parts.gone()
  }

  /** Off once the last word has left; a modem that hangs never gets it out, and goes off all the same. */
  logOut(whenSent: (action: () => void) => void, whenOff?: () => void): void {
    const off = (): void => {
      this.off()
      whenOff?.()
    }
    this.#timer?.cancel()
    this.#timer = after(LOG_OUT_TIME, off)
    whenSent(off)
  }

  /** PWRKEY: acts when it was held for 1 s. */
  setKey(pressed: boolean): void {
    this.#key?.cancel()
    if (!pressed) return
    this.#key = after(KEY_TIME, () => {
      if (this.#state === 'off') this.boot()
      else if (this.#state === 'on') this.#parts.keyOff()
    })
  }

  /** The reset pin: acts on release, when it was held for 105 ms. */
  setReset(pressed: boolean): void {
    const since = this.#resetSince
    this.#resetSince = pressed ? (since ?? now()) : undefined
    if (!pressed && since !== undefined && now() - since >= RESET_TIME && this.#state !== 'off') this.#parts.resetPin()
  }
}
