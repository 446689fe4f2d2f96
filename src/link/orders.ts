/** What others want of the link. Levels: an order stands until it is carried out or taken back. */
import { Fault } from '../core/fault.ts'
import { now, reasonOf } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import { Bell } from './bell.ts'
import type { DialOptions } from './dial-settings.ts'

export interface Destination extends DialOptions {
  readonly host: string
  readonly port: number
  /** With `udp`: each write is one datagram; else the modem makes packets of the stream as it likes. */
  readonly datagrams?: boolean
}

/** Somebody wants a carrier. */
export interface DialOrder {
  readonly to: Destination
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
  readonly resolve: (carrier: Carrier) => void
  readonly reject: (fault: Fault) => void
}

/** What came of one AT command that a person asked. */
export interface Asked {
  readonly ok: boolean
  /** The modem's final line. */
  readonly result: string
  readonly lines: readonly string[]
  /** How long data was held for it, in ms; 0 without a session. */
  readonly windowMs: number
}

export interface AskOrder {
  readonly command: string
  /** When it was placed, on `now()`'s clock. */
  readonly placedAt: number
  readonly resolve: (asked: Asked) => void
  readonly reject: (reason: Error) => void
  /** Aborts when whoever asked has left. */
  readonly signal: AbortSignal | undefined
}

/** Somebody wants the carrier to end. */
export interface HangUpOrder {
  /** Whether what went up is to be acknowledged by the peer first; false: at once. */
  readonly deliver: boolean
  /** Silence of the peer that is waited for first, in ms. */
  readonly lingerMs: number
  /** When it was placed, on `now()`'s clock. */
  readonly placedAt: number
  /** On `now()`'s clock: by then it is over. */
  readonly deadline: number
  /** Why nobody of those who talk wanted this end: they are told that it broke. */
  readonly fault?: Fault
}

export class Orders {
  /** Rings whenever something here changes, and for news of the carrier. */
  readonly bell = new Bell()
  dial: DialOrder | undefined
  asks: AskOrder[] = []
  hangUp: HangUpOrder | undefined

  /** @returns the carrier once it is up. Rejects with the Fault that prevented it. */
  placeDial(to: Destination, signal: AbortSignal): Promise<Carrier> {
    return new Promise((resolve, reject) => {
      if (this.dial) {
        reject(new TypeError('a dial is ordered already: admission lets one client in at a time'))
        return
      }
      const onAbort = (): void => {
        if (this.dial === order) this.dial = undefined
        reject(reasonOf(signal))
        this.bell.ring()
      }
      // The client of an order that is being carried out may have left, and another one be waiting.
      const done = (): void => {
        if (this.dial === order) this.dial = undefined
        signal.removeEventListener('abort', onAbort)
      }
      const order: DialOrder = {
        to,
        signal,
        resolve: (carrier) => {
          done()
          resolve(carrier)
        },
        reject: (fault) => {
          done()
          reject(fault)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.dial = order
      this.bell.ring()
    })
  }

  /** Taken back when `signal` aborts, unless it is on its way to the modem. Rejects with the signal's reason then. */
  placeAsk(command: string, signal?: AbortSignal): Promise<Asked> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (!this.asks.includes(ask)) return
        this.asks = this.asks.filter((other) => other !== ask)
        if (signal) ask.reject(reasonOf(signal))
      }
      const done = (): void => signal?.removeEventListener('abort', onAbort)
      const ask: AskOrder = {
        command,
        placedAt: now(),
        signal,
        resolve: (asked) => {
          done()
          resolve(asked)
        },
        reject: (reason) => {
          done()
          reject(reason)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.asks.push(ask)
      this.bell.ring()
    })
  }

  placeHangUp(order: HangUpOrder): void {
    this.hangUp = order
    this.bell.ring()
  }

  /** The link cannot serve: everybody is told why. */
  refuseAll(fault: Fault): void {
    this.dial?.reject(fault)
    for (const ask of this.asks.splice(0)) ask.reject(fault)
    this.hangUp = undefined
  }
}
