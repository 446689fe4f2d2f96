/** Counts failures in a row and says which rung of the ladder is next. */
import { type Fault, RUNGS, type Rung } from '../core/fault.ts'
import { now, wallClockIn } from '../core/time.ts'
import { type Pauses, pauseBefore, rungFor } from './ladder.ts'

export interface RecoveryStep {
  readonly fault: Fault
  readonly rung: Rung
  /** 1 for the first failure in a row. */
  readonly attempt: number
  readonly pauseMs: number
  /** The same fault and rung as the step before: no news. */
  readonly again?: true
  /** Nothing went wrong: a person wants it. */
  readonly ordered?: true
  /** Of rung hard-reset: nothing but one press of the power key. */
  readonly key?: 'once'
}

export class Recovery {
  readonly #pauses: Pauses
  readonly #available: ReadonlySet<Rung>
  #failures = 0
  #pause = { end: '', until: 0 }
  #healthySince: number | undefined
  readonly #healthyAfterMs: number
  step: RecoveryStep | undefined

  constructor(pauses: Pauses, healthyAfterMs: number, canResetHardware: boolean) {
    this.#pauses = pauses
    this.#healthyAfterMs = healthyAfterMs
    this.#available = new Set(RUNGS.filter((rung) => rung !== 'hard-reset' || canResetHardware))
  }

  /** One more failure. */
  note(fault: Fault): RecoveryStep {
    if (this.#healthySince !== undefined && now() - this.#healthySince >= this.#healthyAfterMs) this.#failures = 0
    this.#healthySince = undefined
    this.#failures += 1
    const rung = rungFor(this.#failures, fault.code, this.#available)
    const pauseMs = pauseBefore(this.#failures, fault.code, this.#pauses, Math.random())
    const again = this.step?.fault.code === fault.code && this.step.rung === rung ? { again: true as const } : {}
    this.step = { fault, rung, attempt: this.#failures, pauseMs, ...again }
    return this.step
  }

  /** The step's pause begins. */
  beginPause(): void {
    const { pauseMs = 0 } = this.step ?? {}
    this.#pause = { end: wallClockIn(pauseMs), until: now() + pauseMs }
  }

  /** ISO time at which the pause is over; undefined if it is. */
  get pauseEnd(): string | undefined {
    return now() < this.#pause.until ? this.#pause.end : undefined
  }

  /** The link works from now on; if that lasts, the ladder starts over. */
  healthy(): void {
    this.#healthySince ??= now()
  }

  /** A session went from dial to an end in order: the ladder starts over at once. */
  proven(): void {
    this.#failures = 0
  }
}
