/** A carrier with packets of the route's own: the registration before everything else, the heartbeat while the client is silent. */
import { packetOf } from '../config/packet-schema.ts'
import type { RouteConfig } from '../config/schema.ts'
import { after, now, type Timer } from '../core/time.ts'
import type { CarrierUser } from '../dte/carrier-user.ts'
import type { Reached } from './reached.ts'
import type { HangUp, SessionCarrier } from './session.ts'

/** Told of every packet that was sent, with its length in bytes. */
export type OnPacket = (kind: 'registration' | 'heartbeat', bytes: number) => void

/** As `reached`, with the packets that the route wants; the same where it wants none. */
export function withPackets(reached: Reached, route: RouteConfig, onPacket: OnPacket): Reached {
  if (!route.registration && !route.heartbeat) return reached
  const carrier = new PacketCarrier(reached, route, onPacket)
  return { ...reached, carrier, hangUp: (order) => carrier.hangUp(order) }
}

/**
 * A packet goes between two writes of the client, never into one; the heartbeat only after the client was silent for
 * `every` and all that it wrote has gone, so that of what it wrote in one go nothing is cut.
 */
export class PacketCarrier implements SessionCarrier {
  readonly #reached: Reached
  readonly #onPacket: OnPacket
  readonly #heartbeat: { readonly every: number; readonly packet: Buffer } | undefined
  #lastWriteAt = now()
  #timer: Timer | undefined
  /** Of the client alone. */
  bytesUp = 0

  constructor(reached: Reached, { registration, heartbeat }: RouteConfig, onPacket: OnPacket) {
    this.#reached = reached
    this.#onPacket = onPacket
    if (registration) this.#send('registration', packetOf(registration))
    this.#heartbeat = heartbeat && { every: heartbeat.every, packet: packetOf(heartbeat) }
    this.#wait()
  }

  attach(user: CarrierUser): void {
    this.#reached.carrier.attach({
      onBytes: (chunk) => user.onBytes(chunk),
      onWritable: () => user.onWritable(),
      onEnd: (end) => {
        this.#stop()
        user.onEnd(end)
      },
    })
  }

  write(chunk: Buffer): boolean {
    this.#lastWriteAt = now()
    this.bytesUp += chunk.length
    return this.#reached.carrier.write(chunk)
  }

  get hasRoom(): boolean {
    return this.#reached.carrier.hasRoom
  }

  get bytesDown(): number {
    return this.#reached.carrier.bytesDown
  }

  wantMore(): void {
    this.#reached.carrier.wantMore()
  }

  hangUp(order: HangUp): void {
    // A packet would be taken for something that still has to arrive.
    this.#stop()
    this.#reached.hangUp(order)
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #wait(): void {
    if (!this.#heartbeat) return
    const { every, packet } = this.#heartbeat
    const left = this.#lastWriteAt + every - now()
    if (left > 0) {
      this.#timer = after(left, () => this.#wait())
      return
    }
    this.#lastWriteAt = now()
    // One that cannot go now says nothing: they must not pile up behind a peer that is not reached.
    if (this.hasRoom && !this.#reached.line.stalledUp) this.#send('heartbeat', packet)
    this.#wait()
  }

  #send(kind: 'registration' | 'heartbeat', packet: Buffer): void {
    this.#reached.carrier.write(packet)
    this.#onPacket(kind, packet.length)
  }
}
