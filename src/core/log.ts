/** The log and the events: one thing that happened is one line in the log and one event for whoever follows. */
import { EventEmitter } from 'node:events'
import { pino } from 'pino'
import type { FaultCode, Rung } from './fault.ts'
import { wallClock } from './time.ts'

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** Always the same names for the same things. */
export interface EventFields {
  readonly from?: string
  readonly to?: string
  readonly route?: string
  readonly session?: number
  readonly fault?: FaultCode
  readonly hint?: string
  readonly rung?: Rung
  readonly attempt?: number
  /** ISO time of the next attempt. */
  readonly nextTry?: string
  readonly bytesUp?: number
  readonly bytesDown?: number
  readonly unacked?: number | null
  readonly rssi?: number
  readonly durationMs?: number
  /** How a session ended. */
  readonly outcome?: string
  readonly error?: string
  /** Who sent a message or calls, and what it says. */
  readonly sender?: string
  readonly text?: string
}

export interface JournalEvent extends EventFields {
  readonly time: string
  readonly level: Level
  readonly event: string
  readonly message: string
}

/** Where log lines go: text for people, JSON for programs, JSON with priorities for journald. */
export type LogFormat = 'text' | 'json' | 'journald'

/** journald's priorities (sd-daemon(3)) by pino's level numbers. */
const PRIORITY: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 }

/** What fits the place that the log is written to. */
export function formatFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): LogFormat {
  if (stream.isTTY === true) return 'text'
  return environment.JOURNAL_STREAM === undefined ? 'json' : 'journald'
}

interface JournalEvents {
  /** What happens, from level info upwards. */
  event: [JournalEvent]
  /** What level debug tells besides: the dialogue, transitions, repetitions of what was told before. */
  detail: [JournalEvent]
}

/** Tells what happens: to the log, and to every listener, whatever the log is set to write. */
export class Journal extends EventEmitter<JournalEvents> {
  readonly #log: pino.Logger
  /** How many programs follow the events. */
  readers = 0

  constructor(level: Level, format: LogFormat, write: (line: string) => void) {
    super()
    const destination = {
      lastLevel: 30,
      [Symbol.for('pino.metadata')]: true,
      write(json: string): void {
        if (format === 'text') write(textOf(json))
        else write(format === 'journald' ? `<${PRIORITY[this.lastLevel] ?? 6}>${json}` : json)
      },
    }
    // journald knows the time, the process and the host by itself.
    const timestamp = format === 'journald' ? false : pino.stdTimeFunctions.isoTime
    this.#log = pino(
      { level, base: null, timestamp, formatters: { level: (label) => ({ level: label }) } },
      destination,
    )
  }

  /** From now on nothing below it is written. */
  set level(level: Level) {
    this.#log.level = level
  }

  /** Whether lines of this level are written at all. */
  logs(level: Level): boolean {
    return this.#log.isLevelEnabled(level)
  }

  /** @param unlogged fields that whoever follows the events gets, but not the log */
  tell(level: Level, event: string, message: string, fields: EventFields = {}, unlogged: EventFields = {}): void {
    this.#log[level]({ event, ...fields }, message)
    const kind = level === 'trace' || level === 'debug' ? 'detail' : 'event'
    if (this.listenerCount(kind) === 0) return
    this.emit(kind, { time: wallClock().toISOString(), level, event, message, ...fields, ...unlogged })
  }
}

/** `12:03:04.567 info  carrier: up to broker.example.com:1883` */
function textOf(json: string): string {
  const { time, level, event, msg, hint, nextTry, ...fields } = JSON.parse(json) as Record<string, unknown>
  const clock = typeof time === 'string' ? time.slice(11, 23) : ''
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`)
  const mend = typeof hint === 'string' ? `\n             → ${hint}` : ''
  const next = typeof nextTry === 'string' ? ` next=${nextTry.slice(11, 19)}` : ''
  return `${clock} ${String(level).padEnd(5)} ${String(event)}: ${String(msg)}${rest.join('')}${next}${mend}\n`
}
