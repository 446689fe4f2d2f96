/** What a route says of TLS, ready for use: whom to believe, what to show, and what was agreed with a server before. */

import { isIPv4 } from 'node:net'
import type { ConnectionOptions, PeerCertificate, SecureContext } from 'node:tls'
import type { Target } from '../config/endpoint.ts'
import type { Config, RouteConfig } from '../config/schema.ts'
import { readTlsFiles } from '../config/tls-files.ts'
import { Fault } from '../core/fault.ts'
import { now } from '../core/time.ts'
import { loadCrypto, loadTls } from '../core/tls.ts'

/** A server that was not believed is let alone for a while: another handshake costs kilobytes and ends the same. */
interface Refusal {
  readonly reason: string
  /** On `now()`'s clock. */
  readonly until: number
  readonly times: number
}

export class TlsSettings {
  readonly #context: SecureContext
  readonly #serverName: string | undefined
  readonly #pins: readonly string[]
  /** By server: a handshake that goes on where an earlier one ended costs a fraction of its bytes. */
  readonly #sessions = new Map<string, Buffer>()

  readonly #refusals = new Map<string, Refusal>()
  readonly #pauses: Pick<Config['recovery'], 'firstPause' | 'maxPause'>

  /** @throws Fault config-invalid if a file cannot be had */
  constructor({ name, tls }: RouteConfig, pauses: Pick<Config['recovery'], 'firstPause' | 'maxPause'>) {
    this.#pauses = pauses
    const read = readTlsFiles(tls)
    if (!('context' in read)) {
      throw new Fault('config-invalid', `route ${name}: tls.${read.key} ${read.problem}`)
    }
    this.#context = read.context
    this.#serverName = tls.serverName
    this.#pins = tls.pins.map((pin) => pin.replace(/^sha256\/\/?/, ''))
  }

  /** Options for a connection to `peer`. */
  optionsFor(peer: Target): ConnectionOptions {
    const name = this.#serverName ?? peer.host
    const session = this.#sessions.get(keyOf(peer))
    return {
      secureContext: this.#context,
      host: name,
      // An address is no name that a server could be asked for (RFC 6066, 3).
      ...(isIPv4(name) ? {} : { servername: name }),
      ...(session ? { session } : {}),
      checkServerIdentity: (_host, certificate) => this.#judge(name, certificate),
    }
  }

  /** For the next connection to `peer`. */
  remember(peer: Target, session: Buffer): void {
    this.#sessions.set(keyOf(peer), session)
  }

  /** The server was not believed. */
  refused(peer: Target, reason: string): void {
    const key = keyOf(peer)
    const { times } = this.#refusals.get(key) ?? { times: 0 }
    const { firstPause, maxPause } = this.#pauses
    this.#refusals.set(key, { reason, until: now() + Math.min(maxPause, firstPause * 2 ** times), times: times + 1 })
    this.#sessions.delete(key)
  }

  /** The server was believed. */
  believed(peer: Target): void {
    this.#refusals.delete(keyOf(peer))
  }

  /** Why the server is not dialled now; undefined if it may be. */
  caution(peer: Target): string | undefined {
    const refusal = this.#refusals.get(keyOf(peer))
    const left = refusal ? refusal.until - now() : 0
    return refusal && left > 0 ? `${refusal.reason} (not dialled for ${Math.ceil(left / 1000)} s more)` : undefined
  }

  #judge(name: string, certificate: PeerCertificate): Error | undefined {
    const wrong = loadTls().checkServerIdentity(name, certificate)
    if (wrong || this.#pins.length === 0) return wrong
    const { X509Certificate, createHash } = loadCrypto()
    const key = new X509Certificate(certificate.raw).publicKey.export({ type: 'spki', format: 'der' })
    const hash = createHash('sha256').update(key).digest('base64')
    if (this.#pins.includes(hash)) return undefined
    return new Error(`the server has another public key than those in tls.pins: sha256//${hash}`)
  }
}

function keyOf({ host, port }: Target): string {
  return `${host}:${port}`
}
