/** What a configuration may say although it is seldom wise. */
import type { Config } from './schema.ts'

export interface Caution {
  /** With the key that it is about. */
  readonly message: string
  readonly mend: string
}

export function cautionsOf({ routes }: Config): Caution[] {
  return routes.flatMap(({ modemTls }, index) => {
    if (!modemTls) return []
    const why =
      'the modem speaks TLS 1.0 and checks no certificate: anybody on the way can read and change what is sent'
    return [{ message: `routes[${index}].modemTls: ${why}`, mend: 'to: tls://HOST:PORT lets this machine speak TLS' }]
  })
}
