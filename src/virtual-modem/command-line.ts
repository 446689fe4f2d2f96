/** Makes commands out of the bytes that arrive in command mode (AT manual 1.4). */

/** AT manual 1.4.5: no more characters than this after `AT`. */
const LONGEST = 556

/** `AT+X`, `AT+X?`, `AT+X=?`, `AT+X=…`. */
export type Form = 'execute' | 'read' | 'test' | 'write'

export interface Argument {
  /** Without its quotes. */
  readonly text: string
  readonly quoted: boolean
}

export interface Command {
  /** In upper case: `+CSQ`, `&C`, `E`, `S3`; empty for a bare `AT`. */
  readonly name: string
  readonly form: Form
  /** Of the write form; basic commands have their number here (`E1` → `1`). */
  readonly args: readonly Argument[]
  /** What stood behind the `=`, as it was. */
  readonly text: string
}

/** Splits at commas outside quotes. */
function splitArguments(text: string): Argument[] {
  const parts = text.match(/("[^"]*"|[^,"])*(,|$)/g)?.slice(0, -1) ?? []
  const fields = text.endsWith(',') || parts.length === 0 ? [...parts, ''] : parts
  return fields.map((field) => {
    const bare = field.replace(/,$/, '').trim()
    const quoted = bare.length >= 2 && bare.startsWith('"') && bare.endsWith('"')
    return { text: quoted ? bare.slice(1, -1) : bare, quoted }
  })
}

function extended(text: string): Command | undefined {
  const match = /^([+*][A-Z0-9_]+)\s*(\?|=\?|=(.*))?$/is.exec(text)
  if (!match) return undefined
  const name = (match[1] ?? '').toUpperCase()
  const tail = match[2]
  if (tail === undefined) return { name, form: 'execute', args: [], text: '' }
  if (tail === '?') return { name, form: 'read', args: [], text: '' }
  if (tail === '=?') return { name, form: 'test', args: [], text: '' }
  const value = match[3] ?? ''
  return { name, form: 'write', args: splitArguments(value), text: value }
}

/** One basic command from the front of `text`, and what is left. */
function basic(text: string): { command: Command; rest: string } | undefined {
  const dial = /^D(.*)$/is.exec(text)
  if (dial) return { command: { name: 'D', form: 'execute', args: [], text: dial[1] ?? '' }, rest: '' }
  const match = /^(S\d+|&?[A-Z])(?:=(\d+)|(\d+)|(=?\?))?/i.exec(text)
  if (!match) return undefined
  const value = match[2] ?? match[3]
  const query = match[4]
  const form = query === undefined ? (match[2] === undefined ? 'execute' : 'write') : query === '?' ? 'read' : 'test'
  const args = value === undefined ? [] : [{ text: value, quoted: false }]
  const name = (match[1] ?? '').toUpperCase()
  return { command: { name, form, args, text: value ?? '' }, rest: text.slice(match[0].length) }
}

/** The next `;` outside quotes, or the end. */
function endOfExtended(text: string): number {
  const match = /^(?:"[^"]*"|[^;"]|"(?=[^"]*$))*/.exec(text)
  return match?.[0].length ?? text.length
}

/** The commands of one line, given without its `AT`; undefined: not one of the manual's forms. */
export function parseCommands(line: string): Command[] | undefined {
  if (line.length > LONGEST) return undefined
  let rest = line.trim()
  if (rest === '') return [{ name: '', form: 'execute', args: [], text: '' }]
  const commands: Command[] = []
  while (rest !== '') {
    if (/^[+*]/.test(rest)) {
      const end = endOfExtended(rest)
      const command = extended(rest.slice(0, end).trim())
      if (!command) return undefined
      commands.push(command)
      rest = rest.slice(end + 1).trim()
    } else {
      const found = basic(rest)
      if (!found) return undefined
      commands.push(found.command)
      rest = found.rest.replace(/^[;\s]+/, '')
    }
  }
  return commands
}

export interface LineEnds {
  /** A whole line, without `AT` and without its end. */
  line(text: string): void
  /** A byte that was no part of an AT command line. */
  stray(byte: number): void
  loneReturn(): void
  plusGroup(): void
}

/** Collects characters until the line's end (S3). */
export class LineCollector {
  readonly #ends: LineEnds
  #text = ''
  #started = false
  #pluses = 0
  /** `A` was the last byte: the next decides. */
  #half = 0

  constructor(ends: LineEnds) {
    this.#ends = ends
  }

  forget(): void {
    this.#text = ''
    this.#started = false
    this.#pluses = 0
    this.#half = 0
  }

  /** Takes one byte; `end` is S3, `erase` S5. Returns whether it ended a line. */
  take(byte: number, end: number, erase: number): boolean {
    if (!this.#started) return this.#before(byte, end)
    if (byte === end) {
      const text = this.#text
      this.forget()
      this.#ends.line(text)
      return true
    }
    if (byte === erase) this.#text = this.#text.slice(0, -1)
    else if (this.#text.length <= LONGEST) this.#text += String.fromCharCode(byte)
    return false
  }

  #before(byte: number, end: number): boolean {
    const letter = byte & 0xdf
    if (this.#half !== 0 && letter === 0x54) {
      this.#half = 0
      this.#started = true
      return false
    }
    if (this.#half !== 0) this.#ends.stray(this.#half)
    this.#half = 0
    if (byte === 0x2b) {
      this.#pluses++
      if (this.#pluses === 3) {
        this.#pluses = 0
        this.#ends.plusGroup()
      }
      return false
    }
    for (; this.#pluses > 0; this.#pluses--) this.#ends.stray(0x2b)
    if (letter === 0x41) this.#half = byte
    else if (byte === end) this.#ends.loneReturn()
    // LF after CR is how most programs end a line (modem-facts 0.3).
    else if (byte !== 0x0a) this.#ends.stray(byte)
    return false
  }
}
