/** What routes over UDP cannot give, for people to know. */
import { takesDatagrams, targetsOf } from './endpoint.ts'
import type { Config } from './schema.ts'

/** One text for each, `routes[0]: …`. */
export function udpNotes(config: Config): string[] {
  const { transparent, escape, line } = config
  return config.routes.flatMap(({ listen, to }, index) => {
    if (targetsOf(to)[0]?.scheme !== 'udp') return []
    if (!takesDatagrams(listen)) {
      return [`routes[${index}]: what a TCP client writes has no borders: the modem makes packets of it as it likes`]
    }
    const dtr = escape.method !== 'plus' && line.dtr !== 'none'
    return [
      `routes[${index}]: a datagram of more than ${transparent.sendSize} bytes is not sent (transparent.sendSize)`,
      `routes[${index}]: answers without a pause between them come back as one datagram: the modem gives no borders`,
      `routes[${index}]: a datagram that is +++ and nothing else is ${dtr ? 'sent only where DTR is wired' : 'not sent, without DTR'}`,
    ]
  })
}
