/** The serial line: bytes both ways on an open port, and when they are really gone. */
import { Fault } from '../core/fault.ts'
import type { ModemSignals, OpenPort, Port, PortSettings, TerminalSignals } from '../core/port.ts'
import { after, now, sleep, type Timer } from '../core/time.ts'
import type { LineTap } from './line-tap.ts'

/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10
/** What a UART may hold behind the queue that the kernel can count: 64 bytes are the deepest FIFO of a PL011 or 16550. */
const FIFO_BYTES = 64
/** How often an output queue that somebody else (CTS) holds up is looked at, in ms. */
const QUEUE_POLL_MS = 5
/** How often it is looked at while nobody waits for it, in ms: silence before an escape is dated by it. */
const QUEUE_WATCH_MS = 25
/** As many bytes a pseudo-terminal takes, and hides, before it holds a writer up (14 to 22 kB were seen). */
const HIDDEN_BYTES = 22_000

/** Who listens to the line; exactly one at a time: the DTE. */
export interface LineListener {
  onBytes(chunk: Buffer): void
  /** Room again after `write` returned false. */
  onWritable(): void
  /** The line is gone, once, for good. */
  onGone(fault: Fault): void
}

export class SerialLine {
  readonly device: string
  readonly settings: PortSettings
  readonly #port: Port
  readonly #tap: LineTap | undefined
  #baudRate: number
  #listener: LineListener | undefined
  #gone: Fault | undefined
  /**
   * When the last byte written so far leaves the wire if nobody stops it. Who had the line before us may have written
   * until just now: silence is counted from the opening.
   */
  #busyUntil = now()
  /** The same on a line that is half as fast as its rate. */
  #slowestUntil = now()
  #lastWriteAt = now()
  /** The operating system was seen to count bytes for as long as the wire needed for them. */
  #tellsQueue = false
  #queueWatch: Timer | undefined
  /** Output waited for longer than its line time when it was last looked at. */
  #heldUp = false

  /** When output that CTS had held up was last seen to have left, on `now()`'s clock. */
  releasedAt = Number.NEGATIVE_INFINITY
  /** Since when DTR is on, on `now()`'s clock; undefined while it is off, or unknown. */
  dtrOnSince: number | undefined

