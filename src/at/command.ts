/** An AT command as a value: its text, its time-out, which lines are its answer and what they mean. */
import { isConnect, isFailure } from './result-code.ts'
import { urcOf } from './urc.ts'

export interface AtCommand<T = void> {
  /** What follows `AT`, without the CR: `+CSQ`. */
  readonly text: string
  /** The longest that the manual lets the modem take, in ms; never less (P9). */
  readonly timeoutMs: number
  /** Parts of `text` that must not be seen in logs. */
  readonly secrets?: readonly string[]
  /** Information lines that must not be seen in logs. */
  readonly hidden?: LinePattern
  /** Information lines of this command; every other line is somebody else's. */
  readonly information?: LinePattern
  /** Information lines are given as they came, blanks and all. */
  readonly verbatim?: true
  /** The final result code of success; `OK` unless stated. */
  readonly final?: LinePattern
  /**
   * Whether an answer must hold an information line. A query's `OK` without one is the late answer of an earlier
   * command and is passed over. `and-ok` means that information and `OK` come in any order (`AT+CIPSTATUS`).
   */
  readonly needs?: 'information' | 'and-ok'
  /** `CONNECT` as the final result puts the modem into data mode. */
  readonly entersData?: boolean
  parse(answer: Answer): T
}

/** A regular expression, or anything else that can say yes to a line. */
export interface LinePattern {
  test(line: string): boolean
}

export interface Answer {
  readonly information: readonly string[]
  readonly final: string
}

/** What one line is to a command in flight. */
export type Part = 'echo' | 'information' | 'passed-over' | 'success' | 'failure' | 'foreign'

const OK = /^OK$/

/** Collects the answer to one command, line by line. Pure. */
export class AnswerReader {
  readonly #command: AtCommand<unknown>
  readonly #information: string[] = []
  #final = ''
  #ok = false
  #echoed = false
  /** The answer is whole, and it was an error. */
  failed = false

  constructor(command: AtCommand<unknown>) {
    this.#command = command
  }

  get answer(): Answer {
    return { information: this.#information, final: this.#final }
  }

  /** Whether `line` would be a part of this answer. */
  expects(line: string): boolean {
    const { final = OK } = this.#command
    const text = line.trimEnd()
    return isFailure(text) || OK.test(text) || final.test(text) || this.#informationIn(line) !== undefined
  }

  /** The manuals print `+CGATT:1` and `+CIPACK: 3, 3, 0` as well: a line counts in its usual form. */
  #informationIn(line: string): string | undefined {
    const { information, verbatim } = this.#command
    const text = verbatim === true ? line : line.trimEnd().replace(/^(\+\w+): */, '$1: ')
    return information?.test(text) === true ? text : undefined
  }

  /** Information has come, the final result has not. */
  get begun(): boolean {
    return this.#information.length > 0 && this.#final === ''
  }

  /** Takes one line and says what it was; after `success` or `failure` the answer is whole. */
  take(line: string): Part {
    if (!this.#echoed && line === `AT${this.#command.text}`) {
      this.#echoed = true
      return 'echo'
    }
    const text = line.trimEnd()
    if (isFailure(text)) return this.#end(text, 'failure')
    const information = this.#informationIn(line)
    if (information !== undefined) {
      this.#information.push(information)
      return this.#command.needs === 'and-ok' && this.#ok ? this.#end('OK', 'success') : 'information'
    }
    if ((this.#command.final ?? OK).test(text)) return this.#takeFinal(text)
    return OK.test(text) ? 'passed-over' : 'foreign'
  }

  #takeFinal(line: string): Part {
    if (this.#command.needs !== undefined && this.#information.length === 0) {
      this.#ok = true
      return 'passed-over'
    }
    return this.#end(line, 'success')
  }

  #end(final: string, part: 'success' | 'failure'): Part {
    this.#final = final
    this.failed = part === 'failure'
    return part
  }
}

/** The command line as it may be seen. */
export function mask(command: AtCommand<unknown>): string {
  return maskText(`AT${command.text}`, command)
}

/**
 * A line of the modem as it may be seen. What is no answer and no word that is known may be a peer's (P12): of it only the
 * length is. Who calls is nobody's business (`+CLIP`).
 * @param part what the line is to the command in flight; undefined without one
 */
export function maskLine(line: string, command: AtCommand<unknown> | undefined, part: Part | undefined): string {
  if (command?.hidden?.test(line) === true) return '****'
  if ((part === undefined || part === 'foreign') && !isModems(line)) return `(${line.length} bytes)`
  const unnamed = line.replace(/^(\+CLIP: ?")[^"]*/, '$1****')
  return command ? maskText(unnamed, command) : unnamed
}

function isModems(line: string): boolean {
  return OK.test(line) || isFailure(line) || isConnect(line) || urcOf(line).kind !== 'unknown'
}

function maskText(text: string, command: AtCommand<unknown>): string {
  return (command.secrets ?? []).reduce((masked, secret) => masked.replaceAll(secret, '****'), text)
}
