/** A program that sends datagrams, as a client: each that it reads is one, and each that is written goes back as one. */
import { Duplex } from 'node:stream'
import type { ClientSocket } from './client.ts'

/** Datagrams that wait until the session takes them; more are dropped. */
const MOST_WAITING = 64

export class DatagramClient extends Duplex implements ClientSocket {
  readonly #reply: (datagram: Buffer) => void
  readonly #queue: Buffer[] = []

  /** @param reply sends one datagram back */
  constructor(reply: (datagram: Buffer) => void) {
    super({ objectMode: true, highWaterMark: 1, allowHalfOpen: false })
    this.#reply = reply
  }

  /** A datagram of the program. @returns false if there is no room for it */
  accept(datagram: Buffer): boolean {
    if (this.#queue.length >= MOST_WAITING) return false
    this.#queue.push(datagram)
    this.#feed()
    return true
  }

  /** What the session has not taken. */
  get left(): readonly Buffer[] {
    return this.#queue
  }

  /** Its end is nothing that a sender of datagrams could see. */
  resetAndDestroy(): void {
    this.destroy()
  }

  override resume(): this {
    super.resume()
    this.#feed()
    return this
  }

  override _read(): void {
    this.#feed()
  }

  override _write(datagram: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#reply(datagram)
    done()
  }

  override _final(done: () => void): void {
    this.destroy()
    done()
  }

  /** One at a time, and only while they are taken: what is in the stream's own buffer at the end would be lost. */
  #feed(): void {
    while (this.readableFlowing === true && this.readableLength === 0 && !this.destroyed) {
      const datagram = this.#queue.shift()
      if (!datagram) return
      this.push(datagram)
    }
  }
}
