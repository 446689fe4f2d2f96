/**
 * What goes up as datagrams: each in one write, and after it so much silence that the modem sends it as one packet (CIPCCFG,
 * AT manual 8.2.23), for that is all by which it tells them apart.
 */
import { after, now, type Timer } from '../core/time.ts'
import type { SerialLine } from '../line/serial-line.ts'
import type { EscapeGuard } from './escape-guard.ts'
import type { UpstreamCircumstances } from './upstream.ts'

/** What the modem makes one packet of. */
export interface PacketRules {
  /** SendSz: of more bytes it makes several. */
  readonly size: number
  /** WaitTm, at the longest that it may mean, in ms. */
  readonly silenceMs: number
}

/** Why a datagram was not sent. */
export type Unsendable =
  /** Longer than a packet of the modem. */
  | 'size'
  /** `+++`, which the modem would take for the escape. */
  | 'escape'
  /** The carrier ended before. */
  | 'unsent'

/**
 * The silence is longer by this, in ms, and by the line time of what went before it: an adapter keeps bytes for a moment,
 * and a line may be slower than its rate and not tell.
 */
const MARGIN_MS = 50

export class PacketUpstream {
  readonly #line: SerialLine
  /** undefined where the modem does not listen to `+++`. */
  readonly #guard: EscapeGuard | undefined
  readonly #circumstances: UpstreamCircumstances
  readonly #rules: PacketRules
  readonly #onDrop: (why: Unsendable, datagrams: number) => void
  readonly #over = new AbortController()
  #outbox: Buffer[] = []
  /** The silence after a datagram lasts. */
  #resting = false
  #rest: Timer | undefined
  /** `write` returned false and `onRoom` was not called since. */
  #roomIsDue = false
  /** true: the next byte is the first since data mode was entered, the modem's view of the pause before is unknown. */
  #fresh = true
  bytes = 0

  constructor(
    line: SerialLine,
    guard: EscapeGuard | undefined,
    circumstances: UpstreamCircumstances,
    rules: PacketRules,
    onDrop: (why: Unsendable, datagrams: number) => void,
  ) {
    this.#line = line
    this.#guard = guard
    this.#circumstances = circumstances
    this.#rules = rules
    this.#onDrop = onDrop
  }

  /** Takes one datagram; false means: no more until `onRoom`. */
  write(datagram: Buffer): boolean {
    if (datagram.length > this.#rules.size) this.#onDrop('size', 1)
    else this.#outbox.push(datagram)
    this.flow()
    this.#roomIsDue = !this.hasRoom
    return this.hasRoom
  }

  /** Whether `write` would be taken at once. */
  get hasRoom(): boolean {
    return this.#outbox.length === 0
  }

  /** Datagrams that were written and have not gone to the line. */
  get waiting(): boolean {
    return this.#outbox.length > 0
  }

  /** How often pluses had to wait, or could not be sent. */
  get plusesHeld(): number {
    return this.#guard?.held ?? 0
  }

  /** Circumstances have changed: what may go now, goes. */
  flow(): void {
    while (!this.#resting && this.#circumstances.mayFlow()) {
      const [datagram] = this.#outbox
      if (!datagram) break
      const verdict = this.#guard?.judge(datagram, this.#pause()) ?? 'now'
      if (verdict === 'later') {
        this.#restFor(this.#guard?.holdMs ?? 0)
        break
      }
      this.#outbox.shift()
      if (verdict === 'now') this.#send(datagram)
      else this.#onDrop('escape', 1)
    }
    if (!this.#roomIsDue || !this.hasRoom) return
    this.#roomIsDue = false
    this.#circumstances.onRoom()
  }

  /** The line has room again: it always has for one datagram after the silence behind the one before. */
  onLineWritable(): void {
    this.flow()
  }

  /** What went to the line goes on as a whole, and before that nothing else is done to the modem: it is drained first. */
  stop(): void {
    // Nothing is held half.
  }

  /** Data mode is entered anew. */
  restart(): void {
    this.#fresh = true
    this.#guard?.reset()
  }

  /** Nothing goes up any more. */
  end(): void {
    this.#over.abort()
    this.#rest?.cancel()
    const left = this.#outbox.splice(0).length
    if (left > 0) this.#onDrop('unsent', left)
  }

  #send(datagram: Buffer): void {
    // Pluses alone may be held by the modem until they can be no escape any more: only then they are a packet.
    const doubtMs = this.#guard?.concerns(datagram) === true ? this.#guard.holdMs : 0
    this.bytes += datagram.length
    this.#fresh = false
    this.#line.write(datagram)
    this.#restFor(doubtMs + this.#rules.silenceMs + this.#line.lineTime(datagram.length))
  }

  /** Nothing goes up until so much silence has been on the wire. */
  #restFor(ms: number): void {
    this.#resting = true
    this.#line
      .drained(this.#over.signal)
      .then(() => {
        if (this.#over.signal.aborted) return
        this.#rest = after(ms + MARGIN_MS, () => {
          this.#resting = false
          this.flow()
        })
      })
      // Only an abort rejects: the carrier has ended.
      .catch(() => undefined)
  }

  /** How long the modem has seen silence, in ms; undefined where nobody can tell. */
  #pause(): number | undefined {
    return this.#fresh || this.#line.stalled ? undefined : Math.max(0, now() - this.#line.lastOutputAt)
  }
}
