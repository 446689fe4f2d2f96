/** A session: one client joined to one carrier, from the client's first byte to an honest end. */
import { Fault } from '../core/fault.ts'
import { after, now, type Timer } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { CarrierEnd, CarrierUser } from '../dte/carrier-user.ts'
import type { ClientSocket } from './client.ts'
import { TurnedAway, type TurnedAwayOutcome } from './turned-away.ts'

/** Bytes of a client that are taken before there is a carrier; more waits in its socket. */
const EARLY_BYTES = 64 * 1024
/** The same for pieces that are small. */
const EARLY_PIECES = 64

/** What a session needs of a carrier. */
export type SessionCarrier = Pick<Carrier, 'attach' | 'write' | 'hasRoom' | 'wantMore' | 'bytesUp' | 'bytesDown'>

export interface HangUp {
  /** Whether what went up has to be acknowledged by the peer first. */
  readonly deliver: boolean
  /** Silence of the peer that ends the wait for its rest. */
  readonly lingerMs: number
  /** Bound on all of it. */
  readonly timeoutMs: number
}

/** The way to the peer as a session sees it. */
export interface SessionLink {
  /** A carrier, whatever it takes to get one. Rejects with Fault, TurnedAway or the signal's reason. */
  dial(signal: AbortSignal): Promise<SessionCarrier>
  hangUp(order: HangUp): void
}

export interface SessionOptions {
  readonly lingerMs: number
  readonly closeTimeoutMs: number
  /** 0: never. */
  readonly idleTimeoutMs: number
}

/** How a session ended. */
export interface SessionEnd {
  readonly outcome:
    | 'closed-by-peer'
    | 'closed-by-client'
    | 'aborted-by-client'
    | 'hung-up'
    | 'broken'
    | 'not-dialled'
    | TurnedAwayOutcome
  readonly fault?: Fault
  /** Why it was turned away. */
  readonly reason?: string
  readonly bytesUp: number
  readonly bytesDown: number
  readonly unacked: number | null
  /** Pieces that the client wrote and that never had a carrier. */
  readonly untold: number
}

export class Session implements CarrierUser {
  readonly #client: ClientSocket
  readonly #link: SessionLink
  readonly #options: SessionOptions
  readonly #gone = new AbortController()
  #carrier: SessionCarrier | undefined
  #early: Buffer[] = []
  #earlyBytes = 0
  #clientEnded = false
  #clientGone = false
  #over: ((end: SessionEnd) => void) | undefined
  /** The carrier has ended: nothing of it is asked any more. */
  #ended = false
  #evicted: TurnedAway | undefined
  /** It was silent for too long: nothing more is taken of it. */
  #leaving = false
  /** Since when the client takes nothing, on `now()`'s clock. */
  #fullSince: number | undefined
  #lastByteAt = now()
  #timer: Timer | undefined

