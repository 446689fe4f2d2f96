/**
 * Tells the modem's words at the end of the carrier (`\r\nCLOSED\r\n`, `\r\n+PDP: DEACT\r\n`, a boot in mid-session)
 * from the peer's bytes. Pure: it holds back what could be the beginning of such words; when and on what evidence they
 * are believed is decided elsewhere (`link/activities/online.ts`).
 */
import { POWER_UP as SYNC } from '../at/urc.ts'

/** Words after which the modem is in command mode (modem-facts 3.1, 4), and what they mean. */
const LAST_WORDS = {
  CLOSED: 'closed',
  '+PDP: DEACT': 'context-lost',
  '+PDP DEACT': 'context-lost',
  'NO CARRIER': 'lost',
  RDY: 'rebooted',
  'NORMAL POWER DOWN': 'powered-down',
  'NORMAL POWER OFF': 'powered-down',
  'UNDER-VOLTAGE POWER DOWN': 'under-voltage',
  'UNDER-VOLTAGE POWER OFF': 'under-voltage',
  'OVER-VOLTAGE POWER DOWN': 'powered-down',
  'OVER-VOLTAGE POWER OFF': 'powered-down',
} as const
export type LastWord = (typeof LAST_WORDS)[keyof typeof LAST_WORDS]

/** Whether a line is one of the modem's last words. */
export function isLastWord(word: string): word is keyof typeof LAST_WORDS {
  return Object.hasOwn(LAST_WORDS, word)
}

/**
 * What may follow them before anything else: a booting or deregistering modem talks on (modem-facts 4). `CLOSED` is not
 * among them: a connection ends once, so of two the earlier one was the peer's.
 */
const FOLLOWERS = [
  '+CFUN:',
  '+CPIN:',
  '+CREG:',
  '+CGREG:',
  '+CSMINS:',
  'Call Ready',
  'SMS Ready',
  'RING',
  '+CLIP:',
  '+CMTI:',
  'UNDER-VOLTAGE WARN',
  'OVER-VOLTAGE WARN',
  // Answers to bytes that were on the wire when the carrier ended.
  'OK',
  'ERROR',
  'NO CARRIER',
  '+CME ERROR',
  // A connection ends, and then more than that.
  '+PDP',
  'RDY',
  'UNDER-VOLTAGE POWER',
  'OVER-VOLTAGE POWER',
  'NORMAL POWER',
]
const LINE_END = '\r\n'
/** What a follower makes of the end, the gravest first. */
const WORSE: readonly (readonly [string, LastWord])[] = [
  ['\r\nUNDER-VOLTAGE POWER', 'under-voltage'],
  [' POWER ', 'powered-down'],
  [SYNC, 'rebooted'],
  ['\r\nRDY', 'rebooted'],
  ['\r\n+PDP', 'context-lost'],
  ['\r\nNO CARRIER', 'lost'],
]
/** Longest text of a follower: anything longer is no URC. */
const LONGEST_FOLLOWER = 60
/** Last words with all that may follow are never longer; what is further from the end of the stream is the peer's. */
const LONGEST = 400

export type Suspicion =
  /** Nothing is held. */
  | 'none'
  /** A line end, as any text has; it may yet begin the modem's words. */
  | 'line-end'
  /** Letters of the modem's words after the line end. */
  | 'partial'
  /** The modem's last words, whole: now it is evidence that decides. */
  | 'complete'

export class EndOfCarrier {
  #tail: Buffer = Buffer.alloc(0)
  /** How much of the tail was given up as data before its rest came. */
  #released = 0
  #suspicion: Suspicion = 'none'

  /** What the held bytes look like. */
  get suspicion(): Suspicion {
    return this.#suspicion
  }

  /** Bytes held back now. */
  get held(): number {
    return this.#tail.length - this.#released
  }

  /** Bytes of the suspected words that went to the client before they could be recognised. */
  get leaked(): number {
    return this.#released
  }

