/** A command in flight, and one that was given up while its answer may still come. */
import type { AnswerReader, AtCommand } from '../at/command.ts'
import { after, reasonOf, type Timer } from '../core/time.ts'

export interface Flight {
  readonly reader: AnswerReader
  readonly command: AtCommand<unknown>
  readonly resolve: (final: string) => void
  readonly reject: (error: Error) => void
  /** From now on it has at most `ms`, then it rejects with `error`. */
  readonly hurry: (ms: number, error: Error) => void
}

/**
 * Resolves with the final line of the answer; rejects as soon as `limit` aborts.
 * @param take gets the flight, and undefined at its end
 */
export function fly(
  command: AtCommand<unknown>,
  reader: AnswerReader,
  limit: AbortSignal,
  take: (flight: Flight | undefined) => void,
): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    if (limit.aborted) {
      reject(reasonOf(limit))
      return
    }
    const landing =
      <T>(settle: (outcome: T) => void) =>
      (outcome: T): void => {
        limit.removeEventListener('abort', onAbort)
        hurried?.cancel()
        take(undefined)
        settle(outcome)
      }
    let hurried: Timer | undefined
    const hurry = (ms: number, error: Error): void => {
      hurried ??= after(ms, () => flight.reject(error))
    }
    const flight: Flight = { reader, command, resolve: landing(resolve), reject: landing(reject), hurry }
    const onAbort = (): void => flight.reject(reasonOf(limit))
    limit.addEventListener('abort', onAbort, { once: true })
    take(flight)
  })
}

/** What has become of a command that was given up. */
export type HeardOut =
  /** Its answer is whole: the modem is ready for the next command. */
  | 'over'
  /** It was carried out: the modem is in data mode. */
  | 'data-mode'
  /** Its answer may still come. */
  | 'pending'

/** Nobody waits for its answer any more, and still nothing should be said before the answer is over. */
export class GivenUp {
  readonly reader: AnswerReader
  readonly command: AtCommand<unknown>
  #over: (() => void) | undefined

  constructor({ reader, command }: Pick<Flight, 'reader' | 'command'>) {
    this.reader = reader
    this.command = command
  }

  /** Its answer is whole, or cannot come any more. */
  end(): void {
    this.#over?.()
  }

  /** Resolves at the end, or after `ms`; rejects as soon as `signal` aborts. */
  ended(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const timer = after(ms, () => this.#over?.())
      this.#over = done(resolve)
      const onAbort = done(() => {
        if (signal) reject(reasonOf(signal))
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}
