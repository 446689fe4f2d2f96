/** The SIM card in its holder: present, locked, with its attempts (AT manual 3.2.28). */
import { after, type Timer } from '../core/time.ts'
import type { Conditions } from './conditions.ts'
import type { Knobs } from './knobs.ts'
import type { ModemRecord } from './record.ts'

/** What AT+CPIN? says; `BUSY`: not yet. */
export type SimState = 'READY' | 'SIM PIN' | 'SIM PUK' | 'NOT INSERTED' | 'BUSY'

export interface SimParts {
  readonly knobs: Knobs
  readonly conditions: Conditions
  readonly record: ModemRecord
  /** The state changed by itself: `+CPIN: …` is due. */
  readonly changed: (state: SimState, urc: boolean) => void
}

export class Sim {
  readonly #parts: SimParts
  /** The card's PIN; empty: none asked. Tests may set it before power-up. */
  pin = ''
  puk = '12345678'
  attempts = 3
  pukAttempts = 10
  #entered = false
  #awake = false
  #present = true
  #timer: Timer | undefined

  constructor(parts: SimParts) {
    this.#parts = parts
    parts.conditions.onChange(() => this.#look())
  }

  get state(): SimState {
    if (!this.#present) return 'NOT INSERTED'
    if (!this.#awake) return 'BUSY'
    if (this.attempts === 0 || this.#parts.conditions.has('sim-puk')) return 'SIM PUK'
    return this.pin === '' || this.#entered ? 'READY' : 'SIM PIN'
  }

  /** The modem starts (or its radio does): the card is read; a PIN is due again. */
  begin(ready: boolean): void {
    this.#timer?.cancel()
    this.#entered = false
    this.#present = !this.#parts.conditions.has('sim-missing')
    this.#awake = ready
    if (ready) return
    this.#timer = after(this.#parts.knobs.simTime, () => {
      this.#awake = true
      this.#parts.changed(this.state, true)
    })
  }

  end(): void {
    this.#timer?.cancel()
    this.#awake = false
  }

  /** A PIN is switched on in the card, and wanted now; an empty one switches it off. */
  lock(pin: string, attempts: number): void {
    this.pin = pin
    this.attempts = attempts
    this.#entered = false
    this.#parts.changed(this.state, pin !== '')
  }

  /** AT+CPIN=<pin>: whether it was right. A wrong one costs an attempt. */
  enter(pin: string): boolean {
    const right = pin === this.pin
    this.#parts.record.pin(pin, right)
    this.attempts = right ? 3 : Math.max(0, this.attempts - 1)
    this.#entered = right
    if (right) this.#parts.changed('READY', true)
    return right
  }

  /** AT+CPIN=<puk>,<new pin>. */
  unblock(puk: string, pin: string): boolean {
    const right = puk === this.puk && this.pukAttempts > 0
    this.pukAttempts = right ? 10 : Math.max(0, this.pukAttempts - 1)
    if (right) {
      this.pin = pin
      this.attempts = 3
      this.#entered = true
      this.#parts.changed('READY', true)
    }
    return right
  }

  #look(): void {
    const here = !this.#parts.conditions.has('sim-missing')
    if (here === this.#present) return
    if (here && !this.#parts.knobs.simHotPlug) return
    this.#present = here
    if (here && this.#awake) this.begin(false)
    else this.#parts.changed(this.state, this.#awake)
  }
}
