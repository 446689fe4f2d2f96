/** What went wrong lately, out of the daemon's own events. */
import type { FaultCode, Rung } from '../core/fault.ts'
import type { Journal, JournalEvent } from '../core/log.ts'

/** How many are remembered. */
const MOST = 10

/** A fault, possibly several times in a row. */
export interface PastFault {
  /** The last time. */
  readonly time: string
  readonly fault: FaultCode
  readonly message: string
  /** What recovery did about it; null if nothing. */
  readonly rung: Rung | null
  readonly times: number
}

export class RecentFaults {
  #list: readonly PastFault[] = []

  constructor(journal: Journal) {
    journal.on('event', (event) => this.#note(event))
  }

  /** The newest first. */
  get list(): readonly PastFault[] {
    return this.#list
  }

  #note({ time, event, fault, message, rung }: JournalEvent): void {
    // A session ends of a fault that is told on its own.
    if (fault === undefined || event === 'session-end') return
    const [last, ...rest] = this.#list
    const same = last?.fault === fault && last.message === message
    const entry = { time, fault, message, rung: rung ?? (same ? last.rung : null), times: same ? last.times + 1 : 1 }
    this.#list = same ? [entry, ...rest] : [entry, ...this.#list].slice(0, MOST)
  }
}
