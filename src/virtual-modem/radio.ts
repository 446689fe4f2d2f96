/** The modem's place in the network: registration and packet service (AT manual 3.2.30, 7.2.1, 7.2.10). */
import { after, type Timer } from '../core/time.ts'
import type { Conditions } from './conditions.ts'
import type { Knobs } from './knobs.ts'

export interface RadioParts {
  readonly knobs: Knobs
  readonly conditions: Conditions
  /** Whether SIM and AT+CFUN allow a registration. */
  readonly allowed: () => boolean
  readonly registered: () => void
  readonly attached: (on: boolean) => void
  /** The packet service ended for good: a context cannot survive. */
  readonly detached: () => void
}

export class Radio {
  readonly #parts: RadioParts
  /** What +CSQ says; tests may set them. */
  rssi = 17
  ber = 0
  /** The cell's name for +CREG=2. */
  lac = '1806'
  cell = '5C6D'
  #stat = 0
  #attached = false
  /** AT+CGATT=0 said no. */
  #wanted = true
  #timer: Timer | undefined

  constructor(parts: RadioParts) {
    this.#parts = parts
    parts.conditions.onChange(() => this.look())
  }

  /** 0 not searching, 1 home, 2 searching, 3 denied, 4 unknown. */
  get stat(): number {
    return this.#stat
  }
  get attached(): boolean {
    return this.#attached
  }

  /** The modem starts: at once ready, or searching when it may. */
  begin(ready: boolean): void {
    this.end()
    this.#wanted = true
    this.#stat = ready ? 1 : 0
    this.#attached = ready
    this.look()
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#stat = 0
    this.#attached = false
  }

  /** AT+CGATT=<0,1>; returns whether it could be done. */
  attach(on: boolean): boolean {
    this.#wanted = on
    if (on) this.#parts.conditions.cure('attach')
    if (on && (this.#stat !== 1 || this.#parts.conditions.has('attach-failed'))) return false
    this.#setAttached(on)
    if (!on) this.#parts.detached()
    return true
  }

  /** Circumstances changed: what follows from them. */
  look(): void {
    const { conditions, knobs } = this.#parts
    const stuck = this.#stuckAt()
    if (stuck !== undefined) {
      this.#timer?.cancel()
      this.#timer = undefined
      this.#setAttached(false)
      if (!this.#parts.allowed()) this.#parts.detached()
      this.#setStat(stuck)
      return
    }
    if (conditions.has('attach-failed') && this.#attached) {
      this.#setAttached(false)
      this.#parts.detached()
    }
    if (this.#stat !== 1) {
      this.#setStat(2)
      this.#next(knobs.registerTime, () => this.#setStat(1))
    } else if (!this.#attached && this.#wanted && !conditions.has('attach-failed')) {
      this.#next(knobs.attachTime, () => this.#setAttached(true))
    }
  }

  /** The registration state that circumstances force; undefined: none. */
  #stuckAt(): number | undefined {
    const { conditions } = this.#parts
    if (!this.#parts.allowed()) return 0
    if (conditions.has('registration-denied')) return 3
    return conditions.of('not-registered')?.stat
  }

  #next(ms: number, action: () => void): void {
    this.#timer ??= after(ms, () => {
      this.#timer = undefined
      action()
      this.look()
    })
  }

  #setStat(stat: number): void {
    if (stat === this.#stat) return
    this.#stat = stat
    this.#parts.registered()
  }

  #setAttached(on: boolean): void {
    if (on === this.#attached) return
    this.#attached = on
    this.#parts.attached(on)
  }
}
