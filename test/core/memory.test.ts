import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Journal, type JournalEvent } from '../../src/core/log.ts'
import { Memory } from '../../src/core/memory.ts'

let folder: string
const events: JournalEvent[] = []
const journal = new Journal('debug', 'json', () => undefined)
journal.on('event', (event) => events.push(event))

beforeEach(() => {
  vi.useFakeTimers()
  events.length = 0
  folder = mkdtempSync(join(tmpdir(), 'cipbridge-memory-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

const file = (): string => join(folder, 'memory.json')
const onDisk = (): unknown => JSON.parse(readFileSync(file(), 'utf8'))

test('what is kept is there in the next process, and for nobody else on this machine', () => {
  new Memory(folder, journal).keep('pin', { refused: true }, 'now')
  expect(new Memory(folder, journal).recall('pin')).toEqual({ refused: true })
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['memory.json'])
})

test('a section that is forgotten is gone from the file', () => {
  const memory = new Memory(folder, journal)
  memory.keep('pin', 1, 'now')
  memory.keep('budget', 2, 'now')
  memory.keep('pin', undefined, 'now')
  expect(onDisk()).toEqual({ budget: 2 })
})

test('counters are written at once for the first time, then once a minute at most, and at the end', () => {
  const memory = new Memory(folder, journal)
  memory.keep('budget', 1, 'soon')
  expect(onDisk()).toEqual({ budget: 1 })
  for (let count = 2; count < 60; count += 1) {
    memory.keep('budget', count, 'soon')
    vi.advanceTimersByTime(1_000)
  }
  expect(onDisk()).toEqual({ budget: 1 })
  vi.advanceTimersByTime(2_000)
  expect(onDisk()).toEqual({ budget: 59 })
  memory.keep('budget', 60, 'soon')
  memory.close()
  expect(onDisk()).toEqual({ budget: 60 })
  expect(vi.getTimerCount()).toBe(0)
})

test('what must not be lost is written at once, with what was waiting', () => {
  const memory = new Memory(folder, journal)
  memory.keep('budget', 1, 'soon')
  memory.keep('budget', 2, 'soon')
  memory.keep('pin', 'tried', 'now')
  expect(onDisk()).toEqual({ budget: 2, pin: 'tried' })
  expect(vi.getTimerCount()).toBe(0)
})

describe.each(['', '{"pin": {"refu', '[]', 'null', '7', '\0\0\0\0'])('a file with %j in it', (text) => {
  test('is kept aside, one warning is given, and a fresh one begun', () => {
    writeFileSync(file(), text)
    const memory = new Memory(folder, journal)
    expect(memory.recall('pin')).toBeUndefined()
    memory.keep('pin', 1, 'now')
    expect(onDisk()).toEqual({ pin: 1 })
    expect(readFileSync(`${file()}.corrupt`, 'utf8')).toBe(text)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ level: 'warn', event: 'memory', hint: expect.any(String) as string })
  })
})

test('without a file nothing is said, and none is made until there is something to remember', () => {
  const memory = new Memory(folder, journal)
  expect(memory.recall('budget')).toBeUndefined()
  memory.close()
  expect(readdirSync(folder)).toEqual([])
  expect(events).toEqual([])
})

test('a folder that is not there is made, but no tree of them', () => {
  const made = new Memory(join(folder, 'a'), journal)
  made.keep('pin', 1, 'now')
  expect(new Memory(join(folder, 'a'), journal).recall('pin')).toBe(1)
  const lost = new Memory(join(folder, 'b', 'c'), journal)
  lost.keep('pin', 1, 'now')
  expect(readdirSync(folder)).toEqual(['a'])
  expect(events).toHaveLength(1)
})

test('a folder that cannot be written is told of once, with what to do; memory goes on', () => {
  const blocked = join(folder, 'file')
  writeFileSync(blocked, '')
  const memory = new Memory(blocked, journal)
  memory.keep('pin', 1, 'now')
  memory.keep('pin', 2, 'now')
  memory.keep('budget', 3, 'soon')
  vi.advanceTimersByTime(600_000)
  memory.close()
  expect(memory.recall('pin')).toBe(2)
  expect(events).toHaveLength(1)
  expect(events[0]?.message).toContain('what must outlive a restart does not')
  expect(events[0]?.hint).toContain('state.folder')
})

test('a file that cannot be read is told of once and not lost', () => {
  if (process.getuid?.() === 0) return
  writeFileSync(file(), '{"pin": 1}')
  chmodSync(file(), 0)
  onTestFinished(() => chmodSync(file(), 0o600))
  expect(new Memory(folder, journal).recall('pin')).toBeUndefined()
  expect(events).toHaveLength(1)
})

test('without a folder it remembers for as long as the process lives, silently', () => {
  const memory = new Memory(undefined, journal)
  memory.keep('pin', 1, 'now')
  memory.close()
  expect(memory.recall('pin')).toBe(1)
  expect(memory.path).toBeUndefined()
  expect(events).toEqual([])
})
