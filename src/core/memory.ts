/** Memory: the little that outlives a restart of the daemon, in one JSON file of a folder that systemd keeps for it. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal } from './log.ts'
import { after, now, type Timer } from './time.ts'

const FILE = 'memory.json'
/** Counters are written at most so often, in ms: an SD card does not live for ever. */
const WRITE_EVERY_MS = 60_000

/**
 * `now`: it must not be lost. `soon`: losing the last minute of it does no harm. `if-possible`: it is written at once,
 * but nobody has to hear that it could not be.
 */
export type Urgency = 'now' | 'soon' | 'if-possible'

/**
 * Sections by name; what is in a section is its user's business, who judges what an older version has left there. The
 * calls are synchronous, so that what was to be remembered is on the disk before the next step is taken.
 */
export class Memory {
  readonly #folder: string | undefined
  readonly #journal: Journal
  /** undefined: not read yet. Where nobody has anything to remember the file is not touched. */
  #read: Map<string, unknown> | undefined
  #timer: Timer | undefined
  #wroteAt: number | undefined
  #unwritten = false
  #warned = false

  /** @param folder undefined: nothing outlives the process */
  constructor(folder: string | undefined, journal: Journal) {
    this.#folder = folder
    this.#journal = journal
  }

  /** The file; undefined if there is none. */
  get path(): string | undefined {
    return this.#folder === undefined ? undefined : join(this.#folder, FILE)
  }

  /** What was last kept under this name; undefined if nothing was. */
  recall(section: string): unknown {
    return this.#sections.get(section)
  }

  /** Keeps `value`, which JSON can hold; undefined forgets the section. */
  keep(section: string, value: unknown, urgency: Urgency): void {
    if (value === undefined) this.#sections.delete(section)
    else this.#sections.set(section, value)
    if (this.#folder === undefined) return
    if (urgency === 'if-possible') {
      this.#save(this.#folder, () => undefined)
      return
    }
    this.#unwritten = true
    const wait = this.#wroteAt === undefined ? 0 : this.#wroteAt + WRITE_EVERY_MS - now()
    // The first of a process is written at once: one that dies every few seconds must not forget every dial.
    if (urgency === 'now' || wait <= 0) this.#write()
    else this.#timer ??= after(wait, () => this.#write())
  }

  /** Writes what waits to be written. */
  close(): void {
    this.#write()
  }

  get #sections(): Map<string, unknown> {
    this.#read ??= new Map(this.#folder === undefined ? [] : this.#load(join(this.#folder, FILE)))
    return this.#read
  }

  #load(path: string): [string, unknown][] {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#warn(`cannot be read (${messageOf(error)})`)
      return []
    }
    try {
      const saved: unknown = JSON.parse(text)
      if (typeof saved !== 'object' || saved === null || Array.isArray(saved))
        throw new TypeError('it is no JSON object')
      return Object.entries(saved)
    } catch {
      // The reason is not told: it quotes the file.
      this.#keepAside(path)
      return []
    }
  }

  #keepAside(path: string): void {
    const aside = `${path}.corrupt`
    try {
      renameSync(path, aside)
    } catch (error) {
      this.#warn(`is damaged and cannot be put aside (${messageOf(error)})`)
      return
    }
    this.#journal.tell('warn', 'memory', `${path} is damaged: starting afresh, what it held is in ${aside}`, {
      hint: 'budgets count from zero again, and a PIN that was refused may be tried once more; check the SD card',
    })
  }

  #write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#folder === undefined || !this.#unwritten) return
    this.#wroteAt = now()
    this.#save(this.#folder, (why) => this.#warn(why))
  }

  #save(folder: string, onTrouble: (why: string) => void): void {
    try {
      writeWhole(folder, `${JSON.stringify(Object.fromEntries(this.#sections))}\n`)
      this.#unwritten = false
      this.#warned = false
    } catch (error) {
      onTrouble(`cannot be written (${messageOf(error)})`)
    }
  }

  /** Once, until it works again. */
  #warn(what: string): void {
    if (this.#warned) return
    this.#warned = true
    this.#journal.tell('warn', 'memory', `${this.path ?? FILE} ${what}: what must outlive a restart does not`, {
      hint: `make ${this.#folder ?? 'the folder'} writable for this user, or set state.folder to a folder that is`,
    })
  }
}

/** Replaces the file as a whole: after a power cut it is either the old one or the new one. */
function writeWhole(folder: string, text: string): void {
  try {
    // Only the last step of the path: a whole tree made for a mistyped one helps nobody.
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const path = join(folder, FILE)
  const fresh = `${path}.new`
  synced(fresh, 'w', (file) => {
    // What a full disk cuts off is no JSON any more.
    if (writeSync(file, text) !== Buffer.byteLength(text)) throw new Error('the disk is full')
  })
  renameSync(fresh, path)
  synced(folder, 'r', () => undefined)
}

function synced(path: string, flags: 'r' | 'w', work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600)
  try {
    work(file)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
