/** UDP of the real network: a socket of this machine that is connected to the peer. */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { Duplex } from 'node:stream'
import { abortable } from '../core/time.ts'

/** Datagrams of the peer that wait to be read; more are lost, as on any network. */
const MOST_WAITING = 64

/** Resolves with a stream of objects, one per datagram. Rejects with the resolver's error or the signal's reason. */
export async function openUdp(host: string, port: number, signal: AbortSignal, localPort = 0): Promise<Duplex> {
  const { address } = await abortable(lookup(host, { family: 4 }), signal)
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(localPort, () => {
        socket.connect(port, address, () => {
          socket.off('error', reject)
          resolve()
        })
      })
    })
    signal.throwIfAborted()
  } catch (error) {
    socket.close()
    throw error
  }
  return new UdpStream(socket)
}

class UdpStream extends Duplex {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super({ objectMode: true, highWaterMark: MOST_WAITING })
    this.#socket = socket
    socket.on('message', (datagram) => {
      if (this.readableLength < MOST_WAITING) this.push(datagram)
    })
    // Nobody listens there (ICMP): UDP does not know, and the modem does not tell.
    socket.on('error', () => undefined)
  }

  override _read(): void {
    // Datagrams come when they come.
  }

  override _write(datagram: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.#socket.send(datagram, () => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.close()
    done(error)
  }
}
