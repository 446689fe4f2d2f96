/** A test peer on loopback: what the modem of `demo` connects to. */
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface PeerOptions {
  /** Sent at once to everyone who connects. */
  readonly banner?: string
  /** Whether what is received is sent back; default true. */
  readonly echo?: boolean
}

export interface TestPeer {
  readonly host: string
  readonly port: number
  /** Bytes received from everyone so far. */
  readonly received: number
  /** Ends every connection, by FIN or reset. */
  hangUp(how: 'fin' | 'reset'): void
  close(): Promise<void>
}

/** Starts a peer on a free port of 127.0.0.1. */
export function startPeer({ banner, echo = true }: PeerOptions = {}): Promise<TestPeer> {
  const sockets = new Set<Socket>()
  let received = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => (received += bytes.length))
    if (banner !== undefined) socket.write(banner)
    if (echo) socket.pipe(socket)
    else socket.on('end', () => socket.end())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { address, port } = server.address() as AddressInfo
      resolve({
        host: address,
        port,
        get received() {
          return received
        },
        hangUp: (how) => {
          for (const socket of sockets)
            if (how === 'fin') socket.end()
            else socket.resetAndDestroy()
        },
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            for (const socket of sockets) socket.destroy()
          }),
      })
    })
  })
}
