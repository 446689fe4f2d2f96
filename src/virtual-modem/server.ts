/** The listening side of the IP stack: at most one port, whose callers are handed on (modem-facts 1.3, app note 2.1.3). */
import type { Network, OnCall } from './network.ts'

export class Server {
  readonly #network: Network
  readonly #onCall: OnCall
  #stop: (() => void) | undefined
  /** The port that it listens on; undefined: it does not. */
  port: number | undefined

  constructor(network: Network, onCall: OnCall) {
    this.#network = network
    this.#onCall = onCall
  }

  open(port: number): void {
    this.close()
    this.port = port
    this.#stop = this.#network.listen?.(port, this.#onCall)
  }

  close(): void {
    this.port = undefined
    this.#stop?.()
    this.#stop = undefined
  }
}
