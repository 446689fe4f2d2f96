/**
 * Keeps payload from being taken for the escape: the modem leaves data mode when silence, exactly three `+` and silence
 * follow each other (AT manual 2.2.12, application note 2.2.4(1)). Pure: the caller tells the time.
 */

const PLUS = 0x2b
const HELD = Buffer.from('+')

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
  #holding = false
  /** How often the third plus had to wait. */
  held = 0

  /** @param guardMs the modem's guard time, in ms */
  constructor(guardMs: number) {
    this.#lowMs = guardMs * SURELY_NO_SILENCE
    this.#highMs = guardMs * SURELY_SILENCE
  }

  /** Whether a plus waits for a further byte, or for `holdMs` of silence. */
  get holding(): boolean {
    return this.#holding
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
    if (this.#holding) {
      // A further byte in the same write: no silence can follow the third plus.
      this.#holding = false
      this.#counts = 0
      return Buffer.concat([HELD, chunk])
    }
    if (chunk.length > 3 || !chunk.every((byte) => byte === PLUS)) {
      this.#counts = 0
      return chunk
    }
    const counts = this.#countsAfter(chunk.length, pauseMs)
    if ((counts & 0b1000) === 0) {
      this.#counts = counts
      return chunk
    }
    this.#holding = true
    this.held += 1
    this.#counts = chunk.length > 1 ? this.#countsAfter(chunk.length - 1, pauseMs) : this.#counts
    return chunk.subarray(0, -1)
  }

  /** The held plus after `holdMs` of silence, alone: a gap of more than the guard time makes it data. */
  release(): Buffer {
    this.#holding = false
    this.#counts = 0b10
    return HELD
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
