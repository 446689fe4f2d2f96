/** Text in columns that fits a terminal, and figures as people read them. */
import { styleText } from 'node:util'

export type Tone = 'good' | 'warn' | 'bad' | 'quiet' | 'strong'

const STYLES = { good: 'green', warn: 'yellow', bad: 'red', quiet: 'dim', strong: 'bold' } as const

/** Colours a text; does nothing where there are no colours. */
export type Paint = (tone: Tone, text: string) => string

/** @param colours whether a person looks who wants them */
export function painter(colours: boolean): Paint {
  return (tone, text) => (colours && text !== '' ? styleText(STYLES[tone], text, { validateStream: false }) : text)
}

/** Cut off with an ellipsis where it is too long. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

/** Words in lines of at most `width`. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Rows in columns. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** `1234 B`, `1200 kB`, `34 MB` */
export function size(bytes: number): string {
  if (bytes < 10_000) return `${Math.round(bytes)} B`
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`
}

/** `90 s`, `5 min`, `3 h`, `4 d` */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

const BLOCKS = '▁▂▃▄▅▆▇█'

/** A bar for each value from `low` to `high`; a blank for what is not known. */
export function sparkline(values: readonly (number | null)[], low: number, high: number): string {
  const step = (value: number): number => Math.round(((value - low) / (high - low || 1)) * (BLOCKS.length - 1))
  return values
    .map((value) => (value === null ? ' ' : (BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, step(value)))] ?? ' ')))
    .join('')
}
