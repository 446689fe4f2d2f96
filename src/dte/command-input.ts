/** What comes in command mode, cut into lines; beside a live connection bytes of the peer may be among them. */
import { Framer } from '../at/framer.ts'
import { EchoWatch } from './echo-watch.ts'
import { EscapedReader, type EscapedWords } from './escaped-reader.ts'

const CR = 0x0d
const LF = 0x0a

export class CommandInput {
  readonly #framer = new Framer()
  readonly #escaped = new EscapedReader()
  readonly #words: EscapedWords
  readonly #echoWatch: EchoWatch
  /** The same beside a live connection, where bytes of the peer may be an echo. */
  readonly #wordsBeside: EscapedWords
  /** Told before each step: after `CONNECT` everything is the peer's. */
  readonly #over: () => boolean
  /** The last byte taken for a line was its CR. */
  #lineFeedDue = false

  constructor(words: EscapedWords, over: () => boolean) {
    this.#words = words
    this.#over = over
    this.#echoWatch = new EchoWatch((bytes) => words.data(bytes))
    this.#wordsBeside = { ...words, line: (line) => this.#take(line), data: (bytes) => this.#echoWatch.take(bytes) }
  }

  /** A command leaves; its line with the CR. */
  sent(line: Buffer): void {
    this.#echoWatch.sent(line)
  }

  /** It has come back as a line of the modem. */
  echoed(): void {
    this.#echoWatch.echoed()
  }

  /** Its answer is whole. */
  answered(): void {
    this.#echoWatch.answered()
  }

  /** Whether the modem has an echo; unknown where nothing has been said yet. */
  get echo(): EchoWatch['verdict'] {
    return this.#echoWatch.verdict
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
    this.#escaped.push(bytes, this.#wordsBeside, this.#over)
  }

  /** Kept for later: it is not known yet what it is. */
  keep(chunk: Buffer): void {
    this.#framer.push(chunk)
  }

  /** Begun and not ended, of what is the modem's for sure. */
  get partial(): string {
    return this.#framer.partial
  }

  /** The modem has changed its mode: what was begun and kept does not count any more; but not what may be the peer's. */
  forget(): void {
    this.#echoWatch.begin()
    this.#lineFeedDue = false
    this.#framer.takeRest()
  }

  /** Everything that is not decided; empty afterwards. */
  takeRest(): Buffer {
    this.#lineFeedDue = false
    return Buffer.concat([this.#echoWatch.takeRest(), this.#framer.takeRest(), this.#escaped.takeRest()])
  }

  #take(line: string): void {
    this.#echoWatch.interrupt()
    this.#words.line(line)
  }

  /** A line of the modem is complete with its CR: an acquittal in that moment must not make its LF the peer's. */
  #withoutLineFeed(chunk: Buffer): Buffer {
    const due = this.#lineFeedDue && chunk[0] === LF
    this.#lineFeedDue = false
    return due ? chunk.subarray(1) : chunk
  }
}