  /** What the complete words mean. */
  get lastWord(): LastWord | undefined {
    if (this.#suspicion !== 'complete') return undefined
    const text = this.#tail.toString('latin1')
    const end = text.indexOf(LINE_END, LINE_END.length)
    // Of more than one the last counts: or the first was the peer's, then it is no clean end either.
    const worse = WORSE.find(([sign]) => text.includes(sign, end))
    if (worse) return worse[1]
    const word = text.slice(LINE_END.length, end)
    return isLastWord(word) ? LAST_WORDS[word] : 'rebooted'
  }

  /** Takes bytes from the modem; returns those that are the peer's for sure, in order. */
  push(chunk: Buffer): Buffer {
    const all = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk])
    const released = this.#released
    let at = this.#tail.length === 0 ? firstCandidate(all, Math.max(0, all.length - LONGEST)) : 0
    while (at >= 0) {
      const suspicion = judge(all.toString('latin1', at))
      if (suspicion !== 'none') {
        // A copy: a view would keep the reader's whole chunk alive.
        this.#tail = Buffer.from(all.subarray(at))
        this.#released = Math.max(0, released - at)
        this.#suspicion = suspicion
        return all.subarray(Math.min(released, at), at)
      }
      at = firstCandidate(all, Math.max(at + 1, all.length - LONGEST))
    }
    this.#forget()
    return all.subarray(released)
  }

  /** The held bytes are given up as data, but if their continuation comes it is still recognised. */
  release(): Buffer {
    const bytes = this.#tail.subarray(this.#released)
    this.#released = this.#tail.length
    return bytes
  }

  /** The held bytes are the peer's for certain; matching starts over. */
  acquit(): Buffer {
    const bytes = this.#tail.subarray(this.#released)
    this.#forget()
    return bytes
  }

  /** The held bytes were the modem's: they are dropped. */
  convict(): void {
    this.#forget()
  }

  #forget(): void {
    this.#tail = Buffer.alloc(0)
    this.#released = 0
    this.#suspicion = 'none'
  }
}

/** Where the modem's words can begin at all: at a CR, or at the 0x00 of the power-up bytes. */
function firstCandidate(bytes: Buffer, from: number): number {
  const cr = bytes.indexOf(0x0d, from)
  const nul = bytes.indexOf(0x00, from)
  if (cr < 0) return nul
  return nul < 0 ? cr : Math.min(cr, nul)
}

/** What a stream that ends in `text` may be in the middle of. */
function judge(text: string): Suspicion {
  if (text.length > LONGEST) return 'none'
  // The power-up bytes are words of their own: seconds pass until the rest of the boot.
  if (text.startsWith(SYNC)) return urcsOnly(withoutEcho(text.slice(SYNC.length))) ? 'complete' : 'none'
  if (SYNC.startsWith(text)) return text.length > 4 ? 'partial' : 'line-end'
  return judgeLines(text)
}

function judgeLines(text: string): Suspicion {
  // A restart may cut the modem's words short; whose the beginning was, nobody can say: it is a broken end anyway.
  const cut = text.indexOf('\0')
  if (cut > 0 && judgeLines(text.slice(0, cut)) !== 'none') return judge(text.slice(cut))
  if (LINE_END.startsWith(text)) return 'line-end'
  if (!text.startsWith(LINE_END)) return 'none'
  const end = text.indexOf('\r', LINE_END.length)
  const word = text.slice(LINE_END.length, end < 0 ? undefined : end)
  if (end < 0) return Object.keys(LAST_WORDS).some((known) => known.startsWith(word)) ? 'partial' : 'none'
  if (!isLastWord(word)) return 'none'
  const rest = text.slice(end)
  if (rest === '\r') return 'partial'
  // Nothing ends twice without a start in between: of two alike the earlier was the peer's.
  const [beforeStart = ''] = rest.split(SYNC, 1)
  if (!rest.startsWith(LINE_END) || beforeStart.includes(`\r\n${word}\r\n`, 1)) return 'none'
  return urcsOnly(withoutEcho(rest.slice(LINE_END.length))) ? 'complete' : 'none'
}

/** The same after the `OK` to an escape: the connection may end while the modem is in command mode. */
export function saidInCommandMode(text: string): boolean {
  return urcsOnly(text, [...FOLLOWERS, 'CLOSED'])
}

/** A modem that has just rebooted echoes what it gets: the `+++` of an escape that looks into it may come first. */
function withoutEcho(text: string): string {
  return text.replace(/^\+{1,3}/, '')
}

/** Whether `text` is nothing but what a modem says unasked after its last words, perhaps unfinished. */
export function urcsOnly(text: string, known: readonly string[] = FOLLOWERS): boolean {
  let rest = text
  while (rest !== '') {
    if (LINE_END.startsWith(rest) || SYNC.startsWith(rest)) return true
    if (rest.startsWith(SYNC)) {
      rest = withoutEcho(rest.slice(SYNC.length))
      continue
    }
    const end = rest.indexOf('\r', LINE_END.length)
    const line = rest.slice(LINE_END.length, end < 0 ? undefined : end)
    if (!rest.startsWith(LINE_END) || !begins(line, known)) return false
    if (end < 0 || rest.length === end + 1) return true
    if (rest[end + 1] !== '\n') return false
    rest = withoutEcho(rest.slice(end + LINE_END.length))
  }
  return true
}

function begins(line: string, known: readonly string[]): boolean {
  if (line.length > LONGEST_FOLLOWER) return false
  return known.some((start) => (line.length < start.length ? start.startsWith(line) : line.startsWith(start)))
}
