/** The world behind the air: what the modem's IP stack needs to reach peers. Replaceable by an in-memory one. */
import type { Duplex } from 'node:stream'

/** Somebody out there calls: the connection, as `dial` gives it, and its IPv4 address. */
export type OnCall = (peer: Duplex, address: string) => void

/**
 * `dial` resolves with a stream that is the connection to the peer: `end()` sends FIN, `destroy()` ends it at once;
 * 'end' is the peer's FIN (the modem can still write: `allowHalfOpen`), 'close' without 'end' is its RST.
 * It rejects when nobody accepts (refused, unreachable, no such name); it may stay pending for ever: the modem has a
 * limit and then aborts `signal`.
 */
export interface Network {
  dial(host: string, port: number, signal: AbortSignal, localPort?: number): Promise<Duplex>
  /**
   * A UDP socket towards one peer, as a stream of objects: each that is written is sent as one datagram, each that is read
   * came as one; it never ends by itself. Rejects when the name has no address. Without it UDP cannot be dialled.
   */
  openUdp?(host: string, port: number, signal: AbortSignal, localPort?: number): Promise<Duplex>
  /** Takes calls to the modem's own address until the returned function is called; without it nobody can call. */
  listen?(port: number, onCall: OnCall): () => void
  /** The addresses of a name; rejects or is empty when there are none. */
  resolve(name: string): Promise<readonly string[]>
}
