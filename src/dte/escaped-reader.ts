/**
 * Reads what the modem says in command mode beside a live connection. Nobody knows whether bytes of the peer are kept
 * until `ATO` or come between the answers (modem-facts 3.3, 9): so only what is framed like the modem's words, and is
 * expected or known, is taken for a line; everything else is the peer's. Pure.
 */

const CRLF = Buffer.from('\r\n')
/** Longer than any answer line: what has no end by then is no frame. */
const LONGEST = 700

export interface EscapedWords {
  /**
   * Whose a framed line is: the modem's if it is part of the answer in flight, or a URC. Its last words may be either's:
   * they are told as a line, and kept with the bytes of the peer until the modem's state decides.
   */
  whose(line: string): 'modem' | 'peer' | 'either'
  /** Whether a line can be part of the answer in flight; undefined without one. */
  expects(line: string): boolean | undefined
  /** Whether the answer in flight has begun and not ended: its further lines may come without a line end before them. */
  inAnswer(): boolean
  /** A line of the modem. */
  line(line: string): void
  /** A line of the modem or of the peer; its bytes are told to `data` as well. */
  doubtful(line: string): void
  /** Bytes of the peer. */
  data(bytes: Buffer): void
}

export class EscapedReader {
  #bytes: Buffer = Buffer.alloc(0)
  /** The doubtful line that the bytes begin with was told. */
  #told = false

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
    this.#told = false
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
    const whose = line === '' || /[\r\n]/.test(line) ? 'peer' : words.whose(line)
    if (whose === 'either' && !this.#told) words.doubtful(line)
    this.#told = whose === 'either'
    const clear = whose === 'peer' || (whose === 'modem' && words.expects(line) === true)
    const shared = clear ? false : this.#beginsAnswer(end, words)
    if (shared === undefined) return false
    if (whose !== 'peer') {
      this.#told = false
      const used = shared ? end : end + 2
      this.#bytes = bytes.subarray(used)
      if (whose === 'modem' && !shared) words.line(line)
      else words.data(bytes.subarray(0, used))
      return true
    }
    // Not a frame: the line end alone is the peer's, what follows is looked at anew.
    this.#bytes = bytes.subarray(1)
    words.data(bytes.subarray(0, 1))
    return true
  }

  /**
   * Whether the line end at `end` is the beginning of the answer in flight: then what is before it was cut short, and of the
   * peer. undefined if more is needed, which comes for certain with an answer on its way.
   */
  #beginsAnswer(end: number, words: EscapedWords): boolean | undefined {
    const [next = '', more] = this.#bytes.toString('latin1', end + 2).split('\r', 2)
    const begins = words.expects(next)
    return begins !== undefined && more === undefined && next.length < LONGEST ? undefined : begins === true
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
