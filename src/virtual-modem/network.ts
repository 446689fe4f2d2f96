/** The world behind the air: what the modem's IP stack needs to reach peers. Replaceable by an in-memory one. */
import type { Duplex } from 'node:stream'

/**
 * `dial` resolves with a stream that is the connection to the peer: `end()` sends FIN, `destroy()` ends it at once;
 * 'end' is the peer's FIN (the modem can still write: `allowHalfOpen`), 'close' without 'end' is its RST.
 * It rejects when nobody accepts (refused, unreachable, no such name); it may stay pending for ever: the modem has a
 * limit and then aborts `signal`.
 */
export interface Network {
  dial(host: string, port: number, signal: AbortSignal): Promise<Duplex>
  /** The addresses of a name; rejects or is empty when there are none. */
  resolve(name: string): Promise<readonly string[]>
}
