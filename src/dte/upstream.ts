/** What goes up through the carrier: in small pieces, past the escape guard, and not a byte while it must not. */
import { after, now, type Timer } from '../core/time.ts'
import type { SerialLine } from '../line/serial-line.ts'
import type { EscapeGuard } from './escape-guard.ts'

/**
 * Written at once, and at most as much again waits in the tty: about this many ms of line time, so that little is on its
 * way when the carrier drops.
 */
const PIECE_MS = 25
const SMALLEST_PIECE = 64
const LARGEST_PIECE = 4096

export interface UpstreamCircumstances {
  /** Whether bytes may go to the modem now, whatever the line can take. */
  mayFlow(): boolean
  /** Room again after `write` returned false. */
  onRoom(): void
}

export class Upstream {
  readonly #line: SerialLine
  /** undefined where the modem does not listen to `+++`. */
  readonly #guard: EscapeGuard | undefined
  readonly #circumstances: UpstreamCircumstances
  readonly #pieceSize: number
  /** The most that the tty can hold: what it held when it was last asked, and what was written since. */
  #mayHold = 0
  #outbox: Buffer[] = []
  #lineFull = false
  /** `write` returned false and `onRoom` was not called since. */
  #roomIsDue = false
  /** true: the next byte is the first since data mode was entered, the modem's view of the pause before is unknown. */
  #fresh = true
  #plusHold: AbortController | undefined
  #retry: Timer | undefined
  bytes = 0

  constructor(line: SerialLine, guard: EscapeGuard | undefined, circumstances: UpstreamCircumstances) {
    this.#line = line
    this.#guard = guard
    this.#circumstances = circumstances
    const piece = Math.floor((line.baudRate / 10_000) * PIECE_MS)
    this.#pieceSize = Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, piece))
  }

  /** Takes bytes; false means: no more until `onRoom`. */
  write(chunk: Buffer): boolean {
    this.#outbox.push(chunk)
    this.flow()
    this.#roomIsDue = !this.hasRoom
    return this.hasRoom
  }

  /** Whether `write` would be taken at once. */
  get hasRoom(): boolean {
    return this.#outbox.length === 0 && !this.#lineFull
  }

  /** Bytes that were written and the line has not taken yet. */
  get waiting(): boolean {
    return this.#outbox.length > 0 || this.#guard?.holding === true
  }

  /** How often a third plus had to wait. */
  get plusesHeld(): number {
    return this.#guard?.held ?? 0
  }

  /** Circumstances have changed: what may go now, goes. */
  flow(): void {
    this.#armPlus()
    while (this.#maySend()) {
      const chunk = this.#outbox[0]
      if (!chunk || this.#backlogged()) break
      const piece = chunk.length > this.#pieceSize ? chunk.subarray(0, this.#pieceSize) : chunk
      if (piece === chunk) this.#outbox.shift()
      else this.#outbox[0] = chunk.subarray(piece.length)
      this.bytes += piece.length
      this.#send(this.#guarded(piece))
    }
    if (!this.#roomIsDue || !this.hasRoom) return
    this.#roomIsDue = false
    this.#circumstances.onRoom()
  }

  /** The line has room again. */
  onLineWritable(): void {
    this.#lineFull = false
    this.flow()
  }

  /** A held plus stays where it is until `flow`. */
  stop(): void {
    this.#plusHold?.abort()
    this.#plusHold = undefined
  }

  /** Data mode is entered anew. */
  restart(): void {
    this.#fresh = true
    this.#guard?.reset()
  }

  /** Nothing goes up any more. */
  end(): void {
    this.stop()
    this.#retry?.cancel()
    this.#outbox = []
  }

  /** Whether the tty holds enough already; then it is looked at again when about half of that has left. */
  #backlogged(): boolean {
    if (this.#retry) return true
    const excess = this.#held - this.#pieceSize
    if (excess <= 0) return false
    this.#retry = after(Math.max(1, this.#line.lineTime(excess)), () => {
      this.#retry = undefined
      this.flow()
    })
    return true
  }

  /** What the tty holds, at least. It is asked only where the line's own time and what was written do not decide. */
  get #held(): number {
    const { owed } = this.#line
    if (owed > this.#pieceSize || this.#mayHold <= this.#pieceSize) return owed
    this.#mayHold = this.#line.backlog
    return this.#mayHold
  }

  #maySend(): boolean {
    return !this.#lineFull && this.#circumstances.mayFlow()
  }

  #send(bytes: Buffer): void {
    this.#mayHold += bytes.length
    if (bytes.length > 0 && !this.#line.write(bytes)) this.#lineFull = true
  }

  #guarded(piece: Buffer): Buffer {
    if (!this.#guard) return piece
    // What the tty still holds is asked only where it matters: it costs a system call.
    const passed = this.#guard.pass(piece, this.#guard.concerns(piece) ? this.#pause() : 0)
    this.#fresh = false
    this.stop()
    this.#armPlus()
    return passed
  }

  /** How long the modem has seen silence, in ms; undefined where nobody can tell. */
  #pause(): number | undefined {
    return this.#fresh || this.#line.stalled ? undefined : Math.max(0, now() - this.#line.lastOutputAt)
  }

  /** The third plus goes out alone, once the two before it have left the wire for longer than a guard time. */
  #armPlus(): void {
    const guard = this.#guard
    if (!guard?.holding || this.#plusHold || !this.#maySend()) return
    const hold = new AbortController()
    this.#plusHold = hold
    this.#line
      .drained(hold.signal)
      .then(() => {
        if (hold.signal.aborted) return
        const timer = after(guard.holdMs, () => {
          this.#plusHold = undefined
          // The modem may be in command mode by now: it waits on, and starts over when upstream flows again.
          if (!this.#maySend()) return
          this.#send(guard.release())
          // Of several that were held, each goes out alone.
          this.#armPlus()
        })
        hold.signal.addEventListener('abort', () => timer.cancel(), { once: true })
      })
      // Only an abort rejects: another byte went out with the plus, or upstream was stopped.
      .catch(() => undefined)
  }
}
