import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { eventsCommand } from '../../src/cli/events.ts'
import { liveDaemon, temporaryFolder } from '../daemon/live-daemon.ts'
import { speak, spoken } from '../daemon/verbs.ts'

test('events prints one line each, until the daemon stops', async () => {
  const live = await liveDaemon()
  await live.listening()
  const events = speak(eventsCommand, 'events', '--socket', live.socket)
  await vi.waitUntil(() => live.daemon.eventReaders === 1)
  live.journal.tell('warn', 'test', 'first', { rung: 'redial', attempt: 2, hint: 'look' })
  await vi.waitUntil(() => events.stdout().includes('first'))
  expect(events.stdout()).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d warn {2}test: first rung=redial attempt=2\n {2}→ look$/m,
  )
  await live.stop()
  expect(await events.over).toBe(69)
  expect(events.stderr()).toBe('cipbridge: the daemon has stopped\n')
})

test('events --json prints one object per line; Ctrl-C is a good end', async () => {
  const live = await liveDaemon()
  await live.usable()
  const events = speak(eventsCommand, 'events', '--json', '--socket', live.socket)
  await vi.waitUntil(() => live.daemon.eventReaders === 1)
  live.journal.tell('info', 'test', 'two\nlines "quoted" ü', { rssi: 17 })
  await vi.waitUntil(() => events.stdout().includes('quoted'))
  const objects = events
    .stdout()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  expect(objects.at(-1)).toMatchObject({ level: 'info', event: 'test', message: 'two\nlines "quoted" ü', rssi: 17 })
  process.emit('SIGINT')
  expect(await events.over).toBe(0)
  expect(events.stderr()).toBe('')
  await vi.waitUntil(() => live.daemon.eventReaders === 0)
})

test('without a daemon events says so', async () => {
  expect(await spoken(eventsCommand, 'events', '--socket', join(temporaryFolder(), 'no.sock'))).toMatchObject({
    code: 69,
  })
})
