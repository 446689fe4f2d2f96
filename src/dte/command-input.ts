/** What comes in command mode, cut into lines; beside a live connection bytes of the peer may be among them. */
import { Framer } from '../at/framer.ts'
import { EscapedReader, type EscapedWords } from './escaped-reader.ts'

const CR = 0x0d
const LF = 0x0a

export class CommandInput {
  readonly #framer = new Framer()
  readonly #escaped = new EscapedReader()
  readonly #words: EscapedWords
  /** Told before each step: after `CONNECT` everything is the peer's. */
  readonly #over: () => boolean
  /** The last byte taken for a line was its CR. */
  #lineFeedDue = false

  constructor(words: EscapedWords, over: () => boolean) {
    this.#words = words
    this.#over = over
  }

  /** Everything is the modem's. */
  push(chunk: Buffer): void {
    this.#framer.push(chunk)
    for (let line = this.#framer.next(); line !== undefined; line = this.#framer.next()) {
      this.#words.line(line)
      if (this.#over()) return
    }
    this.#lineFeedDue = chunk.at(-1) === CR && this.#framer.partial === ''
  }

  /** A connection lives: words of the modem, or bytes of the peer. */
  pushBeside(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#framer.takeRest(), this.#withoutLineFeed(chunk)])
    this.#escaped.push(bytes, this.#words, this.#over)
  }

  /** Kept for later: it is not known yet what it is. */
  keep(chunk: Buffer): void {
    this.#framer.push(chunk)
  }

  /** Begun and not ended, of what is the modem's for sure. */
  get partial(): string {
    return this.#framer.partial
  }

  /** What was begun and kept does not count any more; but not what may be the peer's. */
  forget(): void {
    this.#lineFeedDue = false
    this.#framer.takeRest()
  }

  /** Everything that is not decided; empty afterwards. */
  takeRest(): Buffer {
    this.#lineFeedDue = false
    return Buffer.concat([this.#framer.takeRest(), this.#escaped.takeRest()])
  }

  /** A line of the modem is complete with its CR: an acquittal in that moment must not make its LF the peer's. */
  #withoutLineFeed(chunk: Buffer): Buffer {
    const due = this.#lineFeedDue && chunk[0] === LF
    this.#lineFeedDue = false
    return due ? chunk.subarray(1) : chunk
  }
}