  private constructor(device: string, settings: PortSettings, port: Port, tap?: LineTap) {
    this.device = device
    this.settings = settings
    this.#port = port
    this.#tap = tap
    this.#baudRate = settings.baudRate
    port.stream.on('data', (chunk: Buffer) => {
      this.#tap?.received(chunk)
      this.#listener?.onBytes(chunk)
    })
    port.stream.on('drain', () => this.#listener?.onWritable())
    port.stream.on('error', (error: Error) => this.#lose(error))
    port.stream.on('end', () => this.#lose())
    port.stream.on('close', () => this.#lose())
    // Nothing is read before somebody listens.
    port.stream.pause()
  }

  /**
   * @param tap sees every byte
   * @throws Fault line-missing, line-busy, line-gone
   */
  static async open(openPort: OpenPort, device: string, settings: PortSettings, tap?: LineTap): Promise<SerialLine> {
    return new SerialLine(device, settings, await openPort(device, settings), tap)
  }

  listen(listener: LineListener): void {
    this.#listener = listener
    if (this.#gone) listener.onGone(this.#gone)
    else this.#port.stream.resume()
  }

  get gone(): Fault | undefined {
    return this.#gone
  }

  get baudRate(): number {
    return this.#baudRate
  }

  /** Writes; false means: no more until `onWritable`. Bytes for a line that is gone are dropped. */
  write(bytes: Uint8Array): boolean {
    if (this.#gone) return false
    // Worth the system call only until it is known.
    if (!this.#tellsQueue && this.owed >= 2 * FIFO_BYTES) this.#queued()
    const time = this.lineTime(bytes.length)
    this.#busyUntil = Math.max(now(), this.#busyUntil) + time
    this.#lastWriteAt = now()
    this.#tap?.sent(bytes)
    const room = this.#port.stream.write(bytes)
    // What is not taken at once waits behind all that can be hidden.
    const full = this.#port.stream.writableLength > 0
    const latest = this.#busyUntil + 2 * this.lineTime(HIDDEN_BYTES)
    this.#slowestUntil = full ? latest : Math.min(latest, Math.max(now(), this.#slowestUntil) + 2 * time)
    this.#watchQueue()
    return room
  }

  /** What the operating system counts. A line that still has bytes which the wire had time to begin with tells the truth. */
  #queued(): number {
    const queued = this.#port.unsentBytes() ?? 0
    this.#tellsQueue ||= queued > 0 && now() - this.#lastWriteAt >= 1
    return queued
  }

  /** CTS may hold output up for longer than its line time: then it left when the queue was seen empty. */
  #watchQueue(): void {
    this.#queueWatch ??= after(Math.max(QUEUE_WATCH_MS, this.#busyUntil - now()), () => {
      this.#queueWatch = undefined
      if (this.#gone) return
      if (this.stalled) this.#heldUp = true
      else if (this.#heldUp && now() >= this.#busyUntil) this.#noteRelease()
      if (this.#heldUp || now() < this.#busyUntil) this.#watchQueue()
    })
  }

  /** A queue that was held up past its time is empty, which says nothing of the FIFO behind it. */
  #noteRelease(): void {
    this.#heldUp = false
    this.releasedAt = now()
    this.#busyUntil = now() + this.lineTime(FIFO_BYTES)
    this.#slowestUntil = now() + 2 * this.lineTime(HIDDEN_BYTES)
  }

  /** Stops reading; the port's buffers fill and RTS stops the modem. */
  pause(): void {
    this.#port.stream.pause()
  }

  resume(): void {
    if (!this.#gone) this.#port.stream.resume()
  }

  /** How long `bytes` bytes take on the wire, in ms. */
  lineTime(bytes: number): number {
    return (bytes * BITS_PER_BYTE * 1000) / this.#baudRate
  }

  /** When the last byte leaves, or left, the wire at the earliest, on `now()`'s clock. */
  get lastOutputAt(): number {
    return this.#busyUntil
  }

  /**
   * When it leaves at the latest, on a line that reaches no more than half of its rate and hides its queue, as a
   * pseudo-terminal does; where the operating system tells, `lastOutputAt`.
   */
  get latestOutputAt(): number {
    return this.#tellsQueue ? this.#busyUntil : Math.max(this.#busyUntil, this.#slowestUntil)
  }

  /** Whether something of the output may still wait for the wire although it had the time: CTS holds it up. */
  get stalled(): boolean {
    return this.backlog > 0 && now() >= this.#busyUntil
  }

  /**
   * Resolves when the last byte written has left the wire: tcdrain returns early on many drivers and on every
   * pseudo-terminal, so queue, FIFO and line time are waited for here.
   */
  async drained(signal?: AbortSignal): Promise<void> {
    while (!this.#gone) {
      const left = this.#busyUntil - now()
      if (this.backlog === 0 && left <= 0) break
      this.#heldUp ||= left <= 0
      await sleep(Math.max(left, this.backlog > 0 ? QUEUE_POLL_MS : 1), signal)
    }
    if (!this.#heldUp) return
    this.#noteRelease()
    await sleep(this.lineTime(FIFO_BYTES), signal)
  }

  /**
   * Bytes that were written and are not on the wire yet: as many as the operating system tells, and no fewer than the
   * line cannot have taken by now. A pseudo-terminal tells of none, and would take thousands at once.
   */
  get backlog(): number {
    const told = this.#port.stream.writableLength + this.#queued()
    return Math.max(told, this.owed)
  }

  /** Bytes that the line cannot have taken by now, whatever anybody tells; no system call. */
  get owed(): number {
    return Math.max(0, Math.round((this.#busyUntil - now()) / this.lineTime(1)))
  }

  /** The modem's control lines; undefined where the port has none. */
  async signals(): Promise<ModemSignals | undefined> {
    return this.#gone ? undefined : this.#port.signals()
  }

  async setSignals(signals: TerminalSignals): Promise<void> {
    if (this.#gone) return
    await this.#port.setSignals(signals)
    if (signals.dtr !== undefined) this.dtrOnSince = signals.dtr ? (this.dtrOnSince ?? now()) : undefined
  }

  async setBaudRate(baudRate: number): Promise<void> {
    await this.#port.setBaudRate(baudRate)
    this.#baudRate = baudRate
  }

  /** Throws away what waits in either direction. */
  async discard(): Promise<void> {
    if (this.#gone) return
    await this.#port.discard()
    // Whatever was held up has left until now, or never will.
    this.#busyUntil = this.#heldUp ? now() : Math.min(this.#busyUntil, now())
    this.#slowestUntil = this.#busyUntil
    this.#heldUp = false
  }

  /** Closes without waiting for output. `onGone` is not called for it. */
  async close(): Promise<void> {
    this.#listener = undefined
    this.#queueWatch?.cancel()
    this.#gone ??= new Fault('line-gone', `${this.device} was closed`)
    await this.#port.close()
  }

  #lose(cause?: Error): void {
    if (this.#gone) return
    this.#queueWatch?.cancel()
    const why = cause ? `: ${cause.message}` : ''
    this.#gone = cause instanceof Fault ? cause : new Fault('line-gone', `${this.device} hung up${why}`, { cause })
    this.#listener?.onGone(this.#gone)
  }
}
