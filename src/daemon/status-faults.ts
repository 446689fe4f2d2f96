/** What went wrong, out of the daemon's own events: the last ones for the status, and how often for the metrics. */
import type { FaultCode, Rung } from '../core/fault.ts'
import type { JournalEvent } from '../core/log.ts'

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

/** A session ends, or the next peer has its turn, because of a fault that is told on its own. */
const ECHOES: ReadonlySet<string> = new Set(['session-end', 'next-peer'])

export class FaultLog {
  #list: readonly PastFault[] = []
  readonly #counts = new Map<FaultCode, number>()
  /** What recovery may go on with. */
  #begun: JournalEvent | undefined

  /** The newest first. */
  get list(): readonly PastFault[] {
    return this.#list
  }

  /** How often a fault happened. */
  count(fault: FaultCode): number {
    return this.#counts.get(fault) ?? 0
  }

  /** @returns the fault that this event is the first to tell of; undefined if it tells of none, or goes on with one */
  note(event: JournalEvent): FaultCode | undefined {
    const { time, level, fault, message, rung } = event
    if (ECHOES.has(event.event) || (fault === undefined && level === 'debug')) return undefined
    const sequel = isSequel(event, this.#begun)
    this.#begun = begins(event) ? event : undefined
    if (fault === undefined) return undefined
    const [last, ...rest] = this.#list
    const same = last?.fault === fault && last.message === message
    const times = (same ? last.times : 0) + (sequel ? 0 : 1)
    const entry = { time, fault, message, rung: rung ?? (same ? last.rung : null), times }
    this.#list = same ? [entry, ...rest] : [entry, ...this.#list].slice(0, MOST)
    if (sequel) return undefined
    this.#counts.set(fault, this.count(fault) + 1)
    return fault
  }
}

/** A broken carrier, or a failed dial that is not simply repeated: recovery may tell of it, too. */
function begins({ event, level }: JournalEvent): boolean {
  return event === 'carrier-lost' || (event === 'dial-failed' && level === 'debug')
}

function isSequel({ event, fault, message }: JournalEvent, begun: JournalEvent | undefined): boolean {
  return event === 'recovering' && fault !== undefined && begun?.fault === fault && begun.message === message
}
