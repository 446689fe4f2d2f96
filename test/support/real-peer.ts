/** Peers and clients on loopback: real TCP, with what each end has read and how it ended. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** One end of a TCP connection. */
export class Conversation {
  readonly socket: Socket
  readonly #chunks: Buffer[] = []
  /** Bytes read. */
  length = 0
  /** libuv may tell a reset as `fin` if data came in the same instant: look at it where none is under way. */
  end: 'open' | 'fin' | 'rst' = 'open'

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk)
      this.length += chunk.length
    })
    socket.on('end', () => {
      if (this.end === 'open') this.end = 'fin'
    })
    socket.on('error', () => {
      this.end = 'rst'
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }
}

/** A program on this machine connects. */
export function connectTo(port: number): Conversation {
  return new Conversation(connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true }))
}

/** A server somewhere in the network. */
export class RealPeer {
  readonly port: number
  /** Everybody who has connected. */
  readonly conversations: Conversation[] = []
  readonly #server: Server

  private constructor(server: Server, greet: (socket: Socket) => void) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      this.conversations.push(new Conversation(socket))
      greet(socket)
    })
  }

  /** @param greet what it does with each connection first */
  static async listen(greet: (socket: Socket) => void = () => undefined, port = 0): Promise<RealPeer> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new RealPeer(server, greet)
  }

  /** The newest. */
  get latest(): Conversation {
    const latest = this.conversations.at(-1)
    if (!latest) throw new Error('nobody has connected to the peer')
    return latest
  }

  /** From now on it refuses; whoever is connected is cut off. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    for (const { socket } of this.conversations) socket.destroy()
    await once(this.#server, 'close')
  }
}

/** Below the ports that the system gives to whoever connects, so that nobody gets it meanwhile. */
const FIRST_PORT = 20_000
const PORTS = 12_000

/** A port of loopback that nobody listens at. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    const server = createServer().listen(port, '127.0.0.1')
    const event = await Promise.race([
      once(server, 'listening').then(() => 'free'),
      new Promise<'taken'>((resolve) => server.once('error', () => resolve('taken'))),
    ]).catch(() => 'taken')
    if (event === 'taken') continue
    server.close()
    await once(server, 'close')
    return port
  }
}
