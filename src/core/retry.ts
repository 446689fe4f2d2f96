/** The only door to p-retry: the same work again, after a pause, until it succeeds or there is no point in it. */
import pRetry from 'p-retry'
import { reasonOf, sleep } from './time.ts'

/** Pauses that grow: the first, then each `factor` times the one before, never more than `maxMs`. */
export interface GrowingPause {
  readonly firstMs: number
  readonly maxMs: number
  readonly factor: number
  /** share by which each pause varies at random, 0 to 1: 0.2 makes it 80 % to 120 %, so that a fleet does not march in step */
  readonly jitter?: number
}

/** A failure of one attempt. */
export interface FailedAttempt {
  readonly error: Error
  /** 1 for the first attempt */
  readonly attempt: number
  /** before the next attempt; undefined if there is none */
  readonly pauseMs: number | undefined
}

export interface RetryOptions {
  /** attempts in all, at least 1; `Infinity`: until it succeeds */
  readonly times: number
  /** between two attempts, in milliseconds: always the same, or growing */
  readonly pauseMs: number | GrowingPause
  readonly signal?: AbortSignal | undefined
  /** Whether this error may be a passing one; default: every error but a programming error. */
  readonly shouldRetry?: (error: Error) => boolean
  /** Told of every failure before the pause, also of the last. What it throws ends the retrying. */
  readonly onFailure?: (failure: FailedAttempt) => void
}

/**
 * Runs `attempt` (its number from 1) until it succeeds. Rejects with the last attempt's error, and with the signal's
 * reason once `signal` aborts: at once during a pause; an attempt under way is waited for, and its success still counts,
 * so that what it opened is not lost. A programming error (TypeError and its like) is never retried.
 */
export function retry<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { times, signal, shouldRetry = () => true, onFailure } = options
  return pRetry(
    (number) => {
      if (signal?.aborted) throw reasonOf(signal)
      return attempt(number)
    },
    {
      retries: times - 1,
      // p-retry counts and judges; the pause is ours, because time has one door.
      minTimeout: 0,
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (signal?.aborted) throw reasonOf(signal)
        const again = retriesLeft > 0 && !isProgrammingError(error) && shouldRetry(error)
        const pauseMs = again ? pauseAfter(attemptNumber, options.pauseMs) : undefined
        onFailure?.({ error, attempt: attemptNumber, pauseMs })
        if (pauseMs === undefined) throw error
        await sleep(pauseMs, signal)
      },
    },
  )
}

/** Milliseconds between attempt `number` and the next. */
function pauseAfter(number: number, pause: number | GrowingPause): number {
  if (typeof pause === 'number') return pause
  const grown = Math.min(pause.maxMs, pause.firstMs * pause.factor ** (number - 1))
  const varied = grown * (1 + (pause.jitter ?? 0) * (2 * Math.random() - 1))
  return Math.min(pause.maxMs, Math.round(varied))
}

const PROGRAMMING_ERRORS = [TypeError, RangeError, ReferenceError, SyntaxError]

function isProgrammingError(error: Error): boolean {
  return PROGRAMMING_ERRORS.some((kind) => error instanceof kind)
}
