/** One client and the peers that were dialled for it: what each wrote, what each read, and how each end came. */
import type { Duplex } from 'node:stream'
import type { Excuses } from './excuses.ts'
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
}

/** Something that must never be. */
export class Violation extends Error {}

export class Conversation {
  readonly session: number | undefined
  readonly app: Wire | undefined
  /** What the client wrote. */
  readonly tape = new Tape()
  readonly fars: Far[] = []
  end: End = 'open'
  read = 0
  #matched: readonly Far[] | undefined
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
    const far: Far = { socket, tape: new Tape(), wrote: 'open', read: 0 }
    this.fars.push(far)
    socket.on('data', (chunk: Buffer) => this.#peerReads(far, chunk))
    socket.on('error', () => undefined)
    return far
  }

  /** The peers that may have written what the client has read so far. */
  get #sources(): readonly Far[] {
    return this.#matched ?? this.fars
  }

  #peerReads(far: Far, chunk: Buffer): void {
    if (this.tape.holds(chunk, far.read)) {
      far.read += chunk.length
      return
    }
    if (this.#excuses().deafToEscapes) this.excused += chunk.length
    else this.#complain(this.#difference('the peer', chunk, this.tape.from(far.read), far.read))
  }

  #clientReads(chunk: Buffer): void {
    const sources = this.#sources.filter((far) => far.tape.holds(chunk, this.read))
    if (sources.length > 0) {
      this.#matched = sources
      this.read += chunk.length
      return
    }
    const wanted = this.#sources.at(-1)?.tape.from(this.read) ?? Buffer.alloc(0)
    const { rebootUnseen, noise, modeUntold, deafToEscapes } = this.#excuses()
    if (rebootUnseen || noise || modeUntold || deafToEscapes) this.excused += chunk.length
    else this.#complain(this.#difference('the client', chunk, wanted, this.read))
  }

  #clientSeesEnd(): void {
    this.end = 'fin'
    const source = this.#sources.at(-1)
    if (source?.wrote === 'fin' && source.tape.length === this.read) return
    // The modem says the same for FIN and RST, and a reset takes what was under way with it.
    if (source?.wrote === 'rst') return
    if (this.#excuses().falseClosed) this.falseEnds += 1
    else {
      this.#complain(
        `session ${this.session ?? '?'}: a clean end after ${this.read} bytes, the peer wrote ${source?.tape.length ?? 0} and its end is ${source?.wrote ?? 'none'}`,
      )
    }
  }

  #difference(who: string, got: Buffer, wanted: Buffer, at: number): string {
    const show = (bytes: Buffer): string => JSON.stringify(bytes.subarray(0, 60).toString('latin1'))
    return `session ${this.session ?? 'none'}: at byte ${at} ${who} read ${show(got)} instead of ${show(wanted)}`
  }
}
