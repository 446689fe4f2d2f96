/** The recovery ladder as a table: cheapest rung first; a grave fault starts further up, a harmless one stays low. */
import { FAULTS, type FaultCode, RUNGS, type Rung } from '../core/fault.ts'

/** How often a rung is tried before the next one (application note ch. 12 for the first two). */
export const LADDER: readonly { readonly rung: Rung; readonly times: number }[] = [
  { rung: 'redial', times: 2 },
  { rung: 'shut-context', times: 2 },
  { rung: 'reattach', times: 1 },
  { rung: 'cycle-radio', times: 1 },
  { rung: 'soft-reset', times: 2 },
  { rung: 'hard-reset', times: 2 },
  { rung: 'reopen-line', times: 1 },
]

/**
 * The rung for the n-th failure in a row. Past the fault's ceiling the ceiling is repeated; a fault whose ceiling is the
 * last rung starts over at its own first one, so that no rung is forgotten in a long night.
 * @param failures 1 for the first failure
 * @param available rungs that this installation can do (no hard reset without a wire or command)
 */
export function rungFor(failures: number, fault: FaultCode, available: ReadonlySet<Rung>): Rung {
  const { rung, ceiling } = FAULTS[fault]
  const first = RUNGS.indexOf(rung)
  const last = RUNGS.indexOf(ceiling)
  const ways = LADDER.filter((row) => {
    const at = RUNGS.indexOf(row.rung)
    return at >= first && at <= last && available.has(row.rung)
  })
  const steps = ways.flatMap((row) => Array.from({ length: row.times }, () => row.rung))
  if (steps.length === 0) return 'reopen-line'
  const step =
    ceiling === 'reopen-line' ? steps[(failures - 1) % steps.length] : steps[Math.min(failures, steps.length) - 1]
  return step ?? 'reopen-line'
}

export interface Pauses {
  readonly firstMs: number
  readonly maxMs: number
}

/** Faults of the tty end as soon as it is back: it is looked for at least this often, in ms. */
const LINE_PAUSE_MS = 2_000

/**
 * How long to wait before the rung for the n-th failure in a row, in ms: nothing before the first, then doubling up to
 * the cap, each with up to a quarter of jitter so that a field of modems does not call in step.
 * @param chance a random number from 0 to 1
 */
export function pauseBefore(failures: number, fault: FaultCode, pauses: Pauses, chance: number): number {
  const isLine = FAULTS[fault].rung === 'reopen-line'
  if (failures <= 1) return isLine ? LINE_PAUSE_MS / 4 : 0
  const cap = isLine ? Math.min(LINE_PAUSE_MS, pauses.maxMs) : pauses.maxMs
  const grown = Math.min(cap, pauses.firstMs * 2 ** Math.min(failures - 2, 20))
  return Math.round(grown * (1 + chance / 4))
}
