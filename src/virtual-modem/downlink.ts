/** From the peer to the DTE: takes what the modem can hold, gives it out in the bursts of AT+CIPCCFG. */
import type { Duplex } from 'node:stream'
import { after, type Timer } from '../core/time.ts'
import type { LinkParts } from './uplink.ts'

/** The modem's own receive window: what it has taken from the peer but not given out. */
const WINDOW = 4096

export interface DownlinkEnds {
  /** Bytes for the DTE. */
  output(bytes: Uint8Array): void
  /** Whether the modem's output buffer takes more now. */
  ready(): boolean
  /** The peer closed or reset, and every byte before it was given out. */
  over(): void
}

export class Downlink {
  readonly #parts: LinkParts
  readonly #peer: Duplex
  readonly #ends: DownlinkEnds
  readonly #kept: Uint8Array[] = []
  #keptBytes = 0
  #finished = false
  #over = false
  #escaped = true
  #pause: Timer | undefined
  readonly #onReadable = (): void => this.pump()
  readonly #onFinish = (): void => {
    this.#finished = true
    this.pump()
  }

  constructor(peer: Duplex, parts: LinkParts, ends: DownlinkEnds) {
    this.#peer = peer
    this.#parts = parts
    this.#ends = ends
    peer.on('readable', this.#onReadable)
    peer.once('end', this.#onFinish)
    peer.once('close', this.#onFinish)
  }

  /** Data mode begins or ends. */
  set escaped(on: boolean) {
    this.#escaped = on
    this.pump()
  }

  /** Moves what may move now. */
  pump(): void {
    if (this.#over || this.#parts.conditions.has('peer-silent')) return
    for (;;) {
      const taken = this.#takeIn()
      const given = this.#giveOut()
      if (!taken && !given) break
    }
    if (this.#finished && this.#mayTellEnd()) {
      this.#over = true
      this.#ends.over()
    }
  }

  /** The modem itself ends the connection: whatever still comes is dropped. */
  end(): void {
    this.#over = true
    this.#pause?.cancel()
    this.#parts.record.lost.escaped += this.#keptBytes
    this.#peer.off('readable', this.#onReadable)
  }

  #mayTellEnd(): boolean {
    if (this.#keptBytes === 0) return true
    return this.#escaped && this.#parts.knobs.closeWhileEscaped === 'at-once'
  }

  #takeIn(): boolean {
    const room = WINDOW - this.#keptBytes
    const bytes = this.#peer.readableObjectMode ? this.#readDatagram(room) : this.#read(room)
    if (!bytes) return false
    this.#parts.record.fromPeer += bytes.length
    if (this.#escaped && this.#parts.knobs.escapedData === 'lost') {
      this.#parts.record.lost.escaped += bytes.length
      return true
    }
    if (bytes.length > 0) this.#kept.push(bytes)
    this.#keptBytes += bytes.length
    return true
  }

  #read(room: number): Buffer | null {
    if (room <= 0) return null
    const size = Math.min(room, this.#peer.readableLength)
    // With nothing to read, `read()` asks for more and lets 'end' happen.
    return (size > 0 ? this.#peer.read(size) : this.#peer.read()) as Buffer | null
  }

  /** UDP waits for nobody: a datagram that finds no room is lost as a whole. */
  #readDatagram(room: number): Buffer | null {
    const datagram = this.#peer.read() as Buffer | null
    if (!datagram || datagram.length <= room) return datagram
    this.#parts.record.lost.datagrams += datagram.length
    return Buffer.alloc(0)
  }

  #giveOut(): boolean {
    if (this.#pause || this.#keptBytes === 0 || !this.#ends.ready()) return false
    if (this.#escaped && this.#parts.knobs.escapedData !== 'delivered') return false
    const { rxMode, rxSize, rxTimer } = this.#parts.transfer()
    const head = this.#kept[0]
    if (!head) return false
    const part = head.subarray(0, rxSize)
    if (part.length === head.length) this.#kept.shift()
    else this.#kept[0] = head.subarray(part.length)
    this.#keptBytes -= part.length
    this.#ends.output(part)
    if (rxMode === 1) {
      this.#pause = after(rxTimer, () => {
        this.#pause = undefined
        this.pump()
      })
    }
    return true
  }
}
