/** Failures in a row: counted, forgotten after lasting health or a whole session. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { Recovery } from '../../src/link/recovery.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HEALTHY_AFTER = 60_000
const lost = new Fault('carrier-lost', 'gone')
const made = (canReset = false): Recovery => new Recovery({ firstMs: 1000, maxMs: 60_000 }, HEALTHY_AFTER, canReset)
const rungs = (recovery: Recovery, times: number): string[] =>
  Array.from({ length: times }, () => recovery.note(lost).rung)

test('P7 each failure in a row is one more attempt and climbs', () => {
  const recovery = made()
  expect(rungs(recovery, 5)).toEqual(['redial', 'redial', 'shut-context', 'shut-context', 'reattach'])
  expect(recovery.step).toMatchObject({ fault: lost, attempt: 5, rung: 'reattach' })
})

test('without a wire for it the hardware is not reset', () => {
  const silent = new Fault('no-answer', 'silent')
  const way = (recovery: Recovery): string[] => Array.from({ length: 10 }, () => recovery.note(silent).rung)
  expect(way(made())).not.toContain('hard-reset')
  expect(way(made(true))).toContain('hard-reset')
})

test('P7 health that lasts starts the ladder over; health that does not, does not', () => {
  const recovery = made()
  rungs(recovery, 4)
  recovery.healthy()
  vi.advanceTimersByTime(HEALTHY_AFTER - 1)
  expect(recovery.note(lost).attempt).toBe(5)
  recovery.healthy()
  vi.advanceTimersByTime(HEALTHY_AFTER)
  expect(recovery.note(lost).attempt).toBe(1)
})

test('health counts from its first sign, not from its last', () => {
  const recovery = made()
  rungs(recovery, 3)
  for (let i = 0; i <= 10; i += 1) {
    recovery.healthy()
    vi.advanceTimersByTime(HEALTHY_AFTER / 10)
  }
  expect(recovery.note(lost).attempt).toBe(1)
})

test('a failure ends the health before it', () => {
  const recovery = made()
  recovery.healthy()
  vi.advanceTimersByTime(HEALTHY_AFTER)
  recovery.note(lost)
  vi.advanceTimersByTime(HEALTHY_AFTER)
  expect(recovery.note(lost).attempt).toBe(2)
})

test('a session that went well starts the ladder over at once', () => {
  const recovery = made()
  rungs(recovery, 6)
  recovery.proven()
  expect(recovery.note(lost)).toMatchObject({ attempt: 1, rung: 'redial', pauseMs: 0 })
})
