/** A carrier that outlives its clients: one after the other has it, and between two of them it is nobody's. */
import { after, now, type Timer } from '../core/time.ts'
import type { CarrierEnd, CarrierUser } from '../dte/carrier-user.ts'
import type { Reached } from './reached.ts'
import type { HangUp, SessionCarrier } from './session.ts'

/** Bytes of the peer that are kept for the next client; more is held back by flow control. */
const MOST_KEPT = 64 * 1024

export interface StandingOptions {
  /** What becomes of bytes that come after a client has left. What the peer says before the first client is always kept. */
  readonly meanwhile: 'drop' | 'keep'
  /** Silence of the peer after which what comes is not meant for the client that has gone, in ms. */
  readonly lingerMs: number
  /** Told once, with what was dropped, in bytes. */
  readonly onEnd: (end: CarrierEnd, dropped: number) => void
}

export class StandingCarrier implements SessionCarrier, CarrierUser {
  readonly #reached: Reached
  readonly #options: StandingOptions
  #user: CarrierUser | undefined
  #userFull = false
  #kept: Buffer[] = []
  #keptBytes = 0
  #served = false
  #dropped = 0
  #lastByteAt = now()
  #lingering: Timer | undefined
  /** Of the client that has it. */
  bytesUp = 0
  bytesDown = 0
  ended = false

  constructor(reached: Reached, options: StandingOptions) {
    this.#reached = reached
    this.#options = options
    reached.carrier.attach(this)
  }

  get reached(): Reached {
    return this.#reached
  }

  // What a session sees

  attach(user: CarrierUser): void {
    this.#served = true
    this.#user = user
    this.wantMore()
  }

  write(chunk: Buffer): boolean {
    this.bytesUp += chunk.length
    return this.#reached.carrier.write(chunk)
  }

  get hasRoom(): boolean {
    return this.#reached.carrier.hasRoom
  }

  wantMore(): void {
    this.#userFull = false
    let more = true
    for (const bytes of this.#kept.splice(0)) {
      this.#keptBytes -= bytes.length
      more = this.onBytes(bytes)
    }
    if (more) this.#reached.carrier.wantMore()
  }

  /**
   * The client goes. If it had finished in order and the peer falls silent, the carrier stays for the next one; if not,
   * bytes that were meant for this one may be on their way, and the carrier ends with it.
   */
  hangUp(order: HangUp): void {
    this.#lingering?.cancel()
    if (this.ended) return
    if (!order.deliver) this.#reached.hangUp(order)
    else {
      const lingerMs = Math.max(order.lingerMs, this.#options.lingerMs)
      this.#linger({ ...order, lingerMs }, now(), now() + order.timeoutMs)
    }
  }

  #linger(order: HangUp, since: number, deadline: number): void {
    const silentFrom = Math.max(since, this.#lastByteAt)
    const left = silentFrom + order.lingerMs - now()
    if (left <= 0 && !this.#userFull) this.#letGo({ kind: 'hung-up', unacknowledged: null })
    else if (now() >= deadline) this.#reached.hangUp({ ...order, lingerMs: 0 })
    else {
      const wait = Math.min(Math.max(20, left), deadline - now())
      this.#lingering = after(wait, () => this.#linger(order, since, deadline))
    }
  }

  #letGo(end: CarrierEnd): void {
    this.#lingering?.cancel()
    const user = this.#user
    this.#user = undefined
    this.#userFull = false
    user?.onEnd(end)
    this.bytesUp = 0
    this.bytesDown = 0
  }

  /** Nobody is to have it any more. */
  dismiss(timeoutMs: number): void {
    if (!this.ended) this.#reached.hangUp({ deliver: true, lingerMs: 0, timeoutMs })
  }

  // What the carrier tells

  onBytes(chunk: Buffer): boolean {
    this.#lastByteAt = now()
    if (this.#user && !this.#userFull) {
      this.bytesDown += chunk.length
      this.#userFull = !this.#user.onBytes(chunk)
      return !this.#userFull
    }
    if (!this.#user && this.#served && this.#options.meanwhile === 'drop') {
      this.#dropped += chunk.length
      return true
    }
    this.#kept.push(chunk)
    this.#keptBytes += chunk.length
    return this.#keptBytes < MOST_KEPT && !this.#userFull
  }

  onWritable(): void {
    this.#user?.onWritable()
  }

  onEnd(end: CarrierEnd): void {
    this.ended = true
    // Kept bytes that a client is still to read come before its end.
    if (this.#user && this.#keptBytes > 0) {
      for (const bytes of this.#kept.splice(0)) this.#user.onBytes(bytes)
      this.bytesDown += this.#keptBytes
    }
    this.#letGo(end)
    this.#options.onEnd(end, this.#dropped)
  }
}
