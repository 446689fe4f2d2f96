/**
 * Finds the modem's `OK` to an escape in a stream that may still carry the peer's bytes, an `OK` line of theirs too. Of
 * several, the last one before silence is the modem's: it says nothing more in command mode but URCs that it had kept. If
 * no silence comes, this modem hands the peer's bytes on in command mode as well (modem-facts 3.3): then it is the first
 * one after the guard time. Pure: the caller tells the time.
 */
import { saidInCommandMode } from './end-of-carrier.ts'

const OK = Buffer.from('\r\nOK\r\n')
/** Silence after the `OK` that proves that it was the last, in ms: a USB adapter delivers in steps of 16 ms. */
const QUIET_MS = 60
/** The same when the peer was sending during the escape. */
const BUSY_MS = 250
/** An `OK` before the guard time has passed is the peer's, unless nothing else comes for this long, in ms. */
const EARLY_MS = 600

export class EscapeWatch {
  #earliest: number
  /** Bytes that are not decided yet; from the first possible `OK` on, everything. */
  #tail: Buffer = Buffer.alloc(0)
  /** How much of the tail came before the modem could answer. */
  #early = 0
  #undecided = false
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
    const first = at >= this.#earliest ? all.indexOf(OK, Math.max(0, this.#early - OK.length + 1)) : -1
    this.#undecided ||= first >= 0
    const from = this.#undecided ? Math.max(0, first) : all.length - keep
    this.#early = at < this.#earliest ? all.length - from : Math.max(0, this.#early - from)
    this.#lastByteAt = at
    this.#okAt = keep >= OK.length ? at : undefined
    if (all.length > keep) this.#peerTalked = true
    this.#tail = all.subarray(from)
    return all.subarray(0, from)
  }

  /**
   * The escape has left only now.
   * @param earliest when the modem can answer after that
   * @returns what was held back: no answer was among it
   */
  restart(earliest: number): Buffer {
    this.#earliest = earliest
    this.#early = 0
    this.#undecided = false
    this.#okAt = undefined
    return this.takeTail()
  }

  /** When the `OK` at the end may be believed if nothing else comes; undefined while there is none. */
  get believableAt(): number | undefined {
    if (this.#okAt === undefined) return undefined
    if (this.#okAt < this.#earliest) return this.#earliest + EARLY_MS
    return this.#lastByteAt + (this.#peerTalked ? BUSY_MS : QUIET_MS)
  }

  /** When the modem's buffers have run dry if nothing else comes: what waits in them comes without a pause. */
  get dryAt(): number {
    return this.#lastByteAt + QUIET_MS
  }

  /**
   * The end of the wait, at `believableAt` or at the caller's own deadline.
   * @returns what the peer had sent before the modem's `OK`, and what came after it in command mode; undefined if the
   * modem has not answered
   */
  conclude(): { readonly peer: Buffer; readonly said: Buffer } | undefined {
    const ok = this.#okAt === undefined ? this.#tail.indexOf(OK) : this.#tail.lastIndexOf(OK)
    if (ok < 0) return undefined
    const tail = this.takeTail()
    return { peer: tail.subarray(0, ok), said: tail.subarray(ok + OK.length) }
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
  if (at >= 0 && saidInCommandMode(bytes.toString('latin1', at + OK.length))) return bytes.length - at
  for (let length = Math.min(OK.length, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(OK.subarray(0, length))) return length
  }
  return 0
}
