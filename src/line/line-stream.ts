/** The bytes of a tty, over libuv's own stream: as cheap as a loop of read(2) and write(2) can be in Node. */
import type { SocketConstructorOpts } from 'node:net'
import { ReadStream } from 'node:tty'
import { Fault, isFault } from '../core/fault.ts'

/** As much as n_tty hands out at once. */
const READ_BYTES = 4096
/** Memory that so many whole reads share, or many more small ones. */
const READS_PER_SLAB = 8

/** Where the next read goes: behind the last one, so that a read of a few bytes costs a few bytes of memory. */
class ReadMemory {
  #slab: Buffer = Buffer.alloc(0)
  #used = 0

  next(): Buffer {
    if (this.#slab.length - this.#used < READ_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(READS_PER_SLAB * READ_BYTES)
      this.#used = 0
    }
    return this.#slab.subarray(this.#used, this.#used + READ_BYTES)
  }

  take(length: number): Buffer {
    this.#used += length
    return this.#slab.subarray(this.#used - length, this.#used)
  }
}

/**
 * The tty as a stream. It ends with an error, and always ends, when the line hangs up. What is read goes to the listeners
 * of `data` at once and is never queued, so nothing is read ahead of a pause; Node's own way allocates 64 KiB per read.
 */
export class LineStream extends ReadStream {
  readonly #path: string
  #hungUp = false

  constructor(fd: number, path: string) {
    const memory = new ReadMemory()
    const onread = {
      buffer: () => memory.next(),
      callback: (length: number) => this.emit('data', memory.take(length)),
    }
    super(fd, { onread } as unknown as SocketConstructorOpts)
    this.#path = path
    // A raw tty gives an end of file only after a hang-up.
    this.on('end', () => this.#end())
    this.on('pause', () => {
      if (this.#hungUp) this.#end()
    })
  }

  /** The tty hung up. What it still has is read first if somebody reads; libuv alone would never tell a paused reader. */
  hangUp(): void {
    this.#hungUp = true
    if (this.readableFlowing !== true) this.#end()
  }

  #end(): void {
    this.destroy(new Fault('line-gone', `${this.#path} hung up`))
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const known = error === null || isFault(error)
    const fault = known ? error : new Fault('line-gone', `${this.#path}: ${error.message}`, { cause: error })
    super._destroy(fault, done)
  }
}
