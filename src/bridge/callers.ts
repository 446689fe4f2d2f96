/** Callers from the network: who may come in, and the local program that each is joined to. */
import { BlockList } from 'node:net'
import { formatListen, type Listen } from '../config/endpoint.ts'
import type { InboundConfig } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import type { Carrier } from '../dte/carrier.ts'
import { CallDial, type CallDialParts } from './call-dial.ts'
import type { ClientSocket } from './client.ts'
import { Session } from './session.ts'

/** Somebody who called, connected; `from` is an IPv4 address where the modem tells it. */
export interface IncomingCall {
  readonly carrier: Carrier
  readonly from: string | undefined
}

/** A session that a call has begun. */
export interface CallSession {
  readonly client: ClientSocket
  readonly conversation: Session
  readonly dial: CallDial
}

export class Callers {
  readonly #config: InboundConfig
  readonly #parts: CallDialParts
  readonly #journal: Journal
  readonly #openLocal: (to: Listen) => ClientSocket
  readonly #allowed = new BlockList()

  constructor(config: InboundConfig, parts: CallDialParts, journal: Journal, openLocal: (to: Listen) => ClientSocket) {
    this.#config = config
    this.#parts = parts
    this.#journal = journal
    this.#openLocal = openLocal
    for (const { address, prefix, family } of config.allowFrom) this.#allowed.addSubnet(address, prefix, family)
  }

  /** @returns undefined for somebody who may not call, and is hung up */
  admit({ carrier, from }: IncomingCall, session: number): CallSession | undefined {
    const { name, to, linger, closeTimeout, idleTimeout } = this.#config
    const who = from ?? 'an address that the modem does not tell'
    const fields = { route: name, session }
    if (!this.#mayCall(from)) {
      this.#journal.tell('warn', 'call', `from ${who} is refused: inbound.allowFrom does not have it`, fields)
      this.#parts.link.hangUp({ deliver: false, lingerMs: 0, timeoutMs: 0 })
      return undefined
    }
    this.#journal.tell('info', 'call', `from ${who}, joined to ${formatListen(to)}`, fields)
    const client = this.#openLocal(to)
    client.once('error', (error: Error) => this.#journal.tell('warn', 'call', error.message, fields))
    const dial: CallDial = new CallDial(this.#parts, name, session, carrier, () => conversation)
    const options = { lingerMs: linger, closeTimeoutMs: closeTimeout, idleTimeoutMs: idleTimeout }
    const conversation: Session = new Session(client, dial, options)
    return { client, conversation, dial }
  }

  /** An unknown address may call where every address may. */
  #mayCall(from: string | undefined): boolean {
    if (from === undefined) return this.#config.allowFrom.some(({ prefix }) => prefix === 0)
    return this.#allowed.check(from, 'ipv4')
  }
}
