/** One client and the peers that were dialled for it: what each wrote, what each read, and how each end came. */
import type { Duplex } from 'node:stream'
import type { Excuses } from './excuses.ts'
import { type Way, waysThrough } from './noise.ts'
import { Tape } from './tape.ts'

export type End = 'open' | 'fin' | 'rst'

/** An end of a TCP connection: in memory, or real. */
export interface Wire extends Duplex {
  resetAndDestroy(): unknown
}

/** Calls `told` at a FIN, and not at a reset. */
export type WhenEnded = (socket: Wire, told: () => void) => void

const byTheStream: WhenEnded = (socket, told) => void socket.on('end', told)

/** The far side of one dial. */
export interface Far {
  readonly socket: Wire
  /** What it wrote, and whether it finished. */
  readonly tape: Tape
  wrote: End
  /** How much of the client's tape it has read. */
  read: number
  /** What it read after that: nothing, but for a modem that was deaf. */
  foreign: string
}

/** Something that must never be. */
export class Violation extends Error {}

/** Lines of a dialogue, at the modem's rate or at another, the last one perhaps unfinished. */
const DIALOGUE = /^(\++|[\x80-\xff]+|(AT[\x1b\x20-\x7e]*)?\r)*(A|AT[\x1b\x20-\x7e]*)?$/

/** What the modem says of an ATO, as a peer may say it. */
const RESUMED = '\r\nCONNECT\r\n'
/** And of an escape. */
const ESCAPED = '\r\nOK\r\n'
const RESULT = /\r\n(CONNECT|ERROR|NO CARRIER|CLOSED)\r\n/

const LAST_WORDS = ['CLOSED', '+PDP: DEACT', '+PDP DEACT'].map((word) => `\r\n${word}\r\n`)

/** The end of a connection, and then answers with noise before each and words of the modem inside, the last one perhaps unfinished. */
const SAID = /OK|ERROR|NO CARRIER|RING|Call Ready|\+CREG: [12]|\+CMTI: "SM",1|UNDER-VOLTAGE WARNNING/
const SPOILT_END = new RegExp(
  String.raw`^\r\n(?:CLOSED|\+PDP:? DEACT)\r\n([\x80-\xff]*\r\n(${SAID.source})\r\n)*[\x80-\xff]*(\r(\n[ -~]{0,22}\r?)?)?$`,
)

export class Conversation {
  readonly session: number | undefined
  readonly app: Wire | undefined
  /** What the client wrote. */
  readonly tape = new Tape()
  readonly fars: Far[] = []
  end: End = 'open'
  /** How the client came by what it has read; more than one only where there was noise. */
  #ways: readonly Way[] = [{ read: 0, noise: 0 }]
  #matched: readonly Far[] | undefined
  /** What it has read after the true end. */
  #afterEnd = ''
  #cut = false
  /** Told when a promise is broken. */
  readonly #complain: (what: string) => void
  readonly #excuses: () => Excuses
  /** Bytes that an excuse was needed for. */
  excused = 0
  /** Clean ends that the peer had not meant. */
  falseEnds = 0

  constructor(
    session: number | undefined,
    app: Wire | undefined,
    excuses: () => Excuses,
    complain: (what: string) => void,
    whenEnded = byTheStream,
  ) {
    this.session = session
    this.app = app
    this.#excuses = excuses
    this.#complain = complain
    app?.on('data', (chunk: Buffer) => this.#clientReads(chunk))
    if (app) whenEnded(app, () => this.#clientSeesEnd())
    app?.on('error', () => (this.end = 'rst'))
    app?.on('close', () => (this.end = this.end === 'open' ? 'rst' : this.end))
  }

  /** The peer of a further dial for this client. */
  add(socket: Wire): Far {
    const far: Far = { socket, tape: new Tape(), wrote: 'open', read: 0, foreign: '' }
    this.fars.push(far)
    socket.on('data', (chunk: Buffer) => this.#peerReads(far, chunk))
    socket.on('error', () => undefined)
    return far
  }

  /** How many bytes of its peer the client has read. */
  get read(): number {
    return this.#ways[0]?.read ?? 0
  }

  /** The peers that may have written what the client has read so far. */
  get #sources(): readonly Far[] {
    return this.#matched ?? this.fars
  }

  #peerReads(far: Far, chunk: Buffer): void {
    if (far.foreign === '' && this.tape.holds(chunk, far.read)) {
      far.read += chunk.length
      return
    }
    const own = far.foreign === '' ? this.#ownBytes(chunk, far.read) : 0
    far.read += own
    far.foreign += chunk.toString('latin1', own)
    this.excused += chunk.length - own
    if (!this.#isOwnDialogue(far)) {
      this.#complain(this.#difference('the peer', chunk, this.tape.from(far.read), far.read))
    }
  }

  /** Whether nobody could have kept these words of the daemon from the peer. */
  #isOwnDialogue({ foreign, tape }: Far): boolean {
    const { deafToEscapes, resumeUntold, crossed, heldUp } = this.#excuses()
    if (deafToEscapes || heldUp || (resumeUntold && RESULT.test(tape.text))) return DIALOGUE.test(foreign)
    return crossed && /^\r?[^\r]*\r?$/.test(foreign) && DIALOGUE.test(foreign)
  }

