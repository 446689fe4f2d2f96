/** The only UDP socket of the data path: where programs on this machine send datagrams of a route to. */
import { createSocket, type Socket } from 'node:dgram'
import { doorFor, formatListen } from '../config/endpoint.ts'
import type { RouteConfig } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'
import type { ClientSocket } from './client.ts'
import { DatagramDoor } from './datagram-door.ts'
import type { DropReason } from './drops.ts'

export class DatagramListener {
  #route: RouteConfig
  readonly #door: DatagramDoor
  #admits: (address: string | undefined) => boolean
  /** There as long as it is open, or a session has it. */
  #socket: Socket | undefined
  #open = false

  /**
   * @param onClient takes whoever sends, with the name of the route
   * @param onDrop told of datagrams that nobody takes
   */
  constructor(
    route: RouteConfig,
    onClient: (route: string, client: ClientSocket) => void,
    onDrop: (route: string, reason: DropReason, datagrams: number) => void,
  ) {
    this.#route = route
    this.#admits = doorFor(route.allowFrom)
    this.#door = new DatagramDoor({
      isOpen: () => this.#open,
      onClient: (client) => onClient(this.#route.name, client),
      onDrop: (reason, datagrams) => onDrop(this.#route.name, reason, datagrams),
      onFree: () => {
        if (!this.#open) this.#release(() => undefined)
      },
      // A program that is gone loses its answers, as with any UDP.
      reply: (datagram, { port, address }) => this.#socket?.send(datagram, port, address, () => undefined),
    })
  }

  /** What it leads to, and who may. */
  get route(): RouteConfig {
    return this.#route
  }

  /** From the next session on; the address is the same. */
  set route(route: RouteConfig) {
    this.#route = route
    this.#admits = doorFor(route.allowFrom)
  }

  /** Where programs send to, as written in the configuration. */
  get address(): string {
    return formatListen(this.#route.listen)
  }

  /** Whether sessions can begin. */
  get isOpen(): boolean {
    return this.#open
  }

  /** @throws Fault config-invalid if the address cannot be had; `cause` is the system's own error */
  async open(): Promise<void> {
    this.#socket ??= await this.#bound()
    this.#open = true
  }

  /** From now on nobody's first datagram is taken; whoever has a session keeps it. */
  close(): Promise<void> {
    this.#open = false
    return this.#door.isTaken ? Promise.resolve() : new Promise((resolve) => this.#release(resolve))
  }

  #release(done: () => void): void {
    const socket = this.#socket
    this.#socket = undefined
    if (socket) socket.close(done)
    else done()
  }

  async #bound(): Promise<Socket> {
    const { listen } = this.#route
    if ('path' in listen) throw new TypeError('a Unix socket takes no datagrams here')
    const socket = createSocket(listen.host.includes(':') ? 'udp6' : 'udp4')
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ address: listen.host, port: listen.port, exclusive: true }, () => {
          socket.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      socket.close()
      const why = error instanceof Error ? error.message : String(error)
      throw new Fault('config-invalid', `route ${this.#route.name} cannot listen at ${this.address}: ${why}`, {
        cause: error,
      })
    }
    // The news of a program that is gone (ICMP) is none.
    socket.on('error', () => undefined)
    socket.on('message', (datagram, sender) => {
      if (this.#admits(sender.address)) this.#door.take(datagram, sender)
    })
    return socket
  }
}
