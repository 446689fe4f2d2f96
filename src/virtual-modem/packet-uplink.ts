/**
 * From the DTE to a UDP peer: what the rules of AT+CIPCCFG put together leaves as one datagram. A packet is complete when
 * it has SendSz bytes or the DTE was silent for WaitTm (AT manual 8.2.23), whatever the air has to do just then.
 */
import type { Duplex } from 'node:stream'
import { after, now, type Timer } from '../core/time.ts'
import type { LinkParts } from './uplink.ts'

export class PacketUplink {
  readonly #parts: LinkParts
  readonly #peer: Duplex
  /** Called when bytes left: there may be room. */
  readonly #room: () => void
  /** Bytes of the packet that is not complete. */
  #open: Uint8Array = new Uint8Array(0)
  #openSince = 0
  #lastInputAt = 0
  /** Complete, waiting for the air. */
  #packets: Uint8Array[] = []
  #waiting = 0
  #packTimer: Timer | undefined
  #airTimer: Timer | undefined
  #over = false
  sent = 0

  constructor(peer: Duplex, parts: LinkParts, room: () => void) {
    this.#peer = peer
    this.#parts = parts
    this.#room = room
  }

  /** Nobody acknowledges UDP; what AT+CIPACK says then is a knob. */
  get acked(): number {
    return this.#parts.knobs.udpAcked === 'all' ? this.sent : 0
  }

  /** Bytes that wait in the modem. */
  get held(): number {
    return this.#open.length + this.#waiting
  }

  /** Takes what fits into the input buffer; the rest is lost. */
  take(bytes: Uint8Array): void {
    const fits = Math.max(0, this.#parts.knobs.inputBuffer - this.held)
    this.#parts.record.lost.input += Math.max(0, bytes.length - fits)
    if (fits === 0) return
    if (this.#open.length === 0) this.#openSince = now()
    this.#lastInputAt = now()
    this.#open = Buffer.concat([this.#open, bytes.subarray(0, fits)])
    const { sendSz } = this.#parts.transfer()
    while (this.#open.length >= sendSz) this.#complete(sendSz)
    this.#armPacking()
  }

  /** Circumstances changed. */
  look(): void {
    // Packets do not wait for a peer.
  }

  /** The connection is over; what has not been sent is lost. */
  end(): void {
    this.#over = true
    this.#packTimer?.cancel()
    this.#airTimer?.cancel()
    this.#parts.record.lost.unpacked += this.held
    this.#open = new Uint8Array(0)
    this.#packets = []
    this.#waiting = 0
  }

  #armPacking(): void {
    if (this.#packTimer || this.#over || this.#open.length === 0) return
    const wait = this.#parts.transfer().waitTm * this.#parts.knobs.packUnit
    const left = this.#lastInputAt + wait - now()
    this.#packTimer = after(Math.max(1, Math.ceil(left)), () => {
      this.#packTimer = undefined
      if (now() - this.#lastInputAt >= wait) this.#complete(this.#open.length)
      this.#armPacking()
    })
  }

  #complete(size: number): void {
    if (size === 0) return
    const packet = this.#open.slice(0, size)
    this.#open = this.#open.subarray(size)
    this.#parts.record.packet({ size, began: this.#openSince, complete: now() })
    this.#openSince = now()
    this.#packets.push(packet)
    this.#waiting += size
    this.#send()
  }

  #send(): void {
    if (this.#airTimer || this.#over) return
    const packet = this.#packets.shift()
    if (!packet) return
    this.#waiting -= packet.length
    this.sent += packet.length
    this.#parts.record.toPeer += packet.length
    // A peer that nobody reaches does not get it, and nobody knows.
    if (!this.#parts.conditions.has('peer-silent') && !this.#peer.destroyed) this.#peer.write(packet)
    const { airRate } = this.#parts.knobs
    if (airRate > 0) {
      this.#airTimer = after(Math.max(1, Math.ceil((packet.length * 8000) / airRate)), () => {
        this.#airTimer = undefined
        this.#send()
      })
    }
    this.#room()
    this.#send()
  }
}
