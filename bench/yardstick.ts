/**
 * The same copy for every bridge: a pseudo-terminal on one side, a TCP connection of loopback on the other, and bytes sent
 * through by blocking calls of this process, so that the yardstick adds a few µs and always the same ones.
 */
import { closeSync } from 'node:fs'
import { openPtyMaster } from '../src/core/native.ts'
import { now } from '../src/core/time.ts'
import { connectTcp, Poll, READABLE, readSome, WRITABLE, writeSome } from './descriptors.ts'

export type Way = 'up' | 'down'
/** As much as is written at once, if there is room. */
const BLOCK = 4096
/** Nothing for so long means that bytes are lost. */
const PATIENCE_MS = 10_000

/** Bytes of every value without a pattern that a copy could get right by accident; always the same. */
export const PAYLOAD = payload(1_048_576)

function payload(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = 0x2545f491
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}

export class Yardstick {
  readonly pty = openPtyMaster()
  #tcp: number | undefined
  readonly #input = Buffer.alloc(65_536)

  /** Connects to the bridge's port. @returns false while nobody listens */
  connect(port: number): boolean {
    this.#tcp ??= connectTcp(port)
    return this.#tcp !== undefined
  }

  /** Time from writing bytes at one end to having read all of them at the other, in µs. */
  delay(way: Way, bytes: Buffer): number {
    const [from, to] = this.#ends(way)
    const poll = new Poll([to, READABLE])
    const since = now()
    writeAll(from, bytes)
    for (let read = 0; read < bytes.length; read += readSome(to, this.#input)) expect(poll, bytes.length - read)
    return (now() - since) * 1000
  }

  /** Sends `total` bytes and checks each at the other end, as fast as the bridge takes them; returns the ms that it took. */
  pump(way: Way, total: number): number {
    return this.pumpAll({ [way]: total })
  }

  /** Both ways at once. */
  pumpAll(totals: Readonly<Partial<Record<Way, number>>>): number {
    const copies = (Object.keys(totals) as Way[]).map((way) => new Copy(...this.#ends(way), totals[way] ?? 0))
    const since = now()
    while (copies.some((copy) => !copy.done)) {
      const busy = copies.flatMap((copy) => copy.wanted)
      const poll = new Poll(...busy)
      expect(poll, 1)
      for (const copy of copies) copy.step(this.#input)
    }
    return now() - since
  }

  /**
   * Sends chunks of `size` bytes at `rate` bytes per second for `ms`, whatever the bridge makes of them; returns the
   * number of bytes, all of which have arrived.
   */
  trickle(way: Way, size: number, rate: number, ms: number): number {
    const [from, to] = this.#ends(way)
    const poll = new Poll([to, READABLE])
    const since = now()
    const chunk = Buffer.alloc(size, 'y')
    let [sent, read] = [0, 0]
    for (let due = since; due < since + ms; due = since + (sent * 1000) / rate) {
      while (due - now() > 0.1) if (poll.wait(Math.max(1, Math.floor(due - now())))) read += readSome(to, this.#input)
      writeAll(from, chunk)
      sent += size
    }
    for (; read < sent; read += readSome(to, this.#input)) expect(poll, sent - read)
    return sent
  }

  /** Closes the client's end. */
  disconnect(): void {
    if (this.#tcp !== undefined) closeSync(this.#tcp)
    this.#tcp = undefined
  }

  close(): void {
    this.disconnect()
    closeSync(this.pty.fd)
  }

  #ends(way: Way): [from: number, to: number] {
    if (this.#tcp === undefined) throw new Error('the yardstick is not connected')
    return way === 'up' ? [this.#tcp, this.pty.fd] : [this.pty.fd, this.#tcp]
  }
}

/** One direction of a bulk transfer. */
class Copy {
  readonly #from: number
  readonly #to: number
  readonly #total: number
  #sent = 0
  #read = 0

  constructor(from: number, to: number, total: number) {
    this.#from = from
    this.#to = to
    this.#total = total
  }

  get done(): boolean {
    return this.#read === this.#total
  }

  get wanted(): [fd: number, events: number][] {
    const write: [number, number][] = this.#sent < this.#total ? [[this.#from, WRITABLE]] : []
    return this.done ? write : [...write, [this.#to, READABLE]]
  }

  step(input: Buffer): void {
    if (this.#sent < this.#total)
      this.#sent += writeSome(this.#from, part(this.#sent, Math.min(BLOCK, this.#total - this.#sent)))
    if (this.done) return
    const count = readSome(this.#to, input)
    for (let at = 0; at < count; ) {
      const due = part(this.#read + at, count - at)
      if (due.compare(input, at, at + due.length) !== 0) throw new Error(`wrong bytes after ${this.#read + at}`)
      at += due.length
    }
    this.#read += count
    if (this.#read > this.#total) throw new Error('more bytes came than were sent')
  }
}

/** The payload goes round; at its end a part is shorter. */
function part(at: number, length: number): Buffer {
  const from = at % PAYLOAD.length
  return PAYLOAD.subarray(from, Math.min(PAYLOAD.length, from + length))
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let sent = 0; sent < bytes.length; sent += writeSome(fd, bytes.subarray(sent)));
}

function expect(poll: Poll, missing: number): void {
  if (!poll.wait(PATIENCE_MS)) throw new Error(`${missing} bytes have not come within ${PATIENCE_MS / 1000} s`)
}
