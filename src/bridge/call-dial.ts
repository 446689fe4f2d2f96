/** The carrier of somebody who called: it is up already, and as long as it lasts nobody else has one. */
import { connect } from 'node:net'
import type { Listen } from '../config/endpoint.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { Admission, Holder, Leave, Terms } from './admission.ts'
import type { ClientSocket } from './client.ts'
import type { HangUp, Session, SessionCarrier, SessionLink } from './session.ts'
import type { TurnedAway } from './turned-away.ts'

/** A caller takes no place and waits for none; a client with `busy: preempt` may take the place of a caller. */
const TERMS: Terms = { busy: 'refuse', queueLimit: 0, queueTimeout: 0, priority: 0, stalledTimeout: 0 }

export interface CallDialParts {
  readonly link: { hangUp(order: HangUp): void }
  readonly admission: Admission<Holder>
}

export class CallDial implements SessionLink, Holder {
  readonly #parts: CallDialParts
  readonly #conversation: () => Session
  readonly route: string
  readonly session: number
  readonly terms = TERMS
  readonly held = false
  readonly carrier: Carrier
  readonly carried: Carrier
  #leave: Leave | undefined

  constructor(parts: CallDialParts, route: string, session: number, carrier: Carrier, conversation: () => Session) {
    this.#parts = parts
    this.route = route
    this.session = session
    this.carrier = carrier
    this.carried = carrier
    this.#conversation = conversation
  }

  get stalledMs(): number {
    return this.#conversation().stalledMs
  }

  evict(why: TurnedAway): void {
    this.#conversation().evict(why)
  }

  /** @throws TurnedAway if a client has just taken its turn: the caller is hung up */
  async dial(signal: AbortSignal): Promise<SessionCarrier> {
    try {
      this.#leave = await this.#parts.admission.enter(this, signal, () => undefined)
      return this.carrier
    } catch (error) {
      this.hangUp({ deliver: false, lingerMs: 0, timeoutMs: 0 })
      throw error
    }
  }

  hangUp(order: HangUp): void {
    this.#parts.link.hangUp(order)
  }

  done(): void {
    this.#leave?.()
  }
}

/** A connection to a local program; it may fail later. */
export function localProgram(to: Listen): ClientSocket {
  // Half-open: what it says after the caller has finished must still arrive (P2).
  if (!('path' in to)) return connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true })
  const socket = connect({ path: to.path, allowHalfOpen: true })
  // A Unix socket knows no reset, and Node throws where one is wanted.
  socket.resetAndDestroy = () => socket.destroy()
  return socket
}
