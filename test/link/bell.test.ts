/** The bell that wakes the one activity that waits. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Bell } from '../../src/link/bell.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = new AbortController().signal

/** When `work` is done, in ms of virtual time from now; -1: not within a minute. */
async function doneAfter(work: Promise<void>): Promise<number> {
  const state = { done: false }
  const finish = (): void => void (state.done = true)
  work.then(finish, finish)
  for (let waited = 0; waited < 60_000; waited += 1) {
    if (state.done) return waited
    await vi.advanceTimersByTimeAsync(1)
  }
  return -1
}

test('it wakes who waits, at once', async () => {
  const bell = new Bell()
  setTimeout(() => bell.ring(), 50)
  expect(await doneAfter(bell.wait(10_000, never))).toBeLessThanOrEqual(51)
  expect(vi.getTimerCount()).toBe(0)
})

test('a ring before the wait is not lost, and counts once', async () => {
  const bell = new Bell()
  bell.ring()
  bell.ring()
  expect(await doneAfter(bell.wait(1000, never))).toBeLessThanOrEqual(1)
  expect(await doneAfter(bell.wait(1000, never))).toBeGreaterThanOrEqual(1000)
})

test('without a ring the wait ends when its time is over', async () => {
  const took = await doneAfter(new Bell().wait(250, never))
  expect(took).toBeGreaterThanOrEqual(250)
  expect(took).toBeLessThanOrEqual(251)
})

test('no time, or less than none, is no wait', async () => {
  expect(await doneAfter(new Bell().wait(0, never))).toBeLessThanOrEqual(1)
  expect(await doneAfter(new Bell().wait(-5, never))).toBeLessThanOrEqual(1)
})

test('an abort ends it with its reason and leaves no timer', async () => {
  const bell = new Bell()
  const stop = new AbortController()
  const outcome = expect(bell.wait(10_000, stop.signal)).rejects.toThrow('enough')
  await vi.advanceTimersByTimeAsync(10)
  stop.abort(new Error('enough'))
  await outcome
  expect(vi.getTimerCount()).toBe(0)
  bell.ring()
  expect(await doneAfter(bell.wait(1000, never))).toBeLessThanOrEqual(1)
})

test('an abort before it begins wins over a ring', async () => {
  const bell = new Bell()
  bell.ring()
  await expect(bell.wait(10, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
})
