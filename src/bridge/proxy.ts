/** The proxy: clients say themselves where they want to go; then they are clients as those of any route. */

import { PROXY_ROUTE } from '../config/cross-checks.ts'
import { type Allowed, isAllowed } from '../config/destination.ts'
import type { Config, RouteConfig } from '../config/schema.ts'
import { isFault } from '../core/fault.ts'
import { after, type Timer } from '../core/time.ts'
import type { ClientSocket } from './client.ts'
import { type Answer, answerFor, type Protocol, readRequest, SOCKS_GREETING } from './proxy-request.ts'
import type { HangUp, SessionCarrier, SessionLink } from './session.ts'
import { TurnedAway } from './turned-away.ts'

/** A client that has not said where it wants to go after so long goes, in ms. */
const PATIENCE_MS = 10_000
/** An answer is read by then, in ms. */
const FAREWELL_MS = 2_000
/** Clients that may be asked at once; more are reset. */
const MOST_ASKED = 64

/** The proxy as a route without a peer of its own: in everything else it is one. */
export function proxyRoute(proxy: NonNullable<Config['proxy']>): RouteConfig {
  const own = { name: PROXY_ROUTE, to: [], backupTime: 0, open: 'on-demand', meanwhile: 'drop' } as const
  return { ...proxy, ...own, tls: { minVersion: 'TLSv1.2', pins: [] }, modemTls: false }
}

/** Where a client wants to go. */
export interface Asked {
  readonly protocol: Protocol
  readonly host: string
  readonly port: number
}

export class Proxy {
  readonly #allow: readonly Allowed[]
  #asking = 0

  constructor(allow: readonly Allowed[]) {
    this.#allow = allow
  }

  /**
   * Asks a client where it wants to go. What it sent after its request is in its stream again.
   * @returns why it goes nowhere as text, or undefined if it left by itself; it has been answered then
   */
  async ask(client: ClientSocket): Promise<Asked | string | undefined> {
    if (this.#asking >= MOST_ASKED) {
      client.resetAndDestroy()
      return `${MOST_ASKED} clients are being asked already`
    }
    this.#asking += 1
    try {
      const asked = await converse(client)
      if (asked === undefined || typeof asked === 'string' || isAllowed(this.#allow, asked.host, asked.port))
        return asked
      const why = `${asked.host}:${asked.port} is not in proxy.allow`
      dismiss(client, answerFor(asked.protocol, 'not-allowed', why))
      return why
    } finally {
      this.#asking -= 1
    }
  }
}

function converse(client: ClientSocket): Promise<Asked | string | undefined> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0)
    let greeted = false
    const finish = (outcome: Asked | string | undefined): void => {
      timer.cancel()
      client.off('data', onData).off('end', onGone).off('error', onGone).off('close', onGone)
      resolve(outcome)
    }
    const refuse = (answer: Buffer, reason: string): void => {
      finish(reason)
      dismiss(client, answer)
    }
    const timer: Timer = after(PATIENCE_MS, () =>
      refuse(Buffer.alloc(0), `said nothing useful within ${PATIENCE_MS / 1000} s`),
    )
    const onGone = (): void => {
      finish(undefined)
      dismiss(client, Buffer.alloc(0))
    }
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      const reading = readRequest(bytes)
      const socks =
        reading.kind === 'request' ? reading.protocol === 'socks5' : reading.kind === 'more' && reading.greeted
      if (socks && !greeted) {
        greeted = true
        client.write(SOCKS_GREETING)
      }
      if (reading.kind === 'more') return
      if (reading.kind === 'refused') {
        refuse(reading.answer, reading.reason)
        return
      }
      client.pause()
      finish(reading)
      const rest = bytes.subarray(reading.length)
      if (rest.length > 0) client.unshift(rest)
    }
    client.on('data', onData).on('end', onGone).on('error', onGone).on('close', onGone)
  })
}

/** The way of a route, with an answer in the client's protocol before the first byte of the server. */
export function answering(link: SessionLink, client: ClientSocket, { protocol }: Asked): SessionLink {
  return {
    dial: async (signal): Promise<SessionCarrier> => {
      try {
        const carrier = await link.dial(signal)
        client.write(answerFor(protocol, 'accepted'))
        return carrier
      } catch (error) {
        const why = error instanceof Error ? error.message : ''
        if (!signal.aborted || signal.reason instanceof TurnedAway)
          dismiss(client, answerFor(protocol, answerTo(error), why))
        throw error
      }
    },
    hangUp: (order: HangUp) => link.hangUp(order),
  }
}

function answerTo(error: unknown): Answer {
  if (error instanceof TurnedAway) return 'busy'
  if (!isFault(error)) return 'failed'
  if (error.code === 'peer-refused') return 'refused'
  return error.code === 'peer-timeout' ? 'timeout' : 'unreachable'
}

/** Ends a client with an answer that it can read: a reset would take that away from it. */
function dismiss(client: ClientSocket, answer: Buffer): void {
  if (client.destroyed) return
  client.on('error', () => undefined)
  client.end(answer)
  client.resume()
  const limit = after(FAREWELL_MS, () => client.destroy())
  client.once('close', () => limit.cancel())
  client.resetAndDestroy = () => undefined
}
