/** The program of `demo` that uses the local port: it sends, gets everything back, and compares every byte. */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { after, reasonOf } from '../core/time.ts'

/** How a conversation ended before everything was back. */
export type HowOver = 'refused' | 'reset' | 'closed' | 'silence'

/** A conversation is over, and not because the program wanted it. */
export class ConversationOver extends Error {
  readonly how: HowOver
  constructor(how: HowOver) {
    super(how)
    this.name = 'ConversationOver'
    this.how = how
  }
}

/** Bytes shown of what came instead of what was sent. */
const EXCERPT_BYTES = 64

interface Exchange {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** One connection to the local port, to a peer that sends everything back. */
export class DemoClient {
  readonly #socket: Socket
  readonly #sentHash = createHash('sha256')
  readonly #returnedHash = createHash('sha256')
  /** Sent, not yet back. */
  #expected = Buffer.alloc(0)
  #exchange: Exchange | undefined
  #over: ConversationOver | undefined
  bytesSent = 0
  bytesReturned = 0
  /** Bytes that came and were not what was sent at their place. */
  wrong = 0
  /** Where it went wrong first, for whoever has to find out why. */
  excerpt: string | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#take(bytes))
    socket.on('end', () => this.#finish('closed'))
    // An error is followed by 'close'; without 'end' before it, it is a reset.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#finish('reset'))
  }

  /** Connects to the local port. @throws ConversationOver `refused` if it is closed */
  static connect(host: string, port: number): Promise<DemoClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
      const onError = (): void => reject(new ConversationOver('refused'))
      socket.once('error', onError)
      socket.once('connect', () => {
        socket.off('error', onError)
        resolve(new DemoClient(socket))
      })
    })
  }

  /**
   * Sends `bytes` and resolves when they are back; one exchange at a time.
   * @throws ConversationOver, also if they are not back within `limitMs`; the signal's reason
   */
  async exchange(bytes: Buffer, limitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#over) throw this.#over
    if (signal.aborted) throw reasonOf(signal)
    this.#sentHash.update(bytes)
    this.bytesSent += bytes.length
    this.#expected = Buffer.concat([this.#expected, bytes])
    const onAbort = (): void => this.#settle(reasonOf(signal))
    const limit = after(limitMs, () => this.#settle(new ConversationOver('silence')))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await new Promise<void>((resolve, reject) => {
        this.#exchange = { resolve, reject }
        this.#socket.write(bytes)
      })
    } finally {
      limit.cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** SHA-256 of what was sent and of what came back. */
  get digests(): { readonly sent: string; readonly returned: string } {
    return { sent: this.#sentHash.copy().digest('hex'), returned: this.#returnedHash.copy().digest('hex') }
  }

  /** Says that it has finished, and resolves when the connection is gone. */
  async finish(): Promise<void> {
    if (this.#socket.closed) return
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.end()
    await closed
  }

  /** Goes away at once: by a reset, for a FIN would promise that it had finished. */
  leave(): void {
    this.#socket.resetAndDestroy()
  }

  #take(bytes: Buffer): void {
    const expected = this.#expected.subarray(0, bytes.length)
    // What nobody sent is as wrong as what was changed.
    let wrong = bytes.length - expected.length
    for (let at = 0; at < expected.length; at += 1) if (bytes[at] !== expected[at]) wrong += 1
    if (wrong > 0) this.excerpt ??= this.#excerpt(bytes, expected)
    this.wrong += wrong
    this.#returnedHash.update(bytes)
    this.bytesReturned += bytes.length
    this.#expected = this.#expected.subarray(expected.length)
    if (this.#expected.length === 0) this.#settle()
  }

  #excerpt(bytes: Buffer, expected: Buffer): string {
    const differs = bytes.findIndex((byte, at) => byte !== expected[at])
    const show = (some: Buffer): string => JSON.stringify(some.toString('latin1', differs, differs + EXCERPT_BYTES))
    return `at byte ${this.bytesReturned + differs} came ${show(bytes)} instead of ${show(expected)}`
  }

  #finish(how: HowOver): void {
    this.#over ??= new ConversationOver(how)
    this.#settle(this.#over)
  }

  #settle(error?: Error): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (error === undefined) exchange?.resolve()
    else exchange?.reject(error)
  }
}
