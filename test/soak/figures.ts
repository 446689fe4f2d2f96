/** What a soak has seen, for its report. */
import type { ModemRecord } from '../../src/virtual-modem/record.ts'
import type { Conversation } from './conversation.ts'

/** Bytes that come so soon after the modem left data mode were on the wire already, in ms. */
export const ON_THE_WIRE = 60

export class Figures {
  lives = 0
  faults = 0
  virtualMs = 0
  sessions = 0
  bytes = 0
  /** Sessions that ended clean because the modem said CLOSED, though the peer had not. */
  falseEnds = 0
  excused = 0
  failedProofs = 0
  /** Bytes of apps that reached the modem in command mode: at once after data mode, or later. */
  readonly stray = { onTheWire: 0, later: 0, withLines: 0, lives: 0, executed: 0 }
  readonly #struck = new Map<string, number>()
  readonly #back = new Map<string, number[]>()
  /** Of the life that is lived now. */
  conversations: Conversation[] = []
  #strayLife = false

  fault(kind: string, state: string): void {
    this.faults += 1
    const key = `${kind} in ${state}`
    this.#struck.set(key, (this.#struck.get(key) ?? 0) + 1)
  }

  /** The link was usable again `ms` after the last fault of a round had ended. */
  back(cause: string, ms: number): void {
    const list = this.#back.get(cause) ?? []
    list.push(ms)
    this.#back.set(cause, list)
  }

  strays(record: ModemRecord, lines: boolean): void {
    for (const { sinceData } of record.stray.splice(0)) {
      if (sinceData <= ON_THE_WIRE) this.stray.onTheWire += 1
      else this.stray.later += 1
      if (lines) this.stray.withLines += 1
      this.#strayLife = true
    }
  }

  lived(ms: number): void {
    this.lives += 1
    this.virtualMs += ms
    if (this.#strayLife) this.stray.lives += 1
    this.#strayLife = false
    this.sessions += this.conversations.length
    for (const { read, fars, excused, falseEnds } of this.conversations) {
      this.bytes += read + fars.reduce((sum, far) => sum + far.read, 0)
      this.excused += excused
      this.falseEnds += falseEnds
    }
    this.conversations = []
  }

  /** How many pairs of a fault kind and a state of the link were struck. */
  get pairs(): number {
    return this.#struck.size
  }

  report(realMs: number): string {
    const days = (this.virtualMs / 86_400_000).toFixed(1)
    const rate = Math.round((this.faults * 60_000) / realMs)
    const { onTheWire, later, withLines, lives, executed } = this.stray
    return [
      `${this.faults} faults in ${this.lives} lives, ${days} days of virtual time, ${Math.round(realMs / 1000)} s (${rate} faults a minute)`,
      `${this.sessions} sessions, ${this.bytes} bytes exact; ${this.pairs} pairs of fault and state`,
      `${this.falseEnds} clean ends that only the modem meant, ${this.excused} bytes excused, ${this.failedProofs} proofs tried again`,
      `stray bytes: ${onTheWire} on the wire when data mode ended, ${later} later, ${withLines} of both with modem lines; in ${lives} lives; executed: ${executed}`,
      ...this.#backLines(),
    ].join('\n')
  }

  #backLines(): string[] {
    return [...this.#back]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([cause, times]) => {
        const sorted = [...times].sort((one, other) => one - other)
        const at = (share: number): string => ((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) / 1000).toFixed(1)
        return `  back after ${cause.padEnd(20)} median ${at(0.5)} s, 90 % ${at(0.9)} s, worst ${at(1)} s (${times.length} times)`
      })
  }
}
