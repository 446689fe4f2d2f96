/**
 * Keeps payload from being taken for the escape: the modem leaves data mode when silence, exactly three `+` and silence
 * follow each other (AT manual 2.2.12, application note 2.2.4(1)). Pure: the caller tells the time.
 */

const PLUS = 0x2b
const NOTHING = Buffer.alloc(0)
/** Bit 3 of the counts. */
const MAYBE_THREE = 0b1000

/**
 * The manuals disagree about the guard time: 1 s, 0.5 s in older text (modem-facts 0.2), and two clocks never agree
 * exactly. A pause below the lower bound is no silence for any modem, above the upper one it is for every modem; in
 * between both are reckoned with.
 */
const SURELY_NO_SILENCE = 0.4
const SURELY_SILENCE = 1.1

export class EscapeGuard {
  readonly #lowMs: number
  readonly #highMs: number
  /**
   * How many pluses the group may count that the modem is looking at, as bits 1..3: bit 2 set = "maybe two". Empty when
   * the last bytes cannot be the beginning of an escape.
   */
  #counts = 0
  /** The plus that may be the third; two or three where it is not known which of them that is. */
  #held: Buffer = NOTHING
  /** How often the third plus had to wait. */
  held = 0

  /** @param guardMs the modem's guard time, in ms */
  constructor(guardMs: number) {
    this.#lowMs = guardMs * SURELY_NO_SILENCE
    this.#highMs = guardMs * SURELY_SILENCE
  }

  /** Whether a plus waits for a further byte, or for `holdMs` of silence. */
  get holding(): boolean {
    return this.#held.length > 0
  }

  /** Whether the pause before `chunk` matters; anything else than a few pluses is payload beyond doubt. */
  concerns(chunk: Buffer): boolean {
    return this.holding || (chunk.length <= 3 && chunk.every((byte) => byte === PLUS))
  }

  /** How long a held plus has to wait after the last byte left the wire: then it counts as data. */
  get holdMs(): number {
    return this.#highMs
  }

  /**
   * What of `chunk`, with what was held before, may go to the modem now.
   * @param pauseMs how long the line was silent before this chunk; undefined where nobody can tell (output held up by CTS)
   */
  pass(chunk: Buffer, pauseMs: number | undefined): Buffer {
    if (chunk.length === 0) return chunk
    // What was held goes with the further byte in one write: no silence can come between them.
    const bytes = this.holding ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = NOTHING
    if (bytes.length > 3 || !bytes.every((byte) => byte === PLUS)) {
      this.#counts = 0
      return bytes
    }
    let free = bytes.length
    while ((this.#countsAfter(free, pauseMs) & MAYBE_THREE) !== 0) free -= 1
    if (free < bytes.length) this.held += 1
    this.#held = Buffer.from(bytes.subarray(free))
    if (free > 0) this.#counts = this.#countsAfter(free, pauseMs)
    return bytes.subarray(0, free)
  }

  /**
   * What was held, after `holdMs` of silence: a gap of more than the guard time makes it data. Three pluses that had to
   * wait together are a group of their own now: then the last one goes on waiting (`holding`).
   */
  release(): Buffer {
    const bytes = this.#held
    this.#held = NOTHING
    return this.pass(bytes, Number.POSITIVE_INFINITY)
  }

  /**
   * Whether a datagram, which goes as a whole or not at all, may go: `later` is after more than `holdMs` of silence, `never`
   * are three pluses that the modem would take for the escape.
   * @param pauseMs as with `pass`
   */
  judge(datagram: Buffer, pauseMs: number | undefined): 'now' | 'later' | 'never' {
    const payload = datagram.length > 3 || !datagram.every((byte) => byte === PLUS)
    const counts = payload ? 0 : this.#countsAfter(datagram.length, pauseMs)
    if ((counts & MAYBE_THREE) === 0) {
      this.#counts = counts
      return 'now'
    }
    this.held += 1
    return datagram.length === 3 ? 'never' : 'later'
  }

  /** After an escape of our own: the modem has begun to count anew. */
  reset(): void {
    this.#counts = 0
  }

  #countsAfter(pluses: number, pauseMs: number | undefined): number {
    const continued = pauseMs === undefined || pauseMs <= this.#highMs ? this.#counts << pluses : 0
    const begun = pauseMs === undefined || pauseMs >= this.#lowMs ? 1 << pluses : 0
    return (continued | begun) & 0b1110
  }
}
