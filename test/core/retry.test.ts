import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FailedAttempt, retry } from '../../src/core/retry.ts'
import { now } from '../../src/core/time.ts'

/** Fails until attempt `good`, and notes when each attempt began. */
function failsUntil(good: number): { attempt: (number: number) => Promise<string>; begun: number[] } {
  const start = now()
  const begun: number[] = []
  const attempt = (number: number): Promise<string> => {
    begun.push(now() - start)
    return number < good ? Promise.reject(new Error(`attempt ${number}`)) : Promise.resolve('done')
  }
  return { attempt, begun }
}

describe('retry', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('waits the same pause between attempts, in virtual time', async () => {
    const { attempt, begun } = failsUntil(3)
    const result = retry(attempt, { times: 5, pauseMs: 3_600_000 })
    await vi.advanceTimersByTimeAsync(7_200_000)
    expect(await result).toBe('done')
    expect(begun).toEqual([0, 3_600_000, 7_200_000])
  })

  it('grows the pause up to its maximum', async () => {
    const { attempt, begun } = failsUntil(6)
    const result = retry(attempt, { times: 6, pauseMs: { firstMs: 100, maxMs: 1000, factor: 3 } })
    await vi.advanceTimersByTimeAsync(100 + 300 + 900 + 1000 + 1000)
    await result
    expect(begun).toEqual([0, 100, 400, 1300, 2300, 3300])
  })

  it('varies the pause by the jitter, both ways, but not beyond the maximum', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.75).mockReturnValueOnce(1)
    const pauses: (number | undefined)[] = []
    const pauseMs = { firstMs: 1000, maxMs: 4000, factor: 2, jitter: 0.2 }
    const result = retry(failsUntil(4).attempt, {
      times: 4,
      pauseMs,
      onFailure: (failure) => void pauses.push(failure.pauseMs),
    })
    await vi.advanceTimersByTimeAsync(100_000)
    await result
    expect(pauses).toEqual([800, 2200, 4000])
  })

  it('rejects with the error of the last attempt and has told of each', async () => {
    const told: FailedAttempt[] = []
    const result = retry(failsUntil(9).attempt, { times: 3, pauseMs: 10, onFailure: (failure) => told.push(failure) })
    const outcome = expect(result).rejects.toThrow('attempt 3')
    await vi.advanceTimersByTimeAsync(1000)
    await outcome
    expect(told.map(({ attempt, pauseMs, error }) => [attempt, pauseMs, error.message])).toEqual([
      [1, 10, 'attempt 1'],
      [2, 10, 'attempt 2'],
      [3, undefined, 'attempt 3'],
    ])
  })

  it('rejects with the reason of an abort, at once and with no timer left, during a pause', async () => {
    const stop = new AbortController()
    const { attempt, begun } = failsUntil(9)
    const result = retry(attempt, { times: Infinity, pauseMs: 60_000, signal: stop.signal })
    const outcome = expect(result).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(1000)
    stop.abort(new Error('enough'))
    await outcome
    expect(begun).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects with the reason of an abort when the attempt fails of it, and tells of no failure', async () => {
    const stop = new AbortController()
    const onFailure = vi.fn()
    const attempt = (): Promise<never> => {
      stop.abort(new Error('enough'))
      return Promise.reject(new Error('interrupted'))
    }
    await expect(retry(attempt, { times: 3, pauseMs: 1, signal: stop.signal, onFailure })).rejects.toThrow('enough')
    expect(onFailure).not.toHaveBeenCalled()
  })

  it('does not begin when the signal is aborted already', async () => {
    const { attempt, begun } = failsUntil(1)
    const signal = AbortSignal.abort(new Error('stopped before'))
    await expect(retry(attempt, { times: 3, pauseMs: 1, signal })).rejects.toThrow('stopped before')
    expect(begun).toEqual([])
  })

  it('keeps the success of an attempt that an abort came too late for', async () => {
    const stop = new AbortController()
    const attempt = (): Promise<string> => {
      stop.abort(new Error('enough'))
      return Promise.resolve('opened')
    }
    expect(await retry(attempt, { times: 3, pauseMs: 1, signal: stop.signal })).toBe('opened')
  })

  it.each([TypeError, RangeError, ReferenceError])('does not retry a %o', async (Kind) => {
    const attempt = vi.fn(() => Promise.reject(new Kind('a mistake in the program')))
    await expect(retry(attempt, { times: 3, pauseMs: 1 })).rejects.toThrow('a mistake')
    expect(attempt).toHaveBeenCalledTimes(1)
  })

  it('does not retry what shouldRetry declines', async () => {
    const { attempt, begun } = failsUntil(9)
    const shouldRetry = (error: Error): boolean => error.message !== 'attempt 2'
    const outcome = expect(retry(attempt, { times: 9, pauseMs: 5, shouldRetry })).rejects.toThrow('attempt 2')
    await vi.advanceTimersByTimeAsync(100)
    await outcome
    expect(begun).toEqual([0, 5])
  })
})
