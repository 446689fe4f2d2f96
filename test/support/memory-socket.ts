/**
 * Two ends of a TCP connection in memory, for stories in virtual time: like two `net.Socket`s with `allowHalfOpen`, but
 * without a kernel, a port or a timer. What happens at one end reaches the other with `process.nextTick`, never inside
 * the call.
 */
import { Duplex } from 'node:stream'

export interface MemorySocketOptions {
  /** bytes that each end reads ahead, and buffers for writing; default 64 KiB */
  readonly highWaterMark?: number
}

/** What travels from one end to the other, in order. */
type Arrival =
  | { readonly kind: 'data'; readonly chunk: Buffer; readonly taken: Done }
  | { kind: 'fin' }
  | { kind: 'rst' }
type Done = (error?: Error | null) => void

/** One end. */
export class MemorySocket extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly remoteFamily = 'IPv4'
  readonly remotePort = 40_000
  bytesRead = 0
  bytesWritten = 0
  #peer: MemorySocket | undefined
  /** The kernel's receive queue: what this end did not take yet. */
  readonly #arrivals: Arrival[] = []
  #takingIsDue = false
  #full = false
  #finSent = false
  #resets = false
  /** The peer is closed and has told so: nobody takes what is written now. */
  #answeredWithReset = false

  constructor(highWaterMark: number) {
    super({ highWaterMark, allowHalfOpen: true })
  }

  /** Joins two ends; used by `memorySocketPair` only. */
  static join(one: MemorySocket, other: MemorySocket): void {
    one.#peer = other
    other.#peer = one
  }

  /** Closes at once and lets the other end see ECONNRESET, after what was written before. */
  resetAndDestroy(): this {
    if (this.destroyed) return this
    this.#resets = true
    return this.destroy()
  }

  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const peer = this.#peer
    if (this.#arrivals.some(({ kind }) => kind === 'rst')) {
      done(socketError('ECONNRESET', 'write'))
    } else if (!peer || this.#answeredWithReset) {
      done(socketError('EPIPE', 'write'))
    } else if (peer.destroyed) {
      // As TCP does: the first write into a closed connection is accepted, the answer to it is a reset.
      this.#answeredWithReset = true
      this.bytesWritten += chunk.length
      done()
    } else {
      this.bytesWritten += chunk.length
      this.#deliver(peer, chunk, done)
    }
  }

  /** In pieces that the other end has room for, so that one large write does not fill its memory. */
  #deliver(peer: MemorySocket, chunk: Buffer, done: Done): void {
    const piece = chunk.subarray(0, peer.readableHighWaterMark)
    const rest = chunk.subarray(piece.length)
    const taken: Done = (error) => {
      if (error) done(error)
      else if (rest.length === 0) done()
      else if (peer.destroyed || this.destroyed) done(socketError('ECONNRESET', 'write'))
      else this.#deliver(peer, rest, done)
    }
    // A copy: whoever wrote it may use its buffer again once the write is done.
    peer.#arrive({ kind: 'data', chunk: Buffer.from(piece), taken })
  }

  override _final(done: Done): void {
    this.#sendFin()
    done()
  }

  #sendFin(): void {
    if (this.#finSent) return
    this.#finSent = true
    this.#tellPeer({ kind: 'fin' })
  }

  override _destroy(error: Error | null, done: Done): void {
    const untaken = this.#arrivals.splice(0).filter((arrival) => arrival.kind === 'data')
    // As Linux does: closing with bytes unread is a reset, otherwise a FIN.
    if (this.#resets || untaken.length > 0) this.#tellPeer({ kind: 'rst' })
    else this.#sendFin()
    process.nextTick(() => untaken.forEach(({ taken }) => taken(socketError('ECONNRESET', 'write'))))
    done(error)
  }

  override _read(): void {
    this.#full = false
    this.#takeSoon()
  }

  #tellPeer(arrival: Arrival): void {
    const peer = this.#peer
    if (peer) peer.#arrive(arrival)
  }

  #arrive(arrival: Arrival): void {
    if (this.destroyed) return
    this.#arrivals.push(arrival)
    this.#takeSoon()
  }

  #takeSoon(): void {
    if (this.#takingIsDue || this.#arrivals.length === 0) return
    this.#takingIsDue = true
    process.nextTick(() => {
      this.#takingIsDue = false
      while (!this.#full && !this.destroyed) {
        const arrival = this.#arrivals.shift()
        if (!arrival) return
        this.#take(arrival)
      }
    })
  }

  #take(arrival: Arrival): void {
    if (arrival.kind === 'fin') {
      this.push(null)
    } else if (arrival.kind === 'rst') {
      this.#peer = undefined
      this.destroy(socketError('ECONNRESET', 'read'))
    } else {
      this.bytesRead += arrival.chunk.length
      this.#full = !this.push(arrival.chunk)
      arrival.taken()
    }
  }
}

function socketError(code: 'ECONNRESET' | 'EPIPE', syscall: 'read' | 'write'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
}

/** Two ends that are connected to each other. */
export function memorySocketPair(options: MemorySocketOptions = {}): [MemorySocket, MemorySocket] {
  const highWaterMark = options.highWaterMark ?? 64 * 1024
  const one = new MemorySocket(highWaterMark)
  const other = new MemorySocket(highWaterMark)
  MemorySocket.join(one, other)
  return [one, other]
}
