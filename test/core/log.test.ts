/** The journal: one thing that happened is one line, for people, programs or journald, and one event. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { formatFor, Journal, type JournalEvent, type Level, type LogFormat } from '../../src/core/log.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2024, 0, 2, 12, 3, 4, 567) }))
afterEach(() => void vi.useRealTimers())

const LEVELS: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error']

function told(level: Level, format: LogFormat): { journal: Journal; lines: string[]; events: JournalEvent[] } {
  const lines: string[] = []
  const events: JournalEvent[] = []
  const journal = new Journal(level, format, (line) => lines.push(line))
  journal.on('event', (event) => events.push(event))
  return { journal, lines, events }
}

describe('the place decides about the form', () => {
  test.each([
    [{ isTTY: true }, { JOURNAL_STREAM: '8:1' }, 'text'],
    [{ isTTY: true }, {}, 'text'],
    [{}, { JOURNAL_STREAM: '8:1' }, 'journald'],
    [{ isTTY: false }, {}, 'json'],
  ] as const)('%j %j: %s', (stream, environment, format) => expect(formatFor(stream, environment)).toBe(format))
})

describe('JSON', () => {
  test('is one object a line, with the fields under their own names', () => {
    const { journal, lines } = told('info', 'json')
    journal.tell('info', 'carrier', 'up', { route: 'broker', session: 7, bytesUp: 0, unacked: null, rssi: 17 })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('\n')).toBe(true)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2024-01-02T12:03:04.567Z',
      level: 'info',
      event: 'carrier',
      msg: 'up',
      route: 'broker',
      session: 7,
      bytesUp: 0,
      unacked: null,
      rssi: 17,
    })
  })

  test('keeps whatever a message holds on one line', () => {
    const { journal, lines } = told('info', 'json')
    journal.tell('info', 'at', 'a\r\nb"c\u2028\x1b[31m')
    expect(lines[0]?.trimEnd().split(/\r|\n/)).toHaveLength(1)
    expect((JSON.parse(lines[0] ?? '') as { msg: string }).msg).toBe('a\r\nb"c\u2028\x1b[31m')
  })
})

describe('journald', () => {
  test('gets its priority in front of every line, and no time', () => {
    const { journal, lines } = told('trace', 'journald')
    for (const level of LEVELS) journal.tell(level, 'x', level)
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['<7>', '<7>', '<6>', '<4>', '<3>'])
    for (const line of lines) expect(JSON.parse(line.slice(3))).not.toHaveProperty('time')
  })
})

describe('text', () => {
  test('is what a person reads: clock, level, event, message, fields, next try and what to do', () => {
    const { journal, lines } = told('info', 'text')
    journal.tell('warn', 'recovering', 'no answer', {
      fault: 'no-answer',
      rung: 'soft-reset',
      attempt: 2,
      nextTry: '2024-01-02T12:04:00.000Z',
      hint: 'check its power',
    })
    expect(lines).toEqual([
      '12:03:04.567 warn  recovering: no answer fault=no-answer rung=soft-reset attempt=2 next=12:04:00\n' +
        '             → check its power\n',
    ])
  })

  test('has no rest where there are no fields', () => {
    const { journal, lines } = told('info', 'text')
    journal.tell('info', 'ready', 'SIM800L')
    expect(lines).toEqual(['12:03:04.567 info  ready: SIM800L\n'])
  })
})

describe('levels', () => {
  test.each(LEVELS)('from %s upwards is written, below is not', (threshold) => {
    const { journal, lines } = told(threshold, 'json')
    for (const level of LEVELS) journal.tell(level, 'x', level)
    const written = lines.map((line) => (JSON.parse(line) as { level: string }).level)
    expect(written).toEqual(LEVELS.slice(LEVELS.indexOf(threshold)))
    for (const level of LEVELS) expect(journal.logs(level)).toBe(written.includes(level))
  })
})

describe('events', () => {
  test('are told from info upwards, also where the log is set to say less', () => {
    const { journal, events, lines } = told('error', 'json')
    for (const level of LEVELS) journal.tell(level, 'x', level, { attempt: 1 })
    expect(events.map(({ level }) => level)).toEqual(['info', 'warn', 'error'])
    expect(lines).toHaveLength(1)
  })

  test('say the same as the line', () => {
    const { journal, events } = told('info', 'json')
    journal.tell('info', 'session', 'closed', { route: 'broker', bytesDown: 12, unacked: 0 })
    expect(events).toEqual([
      {
        time: '2024-01-02T12:03:04.567Z',
        level: 'info',
        event: 'session',
        message: 'closed',
        route: 'broker',
        bytesDown: 12,
        unacked: 0,
      },
    ])
  })
})
