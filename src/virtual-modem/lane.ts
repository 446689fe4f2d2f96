/** One direction of the wire: a queue that empties at the line's rate, in a few bytes per timer and not one by one. */
import { after, now, type Timer } from '../core/time.ts'

/** Milliseconds between two looks at a busy wire. */
const TICK = 4
/** No more bytes than this are delivered before the receiver can stop the sender. */
const PIECE = 512

/** What a lane must know of the line; asked anew each time, for the rate may change. */
export interface LaneTiming {
  /** Milliseconds that one byte takes; 0: no time. */
  byteTime(): number
  /** Bytes to a piece and the milliseconds between pieces; undefined: as the rate has it. */
  pieces?(): { readonly bytes: number; readonly gap: number } | undefined
}

/** Contiguous bytes, and when the first began to arrive and the last had arrived (milliseconds, `now()`). */
export type Deliver = (bytes: Uint8Array, firstAt: number, lastAt: number) => void

export class Lane {
  readonly #timing: LaneTiming
  readonly #deliver: Deliver
  readonly #queue: (Uint8Array | (() => void))[] = []
  #offset = 0
  #bytes = 0
  /** How many bytes have gone over the wire, or were thrown away. */
  #gone = 0
  #wireFreeAt = 0
  /** Nothing is on the wire: the next byte begins now, and not when the last one ended. */
  #idle = true
  #timer: Timer | undefined
  #stopped = false
  #draining = false

  constructor(timing: LaneTiming, deliver: Deliver) {
    this.#timing = timing
    this.#deliver = deliver
  }

  /** Bytes that have not gone over the wire yet. */
  get queued(): number {
    return this.#bytes
  }

  /** Tells, whenever it is asked, whether something of what was sent so far has not arrived; unlike a mark it parts no bytes. */
  underWay(): () => boolean {
    const end = this.#gone + this.#bytes
    return () => this.#gone < end
  }

  send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#queue.push(bytes)
    this.#bytes += bytes.length
    this.#run()
  }

  /** Calls `action` when every byte sent so far has arrived. */
  mark(action: () => void): void {
    this.#queue.push(action)
    this.#run()
  }

  /** Flow control: no further byte until `go()`. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#idle = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  go(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#run()
  }

  /** Throws away what is queued, marks too; returns the number of bytes. */
  clear(): number {
    const bytes = this.#bytes
    this.#queue.length = 0
    this.#offset = 0
    this.#bytes = 0
    this.#gone += bytes
    this.#idle = true
    this.#timer?.cancel()
    this.#timer = undefined
    return bytes
  }

  #run(): void {
    if (this.#timer || this.#draining || this.#stopped || this.#queue.length === 0) return
    if (this.#bytes === 0 || (this.#timing.byteTime() === 0 && !this.#timing.pieces?.())) {
      // In a microtask, so that two ends that answer each other at once do not pile up on the stack.
      this.#draining = true
      queueMicrotask(() => {
        this.#draining = false
        this.#move(Number.POSITIVE_INFINITY)
        this.#run()
      })
      return
    }
    if (this.#idle) this.#wireFreeAt = Math.max(this.#wireFreeAt, now())
    this.#idle = false
    this.#arm()
  }

  #arm(): void {
    const pieces = this.#timing.pieces?.()
    const bytes = Math.min(this.#bytes, pieces?.bytes ?? Number.POSITIVE_INFINITY)
    const wait = this.#wireFreeAt - now() + bytes * this.#timing.byteTime()
    const ms = pieces ? Math.max(wait, pieces.gap) : Math.min(wait, TICK)
    this.#timer = after(Math.max(1, Math.ceil(ms)), () => {
      this.#timer = undefined
      this.#move(Math.min(pieces?.bytes ?? Number.POSITIVE_INFINITY, this.#passed()))
      this.#run()
    })
  }

  /** How many bytes the wire had time for. */
  #passed(): number {
    const byteTime = this.#timing.byteTime()
    return byteTime === 0 ? this.#bytes : Math.floor((now() - this.#wireFreeAt) / byteTime + 1e-6)
  }

  #move(budget: number): void {
    let left = budget
    while (this.#queue.length > 0 && !this.#stopped) {
      const head = this.#queue[0]
      if (typeof head === 'function') {
        this.#queue.shift()
        head()
        continue
      }
      if (head === undefined || left <= 0) return
      const piece = this.#take(Math.min(left, PIECE))
      this.#bytes -= piece.length
      this.#gone += piece.length
      if (this.#bytes === 0) this.#idle = true
      left -= piece.length
      const time = this.#timing.byteTime()
      const firstAt = time === 0 ? now() : this.#wireFreeAt
      this.#wireFreeAt = firstAt + piece.length * time
      this.#deliver(piece, firstAt, Math.min(this.#wireFreeAt, now()))
    }
  }

  /** At most so many bytes, across sends, as a UART's driver reads them: up to the next mark. */
  #take(most: number): Uint8Array {
    const parts: Uint8Array[] = []
    let left = most
    for (let head = this.#queue[0]; left > 0 && head && typeof head !== 'function'; head = this.#queue[0]) {
      const part = head.subarray(this.#offset, this.#offset + left)
      parts.push(part)
      left -= part.length
      this.#offset += part.length
      if (this.#offset === head.length) {
        this.#queue.shift()
        this.#offset = 0
      }
    }
    const [first] = parts
    return parts.length === 1 && first ? first : Buffer.concat(parts)
  }
}
