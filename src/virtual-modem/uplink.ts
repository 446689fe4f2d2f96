/** From the DTE to the peer: packs bytes as AT+CIPCCFG says, sends blocks, counts acknowledgements. */
import type { Duplex } from 'node:stream'
import { after, now, type Timer } from '../core/time.ts'
import type { Conditions } from './conditions.ts'
import type { Knobs } from './knobs.ts'
import type { ModemRecord } from './record.ts'
import type { TransferConfig } from './settings.ts'

export interface LinkParts {
  readonly knobs: Knobs
  readonly conditions: Conditions
  readonly record: ModemRecord
  readonly transfer: () => TransferConfig
}

export class Uplink {
  readonly #parts: LinkParts
  readonly #peer: Duplex
  /** Called when held bytes left: there may be room. */
  readonly #room: () => void
  #held: Uint8Array[] = []
  #heldBytes = 0
  #lastInputAt = 0
  #packTimer: Timer | undefined
  #airFreeAt = 0
  #airTimer: Timer | undefined
  #congested = false
  /** Sent while the peer was silent: delivered when it is not. */
  #stalled: Uint8Array[] = []
  /** Delivered, acknowledged at `at`. */
  #underway: { readonly at: number; readonly bytes: number }[] = []
  #ackTimer: Timer | undefined
  #over = false
  sent = 0
  acked = 0

  constructor(peer: Duplex, parts: LinkParts, room: () => void) {
    this.#peer = peer
    this.#parts = parts
    this.#room = room
    peer.on('drain', () => {
      this.#congested = false
      this.#advance()
    })
  }

  /** Bytes that wait in the modem, not packed yet. */
  get held(): number {
    return this.#heldBytes
  }

  /** Takes what fits into the input buffer; the rest is lost. */
  take(bytes: Uint8Array): void {
    const fits = Math.max(0, this.#parts.knobs.inputBuffer - this.#heldBytes)
    this.#parts.record.lost.input += Math.max(0, bytes.length - fits)
    if (fits === 0) return
    const taken = bytes.subarray(0, fits)
    this.#held.push(taken)
    this.#heldBytes += taken.length
    this.#lastInputAt = now()
    this.#advance()
  }

  /** Circumstances changed. */
  look(): void {
    if (this.#over) return
    if (!this.#parts.conditions.has('peer-silent')) {
      for (const block of this.#stalled.splice(0)) this.#deliver(block)
    }
    this.#acknowledge()
    this.#advance()
  }

  /** The connection is over; bytes not packed yet are lost. */
  end(): void {
    this.#over = true
    this.#packTimer?.cancel()
    this.#airTimer?.cancel()
    this.#ackTimer?.cancel()
    this.#parts.record.lost.unpacked += this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
  }

  #advance(): void {
    const before = this.#heldBytes
    const { sendSz } = this.#parts.transfer()
    while (this.#heldBytes >= sendSz && this.#maySend(sendSz)) this.#send(sendSz)
    if (this.#heldBytes > 0 && this.#heldBytes < sendSz) this.#armPacking()
    if (this.#heldBytes < before) this.#room()
  }

  /** AT manual 8.2.23: a partial block goes out when the DTE was silent for WaitTm. */
  #armPacking(): void {
    if (this.#packTimer || this.#over) return
    const wait = this.#parts.transfer().waitTm * this.#parts.knobs.packUnit
    const left = Math.max(1, Math.ceil(this.#lastInputAt + wait - now()))
    this.#packTimer = after(left, () => {
      this.#packTimer = undefined
      const { sendSz } = this.#parts.transfer()
      if (this.#heldBytes === 0 || this.#heldBytes >= sendSz) return
      if (now() - this.#lastInputAt < wait) {
        this.#armPacking()
      } else if (this.#maySend(this.#heldBytes)) {
        this.#send(this.#heldBytes)
        this.#room()
      }
    })
  }

  #maySend(size: number): boolean {
    if (this.#over || this.#congested) return false
    const unacked = this.sent - this.acked
    if (unacked > 0 && unacked + size > this.#parts.knobs.window) return false
    return now() >= this.#airFreeAt
  }

  #send(size: number): void {
    const block = new Uint8Array(size)
    let filled = 0
    while (filled < size) {
      const head = this.#held[0]
      if (!head) break
      const part = head.subarray(0, size - filled)
      block.set(part, filled)
      filled += part.length
      if (part.length === head.length) this.#held.shift()
      else this.#held[0] = head.subarray(part.length)
    }
    this.#heldBytes -= size
    this.sent += size
    this.#parts.record.toPeer += size
    this.#occupyAir(size)
    if (this.#parts.conditions.has('peer-silent')) this.#stalled.push(block)
    else this.#deliver(block)
  }

  #occupyAir(size: number): void {
    const { airRate } = this.#parts.knobs
    if (airRate === 0) return
    this.#airFreeAt = Math.max(now(), this.#airFreeAt) + (size * 8000) / airRate
    this.#airTimer?.cancel()
    this.#airTimer = after(Math.max(1, Math.ceil(this.#airFreeAt - now())), () => this.#advance())
  }

  #deliver(block: Uint8Array): void {
    if (this.#peer.destroyed || !this.#peer.writable) return
    const accepted = this.#peer.write(block, (error) => {
      if (error || this.#over) return
      this.#underway.push({ at: now() + this.#parts.knobs.ackDelay, bytes: block.length })
      this.#acknowledge()
    })
    if (!accepted) this.#congested = true
  }

  #acknowledge(): void {
    const { conditions } = this.#parts
    if (this.#over || conditions.has('ack-frozen') || conditions.has('peer-silent')) return
    const before = this.acked
    for (let next = this.#underway[0]; next && next.at <= now(); next = this.#underway[0]) {
      this.acked += next.bytes
      this.#underway.shift()
    }
    const next = this.#underway[0]
    if (next && !this.#ackTimer) {
      this.#ackTimer = after(Math.max(1, Math.ceil(next.at - now())), () => {
        this.#ackTimer = undefined
        this.#acknowledge()
      })
    }
    if (this.acked > before) this.#advance()
  }
}
