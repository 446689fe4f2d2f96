/** An answer as the DTE reads it: lines in, what each was, and what came of it. */
import { AnswerReader, type AtCommand, type Part } from '../../src/at/command.ts'

export interface Read<T> {
  readonly parts: Part[]
  /** Only when the answer is whole and good. */
  readonly value?: T
  readonly failed: boolean
  readonly whole: boolean
}

/** Reads until the answer is whole; lines after that are not looked at. */
export function answerOf<T>(command: AtCommand<T>, lines: readonly string[]): Read<T> {
  const reader = new AnswerReader(command)
  const parts: Part[] = []
  for (const line of lines) {
    const part = reader.take(line)
    parts.push(part)
    if (part === 'failure') return { parts, failed: true, whole: true }
    if (part === 'success') return { parts, failed: false, whole: true, value: command.parse(reader.answer) }
  }
  return { parts, failed: false, whole: false }
}
