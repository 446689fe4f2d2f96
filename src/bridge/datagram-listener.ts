/** The only UDP socket of the data path: where programs on this machine send datagrams of a route to. */
import { createSocket, type Socket } from 'node:dgram'
import type { RouteConfig } from '../config/schema.ts'
import type { ClientSocket } from './client.ts'
import { DatagramDoor } from './datagram-door.ts'
import type { DropReason } from './drops.ts'
import { RouteListener } from './route-listener.ts'

export class DatagramListener extends RouteListener {
  readonly #door: DatagramDoor
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
    super(route)
    this.#door = new DatagramDoor({
      isOpen: () => this.#open,
      onClient: (client) => onClient(this.route.name, client),
      onDrop: (reason, datagrams) => onDrop(this.route.name, reason, datagrams),
      onFree: () => {
        if (!this.#open) this.#release(() => undefined)
      },
      // A program that is gone loses its answers, as with any UDP.
      reply: (datagram, { port, address }) => this.#socket?.send(datagram, port, address, () => undefined),
    })
  }

  get isOpen(): boolean {
    return this.#open
  }

  async open(): Promise<void> {
    this.#socket ??= await this.#bound()
    this.#open = true
  }

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
    const { listen } = this.route
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
      throw this.cannotListen(error as Error)
    }
    // The news of a program that is gone (ICMP) is none.
    socket.on('error', () => undefined)
    socket.on('message', (datagram, sender) => {
      if (this.admits(sender.address)) this.#door.take(datagram, sender)
    })
    return socket
  }
}