  constructor(client: ClientSocket, link: SessionLink, options: SessionOptions) {
    this.#client = client
    this.#link = link
    this.#options = options
    client.on('data', (chunk: Buffer) => this.#onClientBytes(chunk))
    client.on('end', () => this.#onClientEnd())
    client.on('drain', () => this.#onClientDrain())
    client.on('error', () => this.#onClientGone())
    client.on('close', () => this.#onClientGone())
    if (client.readableEnded) this.#onClientEnd()
    if (client.destroyed) this.#onClientGone()
  }

  /** Dials and carries bytes until it is over. */
  async run(): Promise<SessionEnd> {
    const over = new Promise<SessionEnd>((resolve) => {
      this.#over = resolve
    })
    const failure = await this.#dial()
    if (failure === undefined) return over
    if (failure instanceof Fault) return { ...this.#nothing(), outcome: 'broken', fault: failure }
    if (failure === 'gone') return this.#nothing()
    return { ...this.#nothing(), outcome: failure.outcome, reason: failure.message }
  }

  /** Another client has its place: this one is reset at once; what it finished in order is delivered before the hang-up. */
  evict(why: TurnedAway): void {
    this.#evicted = why
    if (!this.#carrier) {
      this.#gone.abort(why)
      return
    }
    this.#client.resetAndDestroy()
    const { closeTimeoutMs } = this.#options
    if (!this.#ended) this.#link.hangUp({ deliver: this.#clientEnded, lingerMs: 0, timeoutMs: closeTimeoutMs })
  }

  /** The daemon stops: whoever has no carrier gets none any more. */
  giveUp(fault: Fault): void {
    if (!this.#carrier) this.#gone.abort(fault)
  }

  /** For how long the client has left bytes unread, in ms. */
  get stalledMs(): number {
    return this.#fullSince === undefined ? 0 : now() - this.#fullSince
  }

  /** @returns what prevented the carrier, or undefined once it is joined */
  async #dial(): Promise<Fault | TurnedAway | 'gone' | undefined> {
    const { signal } = this.#gone
    try {
      signal.throwIfAborted()
      this.#join(await this.#link.dial(signal))
      return undefined
    } catch (error) {
      if (error instanceof Fault || error instanceof TurnedAway) return error
      if (error === signal.reason) return 'gone'
      throw error
    }
  }

  #nothing(): SessionEnd {
    // Nobody of the far side has closed: a client that waits for an answer must not take this for an empty one (P2).
    this.#client.resetAndDestroy()
    return { outcome: 'not-dialled', bytesUp: 0, bytesDown: 0, unacked: null, untold: this.#early.length }
  }

  #join(carrier: SessionCarrier): void {
    this.#carrier = carrier
    this.#watchIdle()
    for (const chunk of this.#early.splice(0)) carrier.write(chunk)
    carrier.attach(this)
    if (this.#clientGone) this.#hangUp(this.#clientEnded)
    else if (this.#clientEnded) this.#hangUp(true)
    else if (!carrier.hasRoom) this.#client.pause()
    else this.#client.resume()
  }

  // The client's side

  #onClientBytes(chunk: Buffer): void {
    this.#lastByteAt = now()
    if (this.#carrier) {
      if (!this.#carrier.write(chunk)) this.#client.pause()
      return
    }
    this.#early.push(chunk)
    this.#earlyBytes += chunk.length
    if (this.#earlyBytes >= EARLY_BYTES || this.#early.length >= EARLY_PIECES) this.#client.pause()
  }

  #onClientEnd(): void {
    this.#clientEnded = true
    if (this.#carrier) this.#hangUp(true)
    // Nobody dials for a client that says nothing and leaves: a port scanner, a health check.
    else if (this.#earlyBytes === 0) this.#gone.abort(new Error('the client left before it said anything'))
  }

  #onClientDrain(): void {
    this.#fullSince = undefined
    this.#carrier?.wantMore()
  }

  /** An error, or the socket is closed: nothing more can be given to the client. */
  #onClientGone(): void {
    if (this.#clientGone) return
    this.#clientGone = true
    if (this.#carrier) this.#hangUp(this.#clientEnded)
    // Bytes that the client finished are delivered although it does not wait for the answer.
    else if (!this.#clientEnded || this.#earlyBytes === 0) this.#gone.abort(new Error('the client is gone'))
    // What the carrier still brings has nowhere to go: it is taken and dropped.
    this.#carrier?.wantMore()
  }

  /** @param deliver whether the client finished in order, so that its last bytes have to arrive */
  #hangUp(deliver: boolean): void {
    if (this.#ended || this.#evicted) return
    const { lingerMs, closeTimeoutMs } = this.#options
    this.#link.hangUp({ deliver, lingerMs: this.#clientGone ? 0 : lingerMs, timeoutMs: closeTimeoutMs })
  }

  #watchIdle(): void {
    const { idleTimeoutMs } = this.#options
    if (idleTimeoutMs === 0 || this.#ended) return
    const left = this.#lastByteAt + idleTimeoutMs - now()
    if (left <= 0) {
      // What it still writes would go nowhere: one whose next session can have it keeps it.
      this.#leaving = true
      this.#client.pause()
      this.#hangUp(true)
    } else this.#timer = after(left, () => this.#watchIdle())
  }

  // The carrier's side

  onBytes(chunk: Buffer): boolean {
    this.#lastByteAt = now()
    if (this.#clientGone || this.#client.destroyed) return true
    if (this.#client.write(chunk)) return true
    this.#fullSince ??= now()
    return false
  }

  onWritable(): void {
    if (!this.#clientGone && !this.#leaving) this.#client.resume()
  }

  onEnd(end: CarrierEnd): void {
    this.#ended = true
    this.#timer?.cancel()
    const { bytesUp = 0, bytesDown = 0 } = this.#carrier ?? {}
    const unacked = end.kind === 'hung-up' ? end.unacknowledged : null
    const fault = end.kind === 'broken' ? { fault: end.fault } : {}
    this.#tellClient(end)
    const outcome = this.#outcome(end)
    const reason = outcome === this.#evicted?.outcome ? { reason: this.#evicted.message } : {}
    this.#over?.({ outcome, bytesUp, bytesDown, unacked, untold: 0, ...fault, ...reason })
  }

  #outcome(end: CarrierEnd): SessionEnd['outcome'] {
    if (end.kind === 'closed') return 'closed-by-peer'
    if (end.kind === 'broken') return 'broken'
    if (this.#evicted) return this.#evicted.outcome
    if (this.#clientEnded) return 'closed-by-client'
    return this.#clientGone ? 'aborted-by-client' : 'hung-up'
  }

  /** A clean end only if the peer closed and all it sent was handed over; any other end is a reset (P2). */
  #tellClient(end: CarrierEnd): void {
    if (end.kind !== 'closed') {
      this.#client.resetAndDestroy()
      return
    }
    this.#client.end()
    // What the client still sends goes nowhere; it is read so that its end can be seen.
    this.#client.resume()
    this.#letGo(this.#client.writableLength)
  }

  /** Waits for a client as long as it reads; what it has not read by then would be missing in a clean end (P2). */
  #letGo(unread: number): void {
    const client = this.#client
    const limit = after(this.#options.closeTimeoutMs, () => {
      const left = client.writableLength
      if (left === 0) client.destroy()
      else if (left === unread) client.resetAndDestroy()
      else this.#letGo(left)
    })
    client.once('close', () => limit.cancel())
  }
}
