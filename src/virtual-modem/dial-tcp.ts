/** What AT+CIPSTART does with AT+CLPORT and AT+CIPSSL: the port that is dialled from, and TLS as the modem speaks it. */
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import type { Duplex } from 'node:stream'
import { loadTls } from '../core/tls.ts'
import type { Knobs } from './knobs.ts'
import type { Network } from './network.ts'
import type { Passing } from './settings.ts'

/** Ciphers of TLS 1.0, which OpenSSL has at this level only. */
const OLD_CIPHERS = 'DEFAULT@SECLEVEL=0'

/** Rejects when nobody accepts, or nobody speaks TLS of that age. */
export async function dialTcp(
  network: Network,
  { clport, ssl }: Passing,
  { sslVersion }: Knobs,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const [own] = clport
  const peer = await network.dial(host, port, signal, own === 0 ? undefined : own)
  if (ssl === 0) return peer
  const secure = loadTls().connect({
    socket: peer,
    ...(isIPv4(host) ? {} : { servername: host }),
    // It looks at no certificate (modem-facts 1.3, SSLOPT).
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: sslVersion,
    ciphers: OLD_CIPHERS,
  })
  secure.once('close', () => peer.destroy())
  try {
    await once(secure, 'secureConnect', { signal })
    return secure
  } catch (error) {
    secure.on('error', () => undefined).destroy()
    throw error
  }
}
