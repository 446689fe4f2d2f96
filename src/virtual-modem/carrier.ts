/** One live connection of the modem, TCP or UDP: an uplink, a downlink, and the ways it can end. */
import type { Duplex } from 'node:stream'
import { after, now, type Timer } from '../core/time.ts'
import { Downlink } from './downlink.ts'
import { PacketUplink } from './packet-uplink.ts'
import { type LinkParts, Uplink } from './uplink.ts'

export interface CarrierParts extends LinkParts {
  readonly output: (bytes: Uint8Array) => void
  readonly outputReady: () => boolean
  /** There is room for input again. */
  readonly room: () => void
  /** The peer ended it, or it was given up; everything received was given out. */
  readonly ended: () => void
  /** Keepalive: idle time, interval and count; undefined: off (AT manual 8.2.20). */
  readonly keepalive: () => { readonly idle: number; readonly interval: number; readonly count: number } | undefined
}

/** After this long a slow close no longer waits for the peer's FIN, in milliseconds. */
const CLOSE_LIMIT = 5000

export class Carrier {
  readonly uplink: Uplink | PacketUplink
  readonly #udp: boolean
  readonly #downlink: Downlink
  readonly #peer: Duplex
  readonly #parts: CarrierParts
  #over = false
  #giveUp: Timer | undefined
  #heardAt = now()

  /** @param peer a stream of bytes, with UDP one of datagrams (`Network.openUdp`) */
  constructor(peer: Duplex, transport: 'TCP' | 'UDP', parts: CarrierParts) {
    this.#udp = transport === 'UDP'
    this.#peer = peer
    this.#parts = parts
    // An error is followed by 'close', which says all that the modem knows.
    peer.on('error', () => undefined)
    this.uplink = this.#udp ? new PacketUplink(peer, parts, parts.room) : new Uplink(peer, parts, parts.room)
    this.#downlink = new Downlink(peer, parts, {
      output: (bytes) => {
        this.#heardAt = now()
        parts.output(bytes)
      },
      ready: parts.outputReady,
      over: () => this.#finish(),
    })
  }

  set escaped(on: boolean) {
    this.#downlink.escaped = on
  }

  /** The output buffer has room. */
  pump(): void {
    this.#downlink.pump()
  }

  /** Circumstances changed. */
  look(): void {
    if (this.#over) return
    this.uplink.look()
    this.#downlink.pump()
    const silent = this.#parts.conditions.has('peer-silent')
    if (!silent) {
      this.#giveUp?.cancel()
      this.#giveUp = undefined
      this.#heardAt = now()
    } else {
      this.#armGiveUp()
    }
  }

  /** AT+CIPCLOSE: slow waits for the peer's FIN (at most 5 s), quick does not (AT manual 8.2.6). */
  close(quick: boolean): void {
    if (this.#over) return
    this.#stop()
    if (this.#udp || quick || this.#parts.conditions.has('peer-silent')) {
      this.#peer.destroy()
      return
    }
    // What the peer still sends is dropped, so that its FIN can be seen.
    this.#peer.on('data', () => undefined)
    this.#finWithin(CLOSE_LIMIT)
  }

  /** Ends it without a word to the peer. */
  destroy(): void {
    if (this.#over) return
    this.#stop()
    this.#peer.destroy()
  }

  /** The peer closed first: answer its FIN. */
  #finish(): void {
    if (this.#over) return
    this.#stop()
    this.#finWithin(CLOSE_LIMIT)
    this.#parts.ended()
  }

  #finWithin(ms: number): void {
    if (this.#peer.closed) return
    const limit = after(ms, () => this.#peer.destroy())
    this.#peer.once('close', () => limit.cancel())
    this.#peer.end()
  }

  #stop(): void {
    this.#over = true
    this.#giveUp?.cancel()
    this.uplink.end()
    this.#downlink.end()
  }

  /** A silent peer is given up when something unacknowledged got old, or keepalives went unanswered. */
  #armGiveUp(): void {
    if (this.#giveUp || this.#udp) return
    const alive = this.#parts.keepalive()
    const patience = this.#parts.knobs.giveUpTime
    const silence = alive ? Math.min(patience, (alive.idle + alive.interval * alive.count) * 1000) : patience
    this.#giveUp = after(Math.max(1, this.#heardAt + silence - now()), () => {
      this.#giveUp = undefined
      const waiting = this.uplink.sent > this.uplink.acked || this.#parts.keepalive() !== undefined
      if (!waiting) {
        this.#heardAt = now()
        this.#armGiveUp()
        return
      }
      this.#stop()
      this.#peer.destroy()
      this.#parts.ended()
    })
  }
}
