/**
 * Reads what the modem says in command mode beside a live connection. Nobody knows whether bytes of the peer are kept
 * until `ATO` or come between the answers (modem-facts 3.3, 9): so only what is framed like the modem's words, and is
 * expected or known, is taken for a line; everything else is the peer's. Pure.
 */

const CRLF = Buffer.from('\r\n')
/** Longer than any answer line: what has no end by then is no frame. */
const LONGEST = 700

export interface EscapedWords {
  /** Whether a framed line can be the modem's now: part of the answer in flight, or a URC. */
  isModems(line: string): boolean
  /** Whether the answer in flight has begun and not ended: its further lines may come without a line end before them. */
  inAnswer(): boolean
  /** A line of the modem. */
  line(line: string): void
  /** Bytes of the peer. */
  data(bytes: Buffer): void
}

export class EscapedReader {
  #bytes: Buffer = Buffer.alloc(0)

  /**
   * Takes bytes and tells `words` what they were. It stops before the rest once `stop` says so: after `CONNECT`
   * everything is the peer's.
   */
  push(chunk: Buffer, words: EscapedWords, stop: () => boolean): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    while (this.#bytes.length > 0 && !stop() && this.#step(words));
  }

  /** What was not decided yet; empty afterwards. */
  takeRest(): Buffer {
    const rest = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return rest
  }

  /** Decides about the next bytes; false if more are needed. */
  #step(words: EscapedWords): boolean {
    const bytes = this.#bytes
    if (words.inAnswer() && bytes[0] !== 0x0d) return this.#looseLine(words)
    const start = bytes.indexOf(0x0d)
    if (start !== 0) {
      const end = start < 0 ? bytes.length : start
      this.#bytes = bytes.subarray(end)
      words.data(bytes.subarray(0, end))
      return true
    }
    if (bytes.length < 2) return false
    const end = bytes[1] === 0x0a ? bytes.indexOf(CRLF, 2) : -1
    if (bytes[1] === 0x0a && end < 0 && bytes.length < LONGEST && bytes.indexOf(0x0d, 2) !== 2) return false
    const line = end > 2 && end < LONGEST ? bytes.toString('latin1', 2, end) : ''
    if (line !== '' && !/[\r\n]/.test(line) && words.isModems(line)) {
      this.#bytes = bytes.subarray(end + 2)
      words.line(line)
      return true
    }
    // Not a frame: the line end alone is the peer's, what follows is looked at anew.
    this.#bytes = bytes.subarray(1)
    words.data(bytes.subarray(0, 1))
    return true
  }

  /** A further line of an answer, as some multi-line answers have it: no line end before it. */
  #looseLine(words: EscapedWords): boolean {
    const end = this.#bytes.indexOf(0x0d)
    if (end < 0 && this.#bytes.length < LONGEST) return false
    // Its line feed is on its way; taken alone it would be the peer's.
    if (end >= 0 && end === this.#bytes.length - 1) return false
    const line = this.#bytes.toString('latin1', 0, end < 0 ? this.#bytes.length : end)
    this.#bytes = this.#bytes.subarray(end < 0 ? this.#bytes.length : end + (this.#bytes[end + 1] === 0x0a ? 2 : 1))
    words.line(line)
    return true
  }
}
