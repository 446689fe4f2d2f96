/** The status as one plain screen for a person. */

import type { RouteStatus, Status } from '../daemon/status.ts'
import type { PastFault } from '../daemon/status-faults.ts'

const LABEL_WIDTH = 10
/** Signal in bars: from this many dBm on there is one more. */
const BARS_FROM_DBM = [-105, -95, -85, -75]

/** The screen; `now` on the wall clock, in ms since 1970. */
export function statusScreen(status: Status, now: number): string {
  const { state, since, usable, reason, hint, nextTry, ladder, modem, context, window: held } = status
  const attempt = ladder.rung === null ? null : `${ladder.rung}, failure ${ladder.attempt} in a row`
  const lines = [
    label('link', `${usable ? 'usable' : 'NOT USABLE'}: ${state} since ${localTime(since)} (${ago(since, now)})`),
    label('why', reason),
    label('mend', hint),
    label('recovery', attempt),
    label('next try', nextTry === null ? null : localTime(nextTry)),
    label('modem', join([modem.model, modem.firmware]) ?? 'not known yet'),
    label('network', network(status) ?? 'not known yet'),
    label('address', context.address ?? 'none'),
    label('window', held.lastMs === null ? null : `the last AT command held the data for ${held.lastMs} ms`),
    '',
    ...routeTable(status.routes),
    ...faultList(status.lastFaults),
  ]
  return `${lines.filter((line) => line !== null).join('\n')}\n`
}

/** An ISO time as `2025-06-01 12:03:04` of this place. */
export function localTime(iso: string): string {
  return LOCAL.format(Date.parse(iso)).replace(',', '')
}

const LOCAL = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })

function label(name: string, text: string | null): string | null {
  return text === null ? null : `${name.padEnd(LABEL_WIDTH)}${text}`
}

function join(parts: readonly (string | null)[]): string | null {
  return parts.filter((part) => part !== null).join(', ') || null
}

function network({ network: { rssi, dbm, operator, registration } }: Status): string | null {
  const bars = BARS_FROM_DBM.filter((least) => dbm !== null && dbm >= least).length
  const signal = dbm === null ? null : `${'▂▄▆█'.slice(0, bars).padEnd(4, '_')} ${dbm} dBm (${rssi ?? '?'} of 31)`
  return join([signal, operator, registration])
}

function routeTable(routes: readonly RouteStatus[]): string[] {
  const rows = routes.map(({ name, listen, to, holder, waiting, bytesUp, bytesDown, unacked }) => [
    name,
    listen,
    to,
    holder === null ? '-' : `session ${holder}`,
    String(waiting),
    size(bytesUp),
    size(bytesDown),
    unacked === null ? '-' : size(unacked),
  ])
  return table([['ROUTE', 'LISTENS AT', 'LEADS TO', 'CARRIER', 'WAITING', 'UP', 'DOWN', 'UNACKED'], ...rows])
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function faultList(faults: readonly PastFault[]): string[] {
  if (faults.length === 0) return []
  const lines = faults.map(({ time, fault, message, rung, times }) => {
    const often = times > 1 ? ` (${times} times)` : ''
    return `  ${localTime(time)}  ${fault}: ${message}${often}${rung === null ? '' : ` → ${rung}`}`
  })
  return ['', 'last faults', ...lines]
}

function size(bytes: number): string {
  if (bytes < 10_000) return `${bytes} B`
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`
}

function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}
