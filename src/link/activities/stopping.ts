/** stopping: the carrier is closed in order, the modem stays in command mode with its context up, the line is let go. */
import { closeConnection } from '../../at/commands.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { withDeadline } from '../../core/time.ts'
import { sayIfKnown } from '../../dte/dialogue.ts'
import type { Dte } from '../../dte/dte.ts'
import type { Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'
import { leaveData } from './escaping.ts'

/** The service manager waits longer than this, in ms. */
const STOP_MS = 10_000
/** A dial is given up at once, in ms. */
const GIVE_UP_MS = 4_000

export async function stopping(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const fault = new Fault('carrier-lost', 'the daemon is stopping')
  parts.orders.refuseAll(fault)
  const { dte } = parts
  if (!dte) return 'succeeded'
  try {
    if (dte.carrier || dte.mode === 'data' || parts.entering) {
      const late = (): Fault => new Fault('no-answer', 'the modem does not hang up in time')
      await withDeadline(STOP_MS, late, signal, (limit) => hangUp(parts, dte, limit))
    }
  } catch (error) {
    if (!isFault(error)) throw error
    parts.journal.tell('warn', 'stopping', error.message, { fault: error.code })
  }
  dte.endCarrier({ kind: 'broken', fault })
  await dte.line.close()
  return 'succeeded'
}

async function hangUp(parts: Parts, dte: Dte, limit: AbortSignal): Promise<void> {
  // In data mode, or taken to be in it by an escape that this stop has cut short, the command would go to the peer.
  if (parts.entering === 'dial' && dte.mode === 'command' && (await dialGivenUp(dte, limit))) return
  // It may have connected, or resumed, in that very moment.
  if (parts.entering) dte.assumeDataMode()
  await leaveData(parts, dte, limit)
  await sayIfKnown(dte, closeConnection(false), limit)
}

/** @returns whether the modem answers, and so is in command mode */
async function dialGivenUp(dte: Dte, limit: AbortSignal): Promise<boolean> {
  const late = (): Fault => new Fault('no-answer', 'the modem does not give up its dial')
  try {
    await withDeadline(GIVE_UP_MS, late, limit, (signal) => sayIfKnown(dte, closeConnection(true), signal))
    return true
  } catch (error) {
    if (limit.aborted || !isFault(error, 'no-answer', 'carrier-lost')) throw error
    return false
  }
}