  /** How many bytes of `chunk` the client wrote: an `AT` may be the end of its own or the beginning of a command. */
  #ownBytes(chunk: Buffer, at: number): number {
    const agreeing = this.tape.agreeing(chunk, at)
    const cuts = ['', 'A', 'AT', 'AT+', 'AT+C'].map(({ length }) => agreeing - length).filter((cut) => cut >= 0)
    return cuts.find((cut) => DIALOGUE.test(chunk.toString('latin1', cut))) ?? agreeing
  }

  #clientReads(chunk: Buffer): void {
    const { noise, resumeUntold, escapeUntold, wordCut } = this.#excuses()
    // What noise and payload have in common may be either, as long as nothing decides it.
    if (noise && this.#matched && this.#holdsWithNoise(this.#sources.at(-1), chunk)) return
    for (const { read } of this.#ways) {
      const sources = this.#sources.filter((far) => far.tape.holds(chunk, read))
      if (sources.length === 0) continue
      this.#matched = sources
      this.#ways = [{ read: read + chunk.length, noise: 0 }]
      return
    }
    const source = this.#sources.at(-1)
    if (source && wordCut && this.#isCutWord(source, chunk)) return
    if (source && noise && (this.#holdsWithNoise(source, chunk) || this.#isSpoiltEnd(source, chunk))) return
    if (source && resumeUntold && this.#goesOnBehind(RESUMED, source, chunk)) return
    if (source && escapeUntold && this.#goesOnBehind(ESCAPED, source, chunk)) return
    const wanted = source?.tape.from(this.read) ?? Buffer.alloc(0)
    this.#complain(this.#difference('the client', chunk, wanted, this.read))
  }

  /** Whether the modem may say that the connection has ended. */
  #hasEnded({ wrote }: Pick<Far, 'wrote'>): boolean {
    const { falseClosed, contextGone } = this.#excuses()
    return wrote !== 'open' || falseClosed || contextGone
  }

  /** Whether `chunk` is the modem's word for an end that has come, spoilt by noise behind it. */
  #isSpoiltEnd(source: Far, chunk: Buffer): boolean {
    const text = this.#afterEnd + chunk.toString('latin1')
    if (!this.#hasEnded(source) || !SPOILT_END.test(text) || !/[\x80-\xff]/.test(text)) return false
    this.#afterEnd = text
    this.excused += chunk.length
    return true
  }

  /** Whether it is the beginning of the modem's last word, and everything before it was read. */
  #isCutWord({ wrote, tape }: Far, chunk: Buffer): boolean {
    const text = this.#afterEnd + chunk.toString('latin1')
    const whole = wrote !== 'fin' || this.#ways.some(({ read }) => read === tape.length)
    if (
      !this.#hasEnded({ wrote }) ||
      !whole ||
      !LAST_WORDS.some((word) => word.length > text.length && word.startsWith(text))
    )
      return false
    this.#afterEnd = text
    this.#cut = true
    this.excused += chunk.length
    return true
  }

  /** Whether `chunk` is what comes next, with bytes of noise in between. */
  #holdsWithNoise(source: Far | undefined, chunk: Buffer): boolean {
    const ways = source ? waysThrough(source.tape, this.#ways, chunk) : []
    if (ways.length === 0) return false
    this.excused += chunk.length - ((ways[0]?.read ?? 0) - this.read)
    this.#ways = ways
    return true
  }

  /** Whether `chunk` is what comes next, but for a result of the peer that was taken for the modem's, and what came before a CONNECT. */
  #goesOnBehind(result: string, { tape }: Far, chunk: Buffer): boolean {
    // What was read last may have been the line end behind it, and not the one before.
    const start = Math.max(0, this.read - result.length)
    const bytes = Buffer.concat([tape.from(start, this.read - start), chunk])
    for (let own = tape.agreeing(bytes, start); own >= 0; own -= 1) {
      const at = tape.text.indexOf(result, start + own)
      const end = at + result.length
      if (at < 0 || (result === ESCAPED && at > start + own) || !tape.holds(bytes.subarray(own), end)) continue
      this.excused += end - start - own
      this.falseEnds += 1
      this.#ways = [{ read: end + bytes.length - own, noise: 0 }]
      return true
    }
    return false
  }

  #clientSeesEnd(): void {
    this.end = 'fin'
    const source = this.#sources.at(-1)
    const what = `session ${this.session ?? '?'}: a clean end after ${this.read} bytes`
    if (this.fars.some(({ foreign }) => foreign !== '')) this.#complain(`${what}, and the peer read what nobody wrote`)
    if (this.#cut) this.#complain(`${what} and the beginning of a word of the modem`)
    if (this.#afterEnd !== '') this.falseEnds += 1
    if (source?.wrote === 'fin' && this.#ways.some(({ read }) => source.tape.length === read)) return
    // The modem says the same for FIN and RST, and a reset takes what was under way with it.
    if (source?.wrote === 'rst') return
    if (this.#excuses().falseClosed) this.falseEnds += 1
    else this.#complain(`${what}, the peer wrote ${source?.tape.length ?? 0} and its end is ${source?.wrote ?? 'none'}`)
  }

  #difference(who: string, got: Buffer, wanted: Buffer, at: number): string {
    const show = (bytes: Buffer): string => JSON.stringify(bytes.subarray(0, 60).toString('latin1'))
    return `session ${this.session ?? 'none'}: at byte ${at} ${who} read ${show(got)} instead of ${show(wanted)}`
  }
}
