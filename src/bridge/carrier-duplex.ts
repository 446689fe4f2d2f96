/** A carrier as a stream, for protocols that want one. */
import { Duplex } from 'node:stream'
import type { CarrierEnd, CarrierUser } from '../dte/carrier-user.ts'
import type { SessionCarrier } from './session.ts'

type Done = (error?: Error | null) => void

export class CarrierDuplex extends Duplex implements CarrierUser {
  readonly #carrier: SessionCarrier
  readonly #tellEnd: (end: CarrierEnd) => void
  #held: Done | undefined

  /** @param onEnd told of the carrier's end; the stream itself does not end then, for what it means is for others to say */
  constructor(carrier: SessionCarrier, onEnd: (end: CarrierEnd) => void) {
    super({ allowHalfOpen: true })
    this.#carrier = carrier
    this.#tellEnd = onEnd
    carrier.attach(this)
  }

  onBytes(chunk: Buffer): boolean {
    return this.destroyed || this.push(chunk)
  }

  onWritable(): void {
    const held = this.#held
    this.#held = undefined
    held?.()
  }

  onEnd(end: CarrierEnd): void {
    this.onWritable()
    this.#tellEnd(end)
  }

  override _read(): void {
    this.#carrier.wantMore()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#carrier.write(chunk)) done()
    else this.#held = done
  }

  override _destroy(error: Error | null, done: Done): void {
    this.onWritable()
    // What still comes is taken and dropped.
    this.#carrier.wantMore()
    done(error)
  }
}
