/** A UDP peer in memory, for stories in virtual time: what it got, one entry per datagram, and what it says. */
import { Duplex } from 'node:stream'
import { now } from '../../src/core/time.ts'

export class MemoryUdpPeer {
  readonly host: string
  readonly port: number
  /** Each datagram, and when it came, on `now()`'s clock. */
  readonly packets: { readonly bytes: Buffer; readonly at: number }[] = []
  /** The socket towards it, as `Network.openUdp` gives it. */
  readonly socket: Duplex
  /** Told of each datagram. */
  onPacket: (bytes: Buffer) => void = () => undefined

  constructor(host: string, port: number) {
    this.host = host
    this.port = port
    this.socket = new Duplex({
      objectMode: true,
      read: () => undefined,
      write: (bytes: Uint8Array, _encoding, done) => {
        this.packets.push({ bytes: Buffer.from(bytes), at: now() })
        done()
        this.onPacket(Buffer.from(bytes))
      },
    })
  }

  /** One datagram towards the modem. */
  say(bytes: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.push(Buffer.from(bytes))
  }

  get sizes(): number[] {
    return this.packets.map(({ bytes }) => bytes.length)
  }

  get texts(): string[] {
    return this.packets.map(({ bytes }) => bytes.toString('latin1'))
  }
}
