import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { Journal, type JournalEvent } from '../../src/core/log.ts'
import { Memory } from '../../src/core/memory.ts'
import { Budget, onTheAir } from '../../src/link/budget.ts'

const events: JournalEvent[] = []
const journal = new Journal('debug', 'json', () => undefined)
journal.on('event', (event) => events.push(event))

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-21T12:00:00') })
  events.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

type Limits = ConstructorParameters<typeof Budget>[0]
const carrier = { bytesUp: 0, bytesDown: 0, ended: false }

function opened(limits: Limits, memory = new Memory(undefined, journal)): Budget {
  const budget = new Budget(limits, memory, journal)
  budget.open()
  onTestFinished(() => budget.close())
  return budget
}

test.each([
  [0, 0],
  [1, 41],
  [512, 552],
  [513, 593],
  [1024, 1104],
  [20_000_000, 21_562_520],
])('%i bytes of payload are %i on the air', (payload, bytes) => {
  expect(onTheAir(payload)).toBe(bytes)
})

test('each limit warns once at 80 % and tells once that it is spent', () => {
  const budget = opened({ dialsPerHour: 5, bytesPerDay: 10_000 })
  for (let dial = 0; dial < 7; dial += 1) budget.spendDial()
  expect(events.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'warn limits.dialsPerHour: 80 % are used',
    'error limits.dialsPerHour is spent: 5 dials within an hour',
  ])
})

test('a carrier is counted while it lives and once more at its end', () => {
  const live = { ...carrier }
  const budget = opened({ bytesPerDay: 1_000_000 })
  budget.watch(live)
  live.bytesUp = 512
  vi.advanceTimersByTime(1_000)
  expect(budget.figures?.bytesToday).toBe(552)
  live.bytesUp = 600
  live.bytesDown = 100
  live.ended = true
  vi.advanceTimersByTime(1_000)
  expect(budget.figures?.bytesToday).toBe(600 + 80 + 100 + 40)
  expect(vi.getTimerCount()).toBe(0)
})

test('what a carrier has carried in its last second is kept when the daemon stops', () => {
  const memory = new Memory(undefined, journal)
  const live = { ...carrier }
  const budget = opened({ bytesPerDay: 1_000_000 }, memory)
  budget.watch(live)
  live.bytesDown = 512
  budget.close()
  expect(vi.getTimerCount()).toBe(0)
  expect(opened({ bytesPerDay: 1_000_000 }, memory).figures?.bytesToday).toBe(552)
})

test('a carrier past the limit is told of until it has ended', () => {
  const live = { ...carrier }
  const overdraft = vi.fn()
  const budget = opened({ bytesPerDay: 1_000 })
  budget.onOverdraft = overdraft
  budget.watch(live)
  live.bytesDown = 1_000
  vi.advanceTimersByTime(3_000)
  expect(overdraft).toHaveBeenCalledTimes(3)
  live.ended = true
  vi.advanceTimersByTime(3_000)
  expect(overdraft).toHaveBeenCalledTimes(3)
})

test('dials that are spent are no matter for whoever has a carrier, bytes are', () => {
  const budget = opened({ dialsPerHour: 1, bytesPerDay: 1_000 })
  budget.spendDial()
  expect(budget.fault(true)).toBeUndefined()
  expect(budget.fault(false)?.code).toBe('budget-spent')
  for (let dial = 0; dial < 4; dial += 1) budget.spendDial()
  expect(budget.fault(true)?.message).toContain('limits.bytesPerDay')
})

test('of several limits the one that lasts longest is named, with its end', () => {
  const budget = opened({ dialsPerHour: 1, bytesPerDay: 200, bytesPerMonth: 200 })
  budget.spendDial()
  vi.advanceTimersByTime(1_234)
  expect(budget.fault(false)?.message).toBe('limits.bytesPerMonth is spent: about 200B since the month began')
  expect(Date.parse(budget.nextPeriod(false) ?? '')).toBe(new Date('2026-12-01T00:00:00').getTime())
})

test('there is room again by itself, and that is told', () => {
  const change = vi.fn()
  const budget = opened({ dialsPerHour: 1, bytesPerDay: 200 })
  budget.onChange = change
  budget.spendDial()
  vi.advanceTimersByTime(3_600_000)
  expect(events.at(-1)?.message).toBe('limits.dialsPerHour: there is room again')
  expect(budget.fault(false)?.message).toContain('bytesPerDay')
  vi.advanceTimersByTime(11 * 3_600_000)
  expect(budget.fault(false)).toBeUndefined()
  expect(change).toHaveBeenCalledTimes(3)
  expect(vi.getTimerCount()).toBe(0)
})

test('a limit that is set later counts from then on', () => {
  const memory = new Memory(undefined, journal)
  const without = opened({}, memory)
  without.spendDial()
  without.watch({ ...carrier, bytesUp: 512 })
  without.close()
  expect(without.figures).toBeNull()
  expect(memory.recall('budget')).toBeUndefined()
  expect(opened({ dialsPerHour: 1 }, memory).figures).toMatchObject({ dialsThisHour: 0, bytesToday: 0 })
})
