/** The status as one screen for a person. */
import type { InboundStatus, RouteStatus, Status } from '../daemon/status.ts'
import type { PastFault } from '../daemon/status-faults.ts'
import { cut, type Paint, painter, size, span, type Tone, table, wrapped } from './status-table.ts'

const LABEL_WIDTH = 10
/** Signal in bars: from this many dBm on there is one more. */
const BARS_FROM_DBM = [-105, -95, -85, -75]
/** Faults that are shown; `--json` has them all. */
const MOST_FAULTS = 5

/** What the screen is drawn on. */
export interface Surface {
  readonly columns: number
  readonly colours: boolean
}

const PLAIN: Surface = { columns: 80, colours: false }

/** The screen; `now` on the wall clock, in ms since 1970. */
export function statusScreen(status: Status, now: number, { columns, colours }: Surface = PLAIN): string {
  const { state, since, usable, reason, hint, nextTry, ladder, modem, context, window: held } = status
  const paint = painter(colours)
  const label = (name: string, text: string | null, tone?: Tone): string[] => {
    if (text === null) return []
    const lines = wrapped(text, columns - LABEL_WIDTH).map((line) => cut(line, columns - LABEL_WIDTH))
    return lines.map((line, index) => {
      const head = (index === 0 ? name : '').padEnd(LABEL_WIDTH)
      return paint('quiet', head) + (tone === undefined ? line : paint(tone, line))
    })
  }
  const lines = [
    ...label(
      'link',
      `${usable ? 'usable' : 'NOT USABLE'}: ${state} since ${localTime(since)} (${span(now - Date.parse(since))})`,
      usable ? 'good' : 'bad',
    ),
    ...label('why', reason),
    ...label('mend', hint, 'strong'),
    ...label('recovery', ladder.rung === null ? null : `${ladder.rung}, failure ${ladder.attempt} in a row`, 'warn'),
    ...label('next try', nextTry === null ? null : `${localTime(nextTry)} (in ${span(Date.parse(nextTry) - now)})`),
    ...label('modem', join([modem.model, modem.firmware]) ?? 'not known yet'),
    ...label('network', network(status) ?? 'not known yet'),
    ...label('address', context.address ?? 'none'),
    ...label('budget', budget(status)),
    ...label('calls', calls(status.inbound), status.inbound?.holder ? 'good' : undefined),
    ...label('window', held.lastMs === null ? null : `the last AT command held the data for ${held.lastMs} ms`),
    '',
    ...routeTable(status.routes, columns, paint),
    ...status.routes.flatMap(dropped).map((line) => paint('warn', line)),
    ...queue(status, now),
    ...faultList(status.lastFaults, columns, paint),
  ]
  return `${lines.join('\n')}\n`
}

/** An ISO time as `2025-06-01 12:03:04` of this place. */
export function localTime(iso: string): string {
  return LOCAL.format(Date.parse(iso)).replace(',', '')
}

const LOCAL = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })

function join(parts: readonly (string | null)[]): string | null {
  return parts.filter((part) => part !== null).join(', ') || null
}

function network({ network: { rssi, dbm, operator, registration } }: Status): string | null {
  const bars = BARS_FROM_DBM.filter((least) => dbm !== null && dbm >= least).length
  const signal = dbm === null ? null : `${'▂▄▆█'.slice(0, bars).padEnd(4, '_')} ${dbm} dBm (${rssi ?? '?'} of 31)`
  return join([signal, operator, registration])
}

function calls(inbound: InboundStatus | null): string | null {
  if (inbound === null) return null
  const { name, modemPort, to, listening, holder, bytesUp, bytesDown } = inbound
  const waiting = listening ? 'the modem listens' : 'not now'
  const who = holder === null ? waiting : `session ${holder}`
  return `${modemPort} → ${to} (${name}): ${who}, ${size(bytesUp)} up, ${size(bytesDown)} down`
}

function budget({ budget: spent }: Status): string | null {
  if (spent === null) return null
  const { dialsThisHour, dialsPerHour, bytesToday, bytesPerDay, bytesThisMonth, bytesPerMonth } = spent
  return join([
    dialsPerHour === null ? null : `${dialsThisHour} of ${dialsPerHour} dials this hour`,
    bytesPerDay === null ? null : `${size(bytesToday)} of ${size(bytesPerDay)} today`,
    bytesPerMonth === null ? null : `${size(bytesThisMonth)} of ${size(bytesPerMonth)} this month`,
  ])
}

function routeTable(routes: readonly RouteStatus[], columns: number, paint: Paint): string[] {
  const rows = routes.map(({ name, holder, waiting, bytesUp, bytesDown, unacked }) => [
    name,
    holder === null ? '-' : `session ${holder}`,
    String(waiting),
    size(bytesUp),
    size(bytesDown),
    unacked === null ? '-' : size(unacked),
  ])
  const ways = routes.map(({ listen, to }) => `${listen} → ${to.replaceAll('tcp://', '')}`)
  const [head = '', ...lines] = table([['ROUTE', 'CARRIER', 'WAITING', 'UP', 'DOWN', 'UNACKED'], ...rows])
  const widest = Math.max(head.length, ...lines.map((line) => line.length))
  // Beside the figures where there is room, else below them.
  const beside = ways.every((way) => widest + 2 + way.length <= columns)
  return [
    paint('quiet', beside ? `${head.padEnd(widest)}  LISTENS AT → LEADS TO` : head),
    ...lines.flatMap((line, index) => {
      const way = ways[index] ?? ''
      const shown = beside ? [`${line.padEnd(widest)}  ${way}`] : [line, `  ${cut(way, columns - 2)}`]
      return routes[index]?.holder ? shown.map((text) => paint('good', text)) : shown
    }),
  ]
}

function dropped({ name, dropped: reasons }: RouteStatus): string[] {
  const counts = Object.entries(reasons ?? {}).filter(([, count]) => count > 0)
  if (counts.length === 0) return []
  return [`datagrams of ${name} not sent: ${counts.map(([reason, count]) => `${count} ${reason}`).join(', ')}`]
}

function queue({ queue: waiting }: Status, now: number): string[] {
  if (waiting.length === 0) return []
  const names = waiting.map(({ route, session, since }) => {
    return `session ${session} of ${route} for ${span(now - Date.parse(since))}`
  })
  return [`waiting: ${names.join(', ')}`]
}

function faultList(faults: readonly PastFault[], columns: number, paint: Paint): string[] {
  if (faults.length === 0) return []
  const lines = faults.slice(0, MOST_FAULTS).map(({ time, fault, message, rung, times }) => {
    const end = `${times > 1 ? ` (${times} times)` : ''}${rung === null ? '' : ` → ${rung}`}`
    const head = `  ${localTime(time)}  `
    return `${paint('quiet', head)}${cut(`${fault}: ${message}`, columns - head.length - end.length)}${end}`
  })
  return ['', paint('quiet', 'last faults'), ...lines]
}
