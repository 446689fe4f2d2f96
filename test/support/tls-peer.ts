/** A server that speaks TLS, as the far end of a carrier; and the files that it and its clients are known by. */
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'

/** The path of a file in test/support/tls: made for these tests, valid from 2020 to 2099 but for `expired`. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`tls/${name}`, import.meta.url))
}

export interface TlsPeerOptions extends TLSSocketOptions {
  /** The certificate that it shows, `server` or `expired`. */
  readonly shows?: string
}

/** One end of a TLS connection, as the server sees it. */
export class TlsEnd {
  readonly socket: TLSSocket
  readonly #chunks: Buffer[] = []
  end: 'open' | 'goodbye' | 'error' = 'open'

  constructor(far: Duplex, { shows = 'server', ...options }: TlsPeerOptions = {}) {
    const secureContext = contextOf(shows, options.minVersion, options.maxVersion)
    this.socket = new TLSSocket(far, { isServer: true, secureContext, ...options })
    this.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.socket.on('end', () => {
      this.end = 'goodbye'
    })
    this.socket.on('error', () => {
      this.end = 'error'
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }
}

type Version = TLSSocketOptions['minVersion']
const contexts = new Map<string, SecureContext>()

/** One server has one context: a session that it gave away is good for its next connection. */
function contextOf(shows: string, minVersion: Version, maxVersion: Version): SecureContext {
  const key = [shows, minVersion, maxVersion].join()
  const known = contexts.get(key)
  if (known) return known
  const made = createSecureContext({
    cert: readFileSync(tlsFile(`${shows}.pem`)),
    key: readFileSync(tlsFile(`${shows}.key`)),
    ca: readFileSync(tlsFile('ca.pem')),
    ...(minVersion ? { minVersion } : {}),
    ...(maxVersion ? { maxVersion } : {}),
  })
  contexts.set(key, made)
  return made
}
