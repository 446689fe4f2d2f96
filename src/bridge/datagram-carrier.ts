/**
 * A UDP carrier for a client that sends datagrams. What comes back is a stream of bytes without borders: what comes without
 * a pause is taken for one datagram.
 */
import { afterInput, type Timer } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { CarrierEnd, CarrierUser } from '../dte/carrier-user.ts'
import type { Drops } from './drops.ts'
import type { SessionCarrier } from './session.ts'

/** Silence that ends a datagram of the peer, in ms: a USB adapter delivers what it has at the latest 16 ms later. */
const PAUSE_MS = 50
/** More than one packet of this network holds: what comes without a pause for so long has no borders any more. */
const LARGEST = 1472

export class DatagramCarrier implements SessionCarrier, CarrierUser {
  readonly #line: Carrier
  #user: CarrierUser | undefined
  #userFull = false
  #parts: Buffer[] = []
  #bytes = 0
  #timer: Timer | undefined

  constructor(line: Carrier, drops: Drops) {
    this.#line = line
    line.onDrop = (why, datagrams) => drops.note(why, datagrams)
  }

  // What a session sees

  attach(user: CarrierUser): void {
    this.#user = user
    this.#line.attach(this)
  }

  write(datagram: Buffer): boolean {
    return this.#line.write(datagram)
  }

  get hasRoom(): boolean {
    return this.#line.hasRoom
  }

  wantMore(): void {
    this.#userFull = false
    this.#line.wantMore()
  }

  get bytesUp(): number {
    return this.#line.bytesUp
  }

  get bytesDown(): number {
    return this.#line.bytesDown
  }

  // What the carrier tells

  onBytes(chunk: Buffer): boolean {
    this.#parts.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= LARGEST) this.#flush()
    else this.#await()
    return !this.#userFull
  }

  onWritable(): void {
    this.#user?.onWritable()
  }

  onEnd(end: CarrierEnd): void {
    this.#flush()
    this.#user?.onEnd(end)
  }

  #await(): void {
    this.#timer?.cancel()
    this.#timer = afterInput(PAUSE_MS, () => {
      // Its last bytes may be held back for a moment, because they look like words of the modem.
      if (this.#line.holdsBack) this.#await()
      else this.#flush()
    })
  }

  #flush(): void {
    this.#timer?.cancel()
    if (this.#bytes === 0) return
    const datagram = Buffer.concat(this.#parts.splice(0))
    this.#bytes = 0
    if (this.#user?.onBytes(datagram) === false) this.#userFull = true
  }
}
