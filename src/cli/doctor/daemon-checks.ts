/** The running daemon, and what it knows of the modem without being asked to ask. */
import { wallClock } from '../../core/time.ts'
import type { Status } from '../../daemon/status.ts'
import { VerbError } from '../control-client.ts'
import { localTime } from '../status-screen.ts'
import { statusAt } from './daemon-modem.ts'
import type { Notes } from './finding.ts'

const WEEK_MS = 7 * 24 * 3_600_000
const SUPPLY_FAULTS = ['under-voltage', 'modem-rebooted'] as const

/** @returns its status; undefined if none answers */
export async function checkDaemon(notes: Notes, socket: string): Promise<Status | undefined> {
  try {
    const status = await statusAt(socket)
    const { state, since, usable, reason, fault, hint } = status
    if (usable) notes.good('daemon', `runs: ${state} since ${localTime(since)}`, state)
    else {
      const trouble = { mend: hint, value: state, ...(fault && { fault }) }
      notes.bad('daemon', `runs, but the link is not usable: ${reason ?? state}`, trouble)
    }
    return status
  } catch (error) {
    if (!(error instanceof VerbError)) throw error
    if (error.message.startsWith('no daemon runs')) notes.unchecked('daemon', `none runs at ${socket}`)
    else notes.warn('daemon', error.message, { mend: 'sudo cipbridge doctor' })
    return undefined
  }
}

/** Why the modem is not asked beside a live session, and what the daemon knows anyway. */
export function checkLiveSession(notes: { readonly modem: Notes; readonly network: Notes }, status: Status): void {
  const { modem, network } = status
  if (modem.model !== null) notes.modem.good('model', modem.model)
  if (modem.firmware !== null) notes.modem.good('firmware', modem.firmware)
  const { operator, registration, dbm } = network
  notes.network.good('SIM', 'there, and open: the network has it', 'READY')
  if (dbm !== null) notes.network.good('signal', `${dbm} dBm when it was last asked`, dbm)
  const where = registration === 'home' ? 'at home' : (registration ?? 'unknown')
  notes.network.good('registration', `${operator ?? 'an unnamed network'}, ${where}`, operator)
  notes.network.unchecked(
    'now',
    'a session is live: asking would hold its data for about 2 s',
    '--in-session asks anyway',
  )
}

/** What the daemon has seen of the modem's supply. */
export function checkPastSupply(notes: Notes, { lastFaults }: Status): void {
  const since = wallClock().getTime() - WEEK_MS
  for (const code of SUPPLY_FAULTS) {
    const past = lastFaults.filter(({ fault, time }) => fault === code && Date.parse(time) > since)
    const times = past.reduce((sum, each) => sum + each.times, 0)
    const latest = past[0]
    if (!latest) continue
    const often = times === 1 ? 'once' : `${times} times`
    notes.warn('history', `${code} ${often}, last ${localTime(latest.time)}: ${latest.message}`, {
      fault: code,
      value: times,
    })
  }
}
