/** The modem as a server: it listens, and whoever calls is connected (modem-facts 1.3, app note 2.1.3). */
import type { AtCommand } from './command.ts'

/** The manual states no maximum; from IP INITIAL it may bring the context up first (AT+CIICR: 85 s). */
const SERVER_MS = 85_000

/** Only from IP STATUS. */
export const listenAt = (port: number): AtCommand => ({
  text: `+CIPSERVER=1,${port}`,
  timeoutMs: SERVER_MS,
  final: /^SERVER OK$/,
  parse: () => undefined,
})

/** Ends the listening; a caller who is connected stays. */
export const stopListening: AtCommand = {
  text: '+CIPSERVER=0',
  timeoutMs: SERVER_MS,
  final: /^SERVER CLOSE$/,
  parse: () => undefined,
}
