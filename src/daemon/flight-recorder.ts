/**
 * The flight recorder: the last minutes of the line, kept in memory. Of bytes it knows how many, of AT commands what the
 * log would show, so that no secret and no payload is in it.
 */
import type { JournalEvent } from '../core/log.ts'
import { dateAt, now, wallClock } from '../core/time.ts'
import type { LineTap } from '../line/line-tap.ts'

/** Bytes of this long, in ms, are one entry: a busy line takes ten entries a second. */
const STEP_MS = 100
/** Entries that are kept: seven minutes of a busy line, hours of one that is idle. */
const MOST = 4096
/** What is older than this, in ms, is not told. */
const OLDEST_MS = 15 * 60_000
const LONGEST_TEXT = 200

interface Entry {
  /** On `now()`'s clock: the wall clock may be set in between. */
  readonly at: number
  readonly text: string | undefined
  sent: number
  received: number
}

export class FlightRecorder implements LineTap {
  readonly #entries: Entry[] = []
  #next = 0
  /** The entry that bytes are added to. */
  #open: Entry | undefined

  sent(bytes: Uint8Array): void {
    this.#bytes().sent += bytes.length
  }

  received(bytes: Uint8Array): void {
    this.#bytes().received += bytes.length
  }

  /** An event, or a line of the dialogue. */
  note({ level, event, message, fault, rung, attempt, route, session, bytesUp, bytesDown }: JournalEvent): void {
    const fields = Object.entries({ fault, rung, attempt, route, session, bytesUp, bytesDown })
    const known = fields.filter(([, value]) => value !== undefined).map(([name, value]) => ` ${name}=${String(value)}`)
    const text = event === 'at' ? message : `${level} ${event}: ${message}${known.join('')}`
    this.#open = undefined
    this.#keep({ at: now(), text: text.slice(0, LONGEST_TEXT), sent: 0, received: 0 })
  }

  /** What is remembered, a line each, the oldest first. */
  get text(): string {
    const [here, there] = [now(), wallClock().getTime()]
    const inOrder = [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)]
    return inOrder
      .filter(({ at }) => here - at <= OLDEST_MS)
      .map((entry) => `${dateAt(there - here + entry.at).toISOString()} ${wordsOf(entry)}\n`)
      .join('')
  }

  #bytes(): Entry {
    const at = now()
    if (this.#open === undefined || at - this.#open.at >= STEP_MS) {
      this.#open = { at, text: undefined, sent: 0, received: 0 }
      this.#keep(this.#open)
    }
    return this.#open
  }

  #keep(entry: Entry): void {
    this.#entries[this.#next] = entry
    this.#next = (this.#next + 1) % MOST
  }
}

function wordsOf({ text, sent, received }: Entry): string {
  return text === undefined ? `bytes: ${sent} to the modem, ${received} from it` : text.replace(/\p{Cc}/gu, '.')
}
