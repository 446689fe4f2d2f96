/** TLS over a carrier: between the daemon and the peer, while the client speaks without it. */
import type { TLSSocket } from 'node:tls'
import { Fault } from '../core/fault.ts'
import { after, now, reasonOf, soon, type Timer } from '../core/time.ts'
import { loadTls } from '../core/tls.ts'
import type { CarrierEnd, CarrierUser } from '../dte/carrier-user.ts'
import { CarrierDuplex } from './carrier-duplex.ts'
import type { Reached } from './reached.ts'
import type { HangUp, SessionCarrier } from './session.ts'
import type { TlsSettings } from './tls-settings.ts'
import { TurnedAway } from './turned-away.ts'

/** A handshake is two round trips and a few kB; over GPRS that is seconds, in ms. */
const HANDSHAKE_MS = 60_000
/** A peer that has said goodbye closes; if not, it is hung up after so long, in ms. */
const GOODBYE_MS = 2_000
/** How often a client's end looks whether the peer is silent, in ms. */
const LOOK_MS = 100

export class TlsCarrier implements SessionCarrier {
  readonly #reached: Reached
  readonly #wire: CarrierDuplex
  readonly #tls: TLSSocket
  #user: CarrierUser | undefined
  /** How the carrier below ended. */
  #end: CarrierEnd | undefined
  /** The peer has said in TLS that nothing follows, and all before it was handed over. */
  #goodbye = false
  #timer: Timer | undefined
  #lastByteAt = now()
  bytesUp = 0
  bytesDown = 0

  constructor(reached: Reached, settings: TlsSettings) {
    this.#reached = reached
    this.#wire = new CarrierDuplex(reached.carrier, (end) => this.#onCarrierEnd(end))
    this.#tls = loadTls().connect({ ...settings.optionsFor(reached.peer), socket: this.#wire })
    this.#tls.on('session', (session) => settings.remember(reached.peer, session))
    this.#tls.on('drain', () => this.#user?.onWritable())
    this.#tls.on('end', () => this.#onGoodbye())
    this.#tls.on('error', (error: Error) => this.#onError(error))
  }

  /** What was agreed, for the log. */
  get words(): string {
    const { name } = this.#tls.getCipher()
    return `${this.#tls.getProtocol() ?? 'TLS'}, ${name}${this.#tls.isSessionReused() ? ', resumed' : ''}`
  }

  /** Resolves when the peer is proved. Rejects with TurnedAway if it is not, with Fault if the carrier ended. */
  secured(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#failed = undefined
        settle()
      }
      const fail = (error: Error): void =>
        finish(() => {
          this.#tls.destroy()
          this.#reached.hangUp({ deliver: false, lingerMs: 0, timeoutMs: 0 })
          reject(error)
        })
      const onAbort = (): void => fail(reasonOf(signal))
      const timer = after(HANDSHAKE_MS, () => fail(refusal(`no handshake within ${HANDSHAKE_MS / 1000} s`)))
      this.#failed = fail
      signal.addEventListener('abort', onAbort, { once: true })
      this.#tls.once('secureConnect', () => finish(resolve))
    })
  }

  /** Told of whatever ends the handshake. */
  #failed: ((error: Error) => void) | undefined

  // What a session sees

  attach(user: CarrierUser): void {
    this.#user = user
    this.#tls.on('data', (chunk: Buffer) => this.#hand(chunk))
    if (this.#end) this.#judgeEnd()
  }

  write(chunk: Buffer): boolean {
    this.bytesUp += chunk.length
    return this.#end !== undefined || this.#tls.write(chunk)
  }

  get hasRoom(): boolean {
    return !this.#tls.writableNeedDrain
  }

  wantMore(): void {
    this.#tls.resume()
  }

  /** Ends it; in order, the peer is told in TLS when it has been silent for long enough. */
  hangUp(order: HangUp): void {
    this.#timer?.cancel()
    if (this.#end) return
    if (!order.deliver) this.#reached.hangUp(order)
    else this.#linger(order, now(), now() + order.timeoutMs)
  }

  #linger(order: HangUp, since: number, deadline: number): void {
    if (this.#end) return
    const waiting = this.#wire.writableLength > 0 || this.#tls.writableLength > 0 || this.#reached.line.waitingUp
    const from = waiting ? now() : since
    const silent = now() - Math.max(from, this.#lastByteAt) >= order.lingerMs
    const rest = { ...order, lingerMs: 0 }
    if (now() >= deadline) this.#reached.hangUp({ ...rest, timeoutMs: 0 })
    else if (silent && !waiting) {
      this.#wire.once('finish', () => this.#reached.hangUp({ ...rest, timeoutMs: Math.max(0, deadline - now()) }))
      this.#tls.end()
      this.#timer = after(Math.max(1, deadline - now()), () => this.#reached.hangUp({ ...rest, timeoutMs: 0 }))
    } else this.#timer = after(LOOK_MS, () => this.#linger(order, from, deadline))
  }

  // What TLS and the carrier tell

  #hand(chunk: Buffer): void {
    this.#lastByteAt = now()
    this.bytesDown += chunk.length
    if (this.#user?.onBytes(chunk) === false) this.#tls.pause()
    if (this.#end) this.#judgeEnd()
  }

  #onGoodbye(): void {
    this.#goodbye = true
    if (this.#end) this.#judgeEnd()
    else {
      this.#timer?.cancel()
      const order = { deliver: true, lingerMs: 0, timeoutMs: HANDSHAKE_MS }
      this.#timer = after(GOODBYE_MS, () => this.#reached.hangUp(order))
    }
  }

  #onError(error: Error): void {
    if (this.#failed) this.#failed(this.#end?.kind === 'broken' ? this.#end.fault : refusal(error.message))
    else if (!this.#end) {
      // A record that was changed on the way, an alert: nothing after it is to be believed.
      this.#finish({ kind: 'broken', fault: new Fault('carrier-lost', `TLS failed: ${error.message}`) })
      this.#reached.hangUp({ deliver: false, lingerMs: 0, timeoutMs: 0 })
    }
  }

  #onCarrierEnd(end: CarrierEnd): void {
    this.#end = end
    this.#timer?.cancel()
    if (this.#failed) {
      this.#failed(end.kind === 'broken' ? end.fault : refusal('the peer closed in the handshake'))
    } else if (end.kind === 'closed') this.#judgeEnd()
    else this.#finish(this.#goodbye && end.kind === 'hung-up' ? { kind: 'closed' } : end)
  }

  /** The peer has closed: that was in order if it said so in TLS as well, else somebody may have cut the rest off. */
  #judgeEnd(): void {
    this.#timer?.cancel()
    if (this.#end?.kind !== 'closed' || !this.#user) return
    if (this.#goodbye) {
      this.#finish({ kind: 'closed' })
      return
    }
    if (this.#wire.readableLength > 0 || this.#tls.readableLength > 0) {
      this.#timer = after(LOOK_MS, () => this.#judgeEnd())
      return
    }
    soon(() => {
      const cut = new Fault('carrier-lost', 'the peer closed without a goodbye in TLS: its last bytes may be missing')
      this.#finish(this.#goodbye ? { kind: 'closed' } : { kind: 'broken', fault: cut })
    })
  }

  #finish(end: CarrierEnd): void {
    const user = this.#user
    this.#user = undefined
    this.#end ??= end
    this.#timer?.cancel()
    this.#tls.destroy()
    user?.onEnd(end)
  }
}

function refusal(message: string): TurnedAway {
  return new TurnedAway('tls-failed', message)
}
