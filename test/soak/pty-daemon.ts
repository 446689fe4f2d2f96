/** The built daemon as a process, for hours: only its newest lines are kept. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import type { Readable } from 'node:stream'
import { now } from '../../src/core/time.ts'
import type { Status } from '../../src/daemon/status.ts'

/** One line of its log with `log.format: json`. */
export interface LogLine {
  readonly level: string
  readonly event: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** Resident memory of one process over its life. */
export interface Resident {
  /** ms since its start, on `now()`'s clock */
  readonly at: number
  readonly kibibytes: number
}

const STATUS_LIMIT_MS = 5_000

export class Daemon {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #closed: Promise<unknown>
  readonly #socket: string
  readonly #started = now()
  #rest = ''
  readonly resident: Resident[] = []
  /** What it said that is no line of its log. */
  stderr = ''

  constructor(program: string, configFile: string, socket: string, onLine: (line: LogLine) => void) {
    this.#socket = socket
    this.#child = spawn(process.execPath, [program, 'run', '--config', configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#closed = once(this.#child, 'close')
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('{')) onLine(JSON.parse(line) as LogLine)
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  /** undefined while it runs; the signal's name if that ended it. */
  get exit(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined
  }

  /** @returns `exit`, once it has ended */
  async end(signal: NodeJS.Signals): Promise<number | string | undefined> {
    this.#child.kill(signal)
    await this.#closed
    return this.exit
  }

  /** Writes down how much memory it has now. */
  weigh(): void {
    try {
      const status = readFileSync(`/proc/${this.#child.pid ?? 0}/status`, 'utf8')
      const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0)
      if (kibibytes > 0) this.resident.push({ at: now() - this.#started, kibibytes })
    } catch {
      // It has just ended.
    }
  }

  /** undefined where nobody answers: it starts, or is gone. */
  status(): Promise<Status | undefined> {
    return new Promise((resolve) => {
      const asked = request({ socketPath: this.#socket, path: '/status', timeout: STATUS_LIMIT_MS }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () => resolve(JSON.parse(text) as Status))
        response.on('error', () => resolve(undefined))
      })
      asked.on('timeout', () => asked.destroy())
      asked.on('error', () => resolve(undefined))
      asked.end()
    })
  }

  /** A verb of the control socket; what it answers does not matter. */
  order(path: '/redial' | '/reset' | '/at', body: object = {}): void {
    const asked = request({ socketPath: this.#socket, path, method: 'POST' }, (response) => response.resume())
    asked.on('error', () => undefined)
    asked.end(JSON.stringify(body))
  }
}
