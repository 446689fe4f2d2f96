/**
 * The link's heart: whether the state machine still gets on. Every wait in the link has a bound (P9), so that one which
 * lasts longer than any may is a bug or a call that hangs in the kernel: then the service manager's watchdog is not fed.
 */
import { now } from '../core/time.ts'

/** The longest wait of all is AT+CIPSTART's (160 s, AT manual 8.2.2); time to hand over its outcome comes on top. */
const LONGEST_WAIT_MS = 200_000

export class Heart {
  readonly #boundMs: number
  #beatAt = now()
  #restUntil = 0

  /** @param bootMs how long a modem that boots is waited for */
  constructor(bootMs: number) {
    this.#boundMs = LONGEST_WAIT_MS + bootMs
  }

  /** Something came of a wait: a state was left, a line said or heard, a loop has turned. */
  beat(): void {
    this.#beatAt = now()
  }

  /** A wanted pause of `ms` begins. */
  rest(ms: number): void {
    this.#restUntil = now() + ms
  }

  /** A pause is over, or cut short. */
  wake(): void {
    this.#restUntil = 0
    this.beat()
  }

  /** Whether it has beaten within the bound. */
  get beats(): boolean {
    return now() - Math.max(this.#beatAt, this.#restUntil) < this.#boundMs
  }
}
