/** The status in one line, for `systemctl status`. */
import { dateAt } from '../core/time.ts'
import type { Status } from './status.ts'

/** `online: broker (session 3) over SIMCOM_SIM800, home, -79 dBm`; out of service the reason, the next try and the mend. */
export function statusLine(status: Status): string {
  return joined([linkLine(status), status.notice], ' | ')
}

function linkLine(status: Status): string {
  const { state, usable, reason, hint, nextTry, ladder } = status
  if (usable) return `${state}: ${joined([holderOf(status), ...network(status)], ', ')}`
  const next = nextTry === null ? null : `next try ${clock(nextTry)}`
  const step = ladder.rung === null ? null : `attempt ${ladder.attempt}, ${ladder.rung}`
  return joined([`${state}: ${reason ?? ''}`, joined([step, next], ', ') || null, hint], '; ')
}

function holderOf({ routes, inbound }: Status): string {
  const call = inbound?.holder ?? null
  if (call !== null && inbound) return `session ${call} of ${inbound.name} to ${inbound.to}`
  const busy = routes.find(({ holder }) => holder !== null)
  return busy ? `session ${busy.holder ?? '?'} of ${busy.name} to ${busy.to}` : 'open for clients'
}

function network({ network: { operator, dbm }, context: { address } }: Status): (string | null)[] {
  return [operator, dbm === null ? null : `${dbm} dBm`, address]
}

function joined(parts: readonly (string | null)[], separator: string): string {
  return parts.filter((part) => part !== null && part !== '').join(separator)
}

/** The time of day at this place, out of an ISO time. */
function clock(iso: string): string {
  return dateAt(Date.parse(iso)).toTimeString().slice(0, 8)
}
