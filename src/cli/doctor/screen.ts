/** The findings as text: one line each on a pipe, wrapped on a terminal, in colours where they are wanted. */
import { styleText } from 'node:util'
import { type Finding, GROUPS, type Group, type Verdict } from './finding.ts'

export interface Look {
  /** undefined: lines are not wrapped. */
  readonly columns: number | undefined
  readonly colors: boolean
}

const MARKS: Readonly<Record<Verdict, string>> = { good: '✓', warning: '!', bad: '✗', unchecked: '–' }
const COLORS = { good: 'green', warning: 'yellow', bad: 'red', unchecked: 'gray' } as const
/** `  ✓ ` */
const MARK_WIDTH = 4
const LABEL_WIDTH = 14
/** A terminal that is narrower is not written for. */
const LEAST_COLUMNS = 40

/** Prints findings as they come, a heading before each group. */
export class Screen {
  readonly #look: Look
  readonly #write: (text: string) => void
  #group: Group | undefined

  constructor(look: Look, write: (text: string) => void) {
    this.#look = look
    this.#write = write
  }

  show({ group, check, verdict, message, mend }: Finding): void {
    if (group !== this.#group) {
      this.#write(`${this.#group === undefined ? '' : '\n'}${this.#style('bold', GROUPS[group])}\n`)
      this.#group = group
    }
    const lead = `  ${this.#style(COLORS[verdict], MARKS[verdict])} ${check.padEnd(LABEL_WIDTH)}`
    const indent = ' '.repeat(MARK_WIDTH + LABEL_WIDTH)
    const [first = '', ...rest] = this.#wrapped(message, MARK_WIDTH + LABEL_WIDTH)
    const [mendFirst, ...mendRest] = mend === null ? [] : this.#wrapped(mend, MARK_WIDTH + LABEL_WIDTH + 2)
    const lines = [
      lead + first,
      ...rest.map((line) => indent + line),
      ...(mendFirst === undefined ? [] : [`${indent}→ ${mendFirst}`]),
      ...mendRest.map((line) => `${indent}  ${line}`),
    ]
    this.#write(lines.map((line) => `${line.trimEnd()}\n`).join(''))
  }

  /** One line that says how it came out. */
  conclude(findings: readonly Finding[], exitCode: number): void {
    const of = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length
    const counts = [
      count(of('bad'), 'problem'),
      count(of('warning'), 'warning'),
      of('unchecked') === 0 ? '' : `${of('unchecked')} not checked`,
    ].filter((part) => part !== '')
    const verdict = exitCode === 0 ? 'nothing is wrong' : `mend from top to bottom; exit code ${exitCode}`
    const lines = this.#wrapped([...counts, verdict].join(', '), 0)
    this.#write(`\n${lines.map((line) => `${this.#style(exitCode === 0 ? 'green' : 'red', line)}\n`).join('')}`)
  }

  #style(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#look.colors ? styleText(format, text, { validateStream: false }) : text
  }

  #wrapped(text: string, indent: number): string[] {
    const { columns } = this.#look
    if (columns === undefined) return [text]
    const room = Math.max(LEAST_COLUMNS, columns) - indent
    return text.split(' ').reduce<string[]>((lines, word) => {
      const last = lines.at(-1)
      if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`
      else lines.push(word)
      return lines
    }, [])
  }
}

function count(number: number, what: string): string {
  return number === 0 ? '' : `${number} ${what}${number === 1 ? '' : 's'}`
}
