/** Recordings: what the flight recorder remembers, written down when recovery climbs a rung. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal, JournalEvent } from '../core/log.ts'
import { now } from '../core/time.ts'
import type { FlightRecorder } from './flight-recorder.ts'

/** The same fault on the same rung is written down once in this time, in ms: a bad night must not push out its beginning. */
const AGAIN_AFTER_MS = 3_600_000
/** Numbers, not times, say which is the oldest: a Pi may start in 1970. */
const NAME = /^recording-(\d+)-[\w-]+\.txt$/

export class Recordings {
  readonly #folder: string
  readonly #most: number
  readonly #recorder: FlightRecorder
  readonly #journal: Journal
  /** By fault and rung: when it was written, on `now()`'s clock. */
  readonly #written = new Map<string, number>()
  #warned = false

  /** @param most files that are kept */
  constructor(folder: string, most: number, recorder: FlightRecorder, journal: Journal) {
    this.#folder = folder
    this.#most = most
    this.#recorder = recorder
    this.#journal = journal
  }

  /** From now on every event is recorded, and rungs are written down. */
  begin(): void {
    this.#journal.on('detail', (event) => this.#recorder.note(event))
    this.#journal.on('event', (event) => {
      this.#recorder.note(event)
      this.#look(event)
    })
  }

  #look({ event, fault, rung }: JournalEvent): void {
    if (event !== 'recovering' || fault === undefined || rung === undefined) return
    const what = `${fault}-${rung}`
    const before = this.#written.get(what)
    if (before !== undefined && now() - before < AGAIN_AFTER_MS) return
    this.#written.set(what, now())
    try {
      this.#journal.tell('info', 'recording', `what came before is in ${this.#write(what)}`)
      this.#warned = false
    } catch (error) {
      this.#warn(error instanceof Error ? error.message : String(error))
    }
  }

  /** @returns the path */
  #write(what: string): string {
    try {
      // Only the last step of the path: a whole tree made for a mistyped one helps nobody.
      mkdirSync(this.#folder, { mode: 0o700 })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const old = readdirSync(this.#folder)
      .flatMap((name) => ({ name, number: Number(NAME.exec(name)?.[1] ?? Number.NaN) }))
      .filter(({ number }) => !Number.isNaN(number))
      .sort((a, b) => a.number - b.number)
    const path = join(this.#folder, `recording-${(old.at(-1)?.number ?? 0) + 1}-${what}.txt`)
    writeFileSync(path, this.#recorder.text, { mode: 0o600 })
    for (const { name } of old.slice(0, Math.max(0, old.length + 1 - this.#most))) rmSync(join(this.#folder, name))
    return path
  }

  /** Once, until it works again. */
  #warn(reason: string): void {
    if (this.#warned) return
    this.#warned = true
    this.#journal.tell('warn', 'recording', `what came before is not written down: ${reason}`, {
      hint: `make ${this.#folder} writable for this user, set state.folder to a folder that is, or log.recordings to 0`,
    })
  }
}
