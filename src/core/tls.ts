/** The door to TLS: loading it takes as long as starting the rest, so it is loaded where a route needs it. */
import type * as Crypto from 'node:crypto'
import type * as Tls from 'node:tls'

export function loadTls(): typeof Tls {
  return process.getBuiltinModule('node:tls')
}

export function loadCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto')
}
