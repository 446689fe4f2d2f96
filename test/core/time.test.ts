/** The one door to time: it waits, gives up and leaves nothing behind. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortable, after, every, now, reasonOf, sleep, wallClockIn, withDeadline } from '../../src/core/time.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2024, 0, 2) }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const late = (): Error => new Error('too late')
/** Works until its signal aborts. */
const patient = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(reasonOf(signal)), { once: true }))

test('after and every happen when they should, and not once cancelled', () => {
  const seen: string[] = []
  after(100, () => seen.push('after'))
  const ticks = every(40, () => seen.push('every'))
  after(50, () => seen.push('never')).cancel()
  vi.advanceTimersByTime(130)
  ticks.cancel()
  vi.advanceTimersByTime(1000)
  expect(seen).toEqual(['every', 'every', 'after', 'every'])
})

test('the wall clock tells when something will be', () => {
  expect(wallClockIn(61_000)).toBe('2024-01-02T00:01:01.000Z')
})

describe('sleep', () => {
  test('ends when its time has come', async () => {
    const start = now()
    const slept = sleep(86_400_000)
    await vi.advanceTimersByTimeAsync(86_400_000)
    await slept
    expect(now() - start).toBe(86_400_000)
  })

  test('ends at once with an abort, with its reason', async () => {
    const stop = new AbortController()
    const outcome = expect(sleep(1000, stop.signal)).rejects.toThrow('enough')
    stop.abort(new Error('enough'))
    await outcome
    await expect(sleep(1000, stop.signal)).rejects.toThrow('enough')
  })

  test('lets go of its signal', async () => {
    const stop = new AbortController()
    const remove = vi.spyOn(stop.signal, 'removeEventListener')
    const slept = sleep(10, stop.signal)
    await vi.advanceTimersByTimeAsync(10)
    await slept
    expect(remove).toHaveBeenCalledTimes(1)
  })
})

describe('P9 a deadline', () => {
  test('aborts the work when its time is over', async () => {
    const outcome = expect(withDeadline(500, late, undefined, patient)).rejects.toThrow('too late')
    await vi.advanceTimersByTimeAsync(500)
    await outcome
  })

  test('passes on an abort from outside', async () => {
    const stop = new AbortController()
    const outcome = expect(withDeadline(500, late, stop.signal, patient)).rejects.toThrow('enough')
    stop.abort(new Error('enough'))
    await outcome
  })

  test('does nothing to work that is done in time', async () => {
    expect(await withDeadline(500, late, undefined, () => Promise.resolve(7))).toBe(7)
  })
})

describe('abortable', () => {
  test('gives up waiting, and what comes later is dropped, an error too', async () => {
    const stop = new AbortController()
    let fail: (error: Error) => void = () => undefined
    const work = new Promise<never>((_, reject) => (fail = reject))
    const outcome = expect(abortable(work, stop.signal)).rejects.toThrow('enough')
    stop.abort(new Error('enough'))
    await outcome
    fail(new Error('nobody hears this'))
    await vi.advanceTimersByTimeAsync(0)
  })

  test('settles like the promise otherwise', async () => {
    const { signal } = new AbortController()
    expect(await abortable(Promise.resolve(7), signal)).toBe(7)
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    await expect(abortable(Promise.resolve(7), AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  })
})

test('a reason is an error, whatever was given', () => {
  expect(reasonOf(AbortSignal.abort('words')).message).toBe('words')
  expect(reasonOf(AbortSignal.abort()).name).toBe('AbortError')
})
