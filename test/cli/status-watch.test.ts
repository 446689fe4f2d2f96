import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { VerbError } from '../../src/cli/control-client.ts'
import { statusCommand } from '../../src/cli/status.ts'
import { sparkline } from '../../src/cli/status-table.ts'
import { watchStatus } from '../../src/cli/status-watch.ts'
import type { Status } from '../../src/daemon/status.ts'
import { spoken } from '../daemon/verbs.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2025, 5, 1, 10) }))
afterEach(() => void vi.useRealTimers())

function statusWith(bytesUp: number): Status {
  return {
    state: 'online',
    usable: true,
    notice: null,
    since: '2025-06-01T10:00:00.000Z',
    reason: null,
    fault: null,
    hint: null,
    nextTry: null,
    modem: { model: null, firmware: null, asleep: false },
    network: { rssi: 17, dbm: -80, operator: null, registration: null },
    context: { address: null },
    routes: [
      {
        name: 'a',
        listen: 'x',
        to: 'y',
        holder: 1,
        waiting: 0,
        standing: null,
        heartbeats: null,
        dropped: null,
        refused: 0,
        bytesUp,
        bytesDown: 0,
        unacked: null,
      },
    ],
    queue: [],
    inbound: null,
    ladder: { rung: null, attempt: 0 },
    budget: null,
    lastFaults: [],
    window: { lastMs: null },
    guard: { plusesHeld: null },
  }
}

test('the screen is drawn in its place every second, with a history, and the terminal is as it was afterwards', async () => {
  const written: string[] = []
  const left = new AbortController()
  let asked = 0
  const terminal = {
    rows: 30,
    surface: { columns: 80, colours: false },
    write: (text: string) => void written.push(text),
  }
  const over = watchStatus(
    () => {
      asked += 1
      if (asked === 4) return Promise.reject(new VerbError(69, 'no daemon runs'))
      return Promise.resolve(statusWith(asked * 1000))
    },
    () => terminal,
    left.signal,
  )
  await vi.advanceTimersByTimeAsync(2_500)
  expect(asked).toBe(3)
  expect(written[0]).toBe('\x1b[?1049h\x1b[?25l')
  expect(written.slice(1).every((text) => text.startsWith('\x1b[H') && text.endsWith('\x1b[J'))).toBe(true)
  expect(stripVTControlCharacters(written.at(-1) ?? '')).toMatch(
    /up {8}██ 1000 B\/s\r\ndown {6}▁▁ 0 B\/s\r\nsignal {4}▅▅▅ -80 dBm/,
  )
  await vi.advanceTimersByTimeAsync(1_000)
  expect(stripVTControlCharacters(written.at(-1) ?? '')).toContain('NOT USABLE: no daemon runs')
  terminal.rows = 5
  await vi.advanceTimersByTimeAsync(1_000)
  expect(written.at(-1)?.split('\r\n').length).toBeLessThan(5)
  left.abort()
  expect(await over).toMatchObject({ usable: true })
  expect(written.at(-1)).toBe('\x1b[?25h\x1b[?1049l')
})

test('what is not known is a gap in the line', () => {
  expect(sparkline([0, null, 7, 99, -1], 0, 7)).toBe('▁ ██▁')
  expect(sparkline([0, 0], 0, 0)).toBe('▁▁')
})

test('without a terminal there is nothing to watch on', async () => {
  vi.useRealTimers()
  expect(await spoken(statusCommand, 'status', '--watch', '--socket', '/nowhere')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('needs a terminal') as string,
  })
})
