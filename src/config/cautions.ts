/** What a configuration may say although it is seldom wise. */
import type { Config } from './schema.ts'

/** One sentence for each, with its key. */
export function cautionsOf({ routes }: Config): string[] {
  return routes.flatMap(({ modemTls }, index) =>
    modemTls
      ? [
          `routes[${index}].modemTls: the modem speaks TLS 1.0 and checks no certificate, so that anybody on the way can read ` +
            'and change what is sent; to: tls://HOST:PORT lets this machine speak TLS',
        ]
      : [],
  )
}
