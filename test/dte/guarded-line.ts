/** The escape guard as the carrier uses it, on a clock that the test turns. */
import { EscapeGuard } from '../../src/dte/escape-guard.ts'
import { findEscape, type Sent, TIMINGS, type Timing } from './strict-detector.ts'

const PLUS = 0x2b

export class GuardedLine {
  readonly guard: EscapeGuard
  readonly sent: Sent[] = []
  /** What went wrong; empty if nothing did. */
  readonly complaints: string[] = []
  now = 0
  #fresh = true
  /** When each byte was written by the app. */
  readonly #takenAt: number[] = []
  /** A pause was one that some modems take for silence and others do not, or nobody could tell it. */
  doubtful = false

  constructor(guardMs = 1000) {
    this.guard = new EscapeGuard(guardMs)
  }

  get bytes(): string {
    return String.fromCharCode(...this.sent.map(({ byte }) => byte))
  }

  /** Silence of the app; what is held goes when its time has come. `late`: the app is first in the very last moment. */
  wait(ms: number, late = false): void {
    const until = this.now + ms
    for (;;) {
      const due = this.#lastAt + this.guard.holdMs
      if (!this.guard.holding || due > until || (late && due === until)) break
      this.now = due
      this.#passed(this.guard.release())
    }
    this.now = until
  }

  /** The app writes. `known`: whether the pause before can be told. */
  write(text: string, known = true): void {
    const told = !known || this.#fresh ? undefined : this.now - this.#lastAt
    this.#fresh = false
    if (told === undefined || (told >= 400 && told <= 1100)) this.doubtful = true
    for (let i = 0; i < text.length; i += 1) this.#takenAt.push(this.now)
    this.#passed(this.guard.pass(Buffer.from(text, 'latin1'), told))
  }

  /** The app ends; afterwards nothing is held. */
  finish(): void {
    this.wait(10_000)
    if (this.guard.holding) this.complaints.push('a plus is held for ever')
  }

  get #lastAt(): number {
    return this.sent.at(-1)?.at ?? this.now
  }

  /** Only the third plus is held, and no longer than a hold; more only where it cannot be known which is the third. */
  #passed(bytes: Buffer): void {
    for (const byte of bytes) {
      const held = this.now - (this.#takenAt[this.sent.length] ?? Number.NaN)
      if (!(held <= this.guard.holdMs * (this.doubtful ? 2 : 1))) this.complaints.push(`held for ${held} ms`)
      this.sent.push({ byte, at: this.now })
    }
    const kept = this.#takenAt.length - this.sent.length
    if (kept > 0 !== this.guard.holding) this.complaints.push(`${kept} bytes kept`)
    if (kept > (this.doubtful ? 3 : 1)) this.complaints.push(`${kept} bytes held`)
    const before = this.sent.slice(-2)
    if (kept > 0 && !this.doubtful && (before.length < 2 || before.some(({ byte }) => byte !== PLUS))) {
      this.complaints.push(`held behind ${JSON.stringify(this.bytes.slice(-2))}`)
    }
  }
}

/** The modems that saw an escape in what was sent: with any guard times, and clocks up to 5 % off. */
export function escapesSeen(line: GuardedLine): Timing[] {
  const modems = TIMINGS.flatMap(({ before, after, gap }) =>
    [0.95, 1, 1.05].map((skew) => ({ before: before * skew, after: after * skew, gap: gap * skew })),
  )
  return modems.filter((timing) => findEscape(line.sent, line.now, timing) >= 0)
}
