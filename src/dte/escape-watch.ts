/**
 * Finds the modem's `OK` to an escape in a stream that may still carry the peer's bytes, an `OK` line of theirs too: the
 * last `\r\nOK\r\n` before silence is the modem's, earlier ones were data. URCs that the modem kept to itself in data mode
 * come right after it. Pure: the caller tells the time.
 */
import { urcsOnly } from './end-of-carrier.ts'

const OK = Buffer.from('\r\nOK\r\n')
/** Silence after the `OK` that proves that it was the last, in ms: a USB adapter delivers in steps of 16 ms. */
const QUIET_MS = 60
/** The same when the peer was sending during the escape. */
const BUSY_MS = 250
/** An `OK` before the guard time has passed is the peer's, unless nothing else comes for this long, in ms. */
const EARLY_MS = 600

export class EscapeWatch {
  readonly #earliest: number
  #tail: Buffer = Buffer.alloc(0)
  #lastByteAt: number
  #okAt: number | undefined
  #peerTalked = false

  /** @param earliest when the modem can answer: the end of the guard time, on the same clock as all others */
  constructor(earliest: number) {
    this.#earliest = earliest
    this.#lastByteAt = earliest
  }

  /** Takes bytes; returns those that are the peer's for sure. */
  push(chunk: Buffer, at: number): Buffer {
    const all = Buffer.concat([this.#tail, chunk])
    const keep = longestEndThatBeginsOk(all)
    const passed = all.subarray(0, all.length - keep)
    this.#tail = all.subarray(all.length - keep)
    this.#lastByteAt = at
    this.#okAt = keep >= OK.length ? at : undefined
    if (passed.length > 0) this.#peerTalked = true
    return passed
  }

  /** When the `OK` at the end may be believed if nothing else comes; undefined while there is none. */
  get believableAt(): number | undefined {
    if (this.#okAt === undefined) return undefined
    if (this.#okAt < this.#earliest) return this.#earliest + EARLY_MS
    return this.#lastByteAt + (this.#peerTalked ? BUSY_MS : QUIET_MS)
  }

  /** What came after the `OK` that is believed: URCs. */
  takeUrcs(): Buffer {
    return this.takeTail().subarray(OK.length)
  }

  /** What is held back, given up: it was the peer's. */
  takeTail(): Buffer {
    const tail = this.#tail
    this.#tail = Buffer.alloc(0)
    return tail
  }
}

function longestEndThatBeginsOk(bytes: Buffer): number {
  const at = bytes.lastIndexOf(OK)
  if (at >= 0 && urcsOnly(bytes.toString('latin1', at + OK.length))) return bytes.length - at
  for (let length = Math.min(OK.length, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(OK.subarray(0, length))) return length
  }
  return 0
}
