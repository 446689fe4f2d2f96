/** The modem on a TCP port, for one DTE at a time: `simulate --listen`. */
import { type AddressInfo, createServer } from 'node:net'
import { joinStream } from './stream-socket.ts'
import type { VirtualModem } from './virtual-modem.ts'

export interface TcpSocket {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/** Serves the modem at `host:port` (0: any free one). A second DTE is turned away. Rejects with the system's error. */
export function serveTcp(modem: VirtualModem, host: string, port: number): Promise<TcpSocket> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (modem.wire.held || !modem.wire.plugged) {
      socket.destroy()
      return
    }
    socket.setNoDelay()
    const leave = joinStream(modem, socket, { rate: () => undefined, obeysCts: () => true })
    server.once('close', () => {
      leave()
      socket.destroy()
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo
      resolve({ host: address.address, port: address.port, close: () => closed(server) })
    })
  })
}

function closed(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    // The server's own 'close' waits for its connections: they are told first.
    server.emit('close')
  })
}
