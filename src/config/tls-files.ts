/** The PEM files of a route's TLS. */
import { readFileSync, statSync } from 'node:fs'
import type { SecureContext } from 'node:tls'
import { loadCrypto, loadTls } from '../core/tls.ts'
import { fileProblem } from './file-problem.ts'
import type { Reading } from './units.ts'

/** What of a route's TLS has to do with files; the paths are absolute. */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

/** Which key is to blame, and for what. */
export interface TlsProblem {
  readonly key: 'ca' | 'cert' | 'key'
  readonly problem: string
}

/** Far beyond any bundle of certificates. */
const LARGEST_FILE = 1_000_000

/** Reads and understands the files. A problem never holds what is in them. */
export function readTlsFiles(files: TlsFiles): { readonly context: SecureContext } | TlsProblem {
  const { createSecureContext } = loadTls()
  const pem: { ca?: string; cert?: string; key?: string } = {}
  for (const key of ['ca', 'cert', 'key'] as const) {
    const path = files[key]
    if (path === undefined) continue
    const reading = readPem(path)
    if ('problem' in reading) return { key, problem: reading.problem }
    pem[key] = reading.value
  }
  const { ca, cert, key } = pem
  const { minVersion } = files
  if (cert !== undefined && key === undefined) return { key: 'cert', problem: 'needs the key that belongs to it' }
  if (key !== undefined && cert === undefined) return { key: 'key', problem: 'needs the cert that it belongs to' }
  for (const [name, part] of [
    ['ca', { ca }],
    ['cert', { cert }],
    ['key', { cert, key }],
  ] as const) {
    if (pem[name] === undefined) continue
    try {
      // What is no certificate would be passed over in silence, and nobody be believed.
      if (name !== 'key') new (loadCrypto().X509Certificate)(pem[name])
      createSecureContext(part)
    } catch {
      return { key: name, problem: name === 'key' ? 'does not fit to cert' : 'holds no certificate that can be read' }
    }
  }
  return { context: createSecureContext({ minVersion, ...pem }) }
}

function readPem(path: string): Reading<string> {
  try {
    const found = statSync(path)
    if (!found.isFile()) return { problem: 'is not a regular file' }
    if (found.size > LARGEST_FILE) return { problem: 'is too large for PEM' }
    const text = readFileSync(path, 'latin1')
    return text.includes('-----BEGIN ') ? { value: text } : { problem: 'is not PEM' }
  } catch (error) {
    return { problem: fileProblem(error) }
  }
}
