/** A network in memory for tests in virtual time: every dial meets a peer that the test holds. */
import { Duplex } from 'node:stream'
import type { Network } from '../../src/virtual-modem/network.ts'
import { MemoryUdpPeer } from '../support/memory-udp.ts'

/** One end of a connection in memory; `destroy(error)` is a reset, which the other end sees as 'close' without 'end'. */
class End extends Duplex {
  other: End | undefined
  #waiting: (() => void) | undefined

  constructor() {
    super({ allowHalfOpen: true, highWaterMark: 4096 })
  }
  override _read(): void {
    const done = this.#waiting
    this.#waiting = undefined
    done?.()
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const { other } = this
    if (!other || other.destroyed) done()
    else if (other.push(Buffer.from(chunk))) done()
    else other.#waiting = done
  }
  override _final(done: () => void): void {
    this.other?.push(null)
    done()
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#waiting?.()
    const { other } = this
    // A clean end on both sides needs no reset.
    if (other && !other.destroyed && !(this.readableEnded && this.writableFinished)) {
      process.nextTick(() => other.destroy(new Error('ECONNRESET')))
    }
    done(error)
  }
}

export interface Peer {
  readonly stream: Duplex
  readonly host: string
  readonly port: number
  /** Everything received so far. */
  received(): Buffer
  readonly ended: () => boolean
}

export interface MemoryNetwork extends Network {
  readonly peers: Peer[]
  readonly udpPeers: MemoryUdpPeer[]
  /** What happens to the next dials. */
  answer: 'accept' | 'refuse' | 'ignore'
  /** Called with each new peer, before the modem knows of it. */
  onPeer: (peer: Peer) => void
  readonly names: Map<string, string[]>
}

export function memoryNetwork(): MemoryNetwork {
  const network: MemoryNetwork = {
    peers: [],
    udpPeers: [],
    answer: 'accept',
    onPeer: () => undefined,
    names: new Map([['broker.example', ['192.0.2.1']]]),
    dial(host, port) {
      if (network.answer === 'refuse') return Promise.reject(new Error('ECONNREFUSED'))
      if (network.answer === 'ignore') return new Promise(() => undefined)
      const [near, far] = [new End(), new End()]
      near.other = far
      far.other = near
      far.on('error', () => undefined)
      const chunks: Buffer[] = []
      let ended = false
      far.on('data', (chunk: Buffer) => chunks.push(chunk))
      far.on('end', () => (ended = true))
      const peer = { stream: far, host, port, received: () => Buffer.concat(chunks), ended: () => ended }
      network.peers.push(peer)
      network.onPeer(peer)
      return Promise.resolve(near)
    },
    openUdp(host, port) {
      if (network.answer === 'refuse') return Promise.reject(new Error('ENOTFOUND'))
      const peer = new MemoryUdpPeer(host, port)
      network.udpPeers.push(peer)
      return Promise.resolve(peer.socket)
    },
    resolve: (name) => Promise.resolve(network.names.get(name) ?? []),
  }
  return network
}
