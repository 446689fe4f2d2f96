/** The only door to timers and clocks: whoever waits, waits here, so that tests can run hours in milliseconds. */

/** Milliseconds on a clock that never goes back; only differences mean something. */
export function now(): number {
  return performance.now()
}

/** Microseconds of CLOCK_MONOTONIC, which systemd dates a reload with (sd_notify(3), MONOTONIC_USEC). */
export function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n
}

/** Wall-clock time, for people: logs and status only, never for measuring. */
export function wallClock(): Date {
  return new Date()
}

/** Wall-clock time in `ms` milliseconds from now, as an ISO text. */
export function wallClockIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}

/** When this process started, in ms since 1970 as the wall clock tells it now: it may have been set since. */
export function startedAt(): number {
  return Date.now() - performance.now()
}

/** A moment in ms since 1970 as a date, whose parts are those of this place. */
export function dateAt(ms: number): Date {
  return new Date(ms)
}

/** Something that will happen unless it is cancelled. */
export interface Timer {
  cancel(): void
}

/** Calls `action` once after `ms` milliseconds. */
export function after(ms: number, action: () => void): Timer {
  const timer = setTimeout(action, ms)
  return { cancel: () => clearTimeout(timer) }
}

/**
 * Calls `action` once after `ms` milliseconds and whatever input has arrived by then: a process that was kept from the
 * processor finds its timers due before it has read.
 */
export function afterInput(ms: number, action: () => void): Timer {
  let cancelled = false
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (!cancelled) action()
    })
  }, ms)
  return {
    cancel: () => {
      cancelled = true
      clearTimeout(timer)
    },
  }
}

/** Calls `action` every `ms` milliseconds, first after `ms`. */
export function every(ms: number, action: () => void): Timer {
  const timer = setInterval(action, ms)
  return { cancel: () => clearInterval(timer) }
}

/**
 * Resolves after `ms` milliseconds; rejects with the signal's reason as soon as `signal` aborts.
 * It keeps the process alive meanwhile.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(reasonOf(signal))
      return
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    const onAbort = (): void => {
      clearTimeout(timer)
      if (signal) reject(reasonOf(signal))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds (reason: what `expired` returns) or with `outer`.
 * It returns when `work` does: work that ignores its signal is waited for.
 */
export async function withDeadline<T>(
  ms: number,
  expired: () => Error,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(expired()), ms)
  try {
    return await work(outer ? AbortSignal.any([outer, limit.signal]) : limit.signal)
  } finally {
    clearTimeout(timer)
  }
}

/** An abort's reason as an Error. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))
}

/**
 * Settles like `promise`, but rejects with the signal's reason if `signal` aborts first. What comes of `promise`
 * afterwards is dropped, an error too.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(reasonOf(signal))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Calls `action` right after the events that are being dealt with now; keeps the process alive until then. */
export function soon(action: () => void): void {
  setImmediate(action)
}
