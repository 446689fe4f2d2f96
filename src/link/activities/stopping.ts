/** stopping: the carrier is closed in order, the modem stays in command mode with its context up, the line is let go. */
import { closeConnection } from '../../at/commands.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { withDeadline } from '../../core/time.ts'
import { sayIfKnown } from '../../dte/dialogue.ts'
import type { Dte } from '../../dte/dte.ts'
import type { Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'
import { leaveData } from './escaping.ts'
import { leaveDataMode } from './probing.ts'

/** The service manager waits longer than this, in ms. */
const STOP_MS = 10_000
/** Most dials have come through by then, or failed, in ms; one that nobody answers takes 75 s. */
const DIAL_END_MS = 3_000

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
    // Whoever comes next dials as if nobody had been here.
    if (parts.configured) await withDeadline(STOP_MS, unheard, signal, (limit) => leaveAsFound(parts, dte, limit))
  } catch (error) {
    if (!isFault(error)) throw error
    parts.journal.tell('warn', 'stopping', error.message, { fault: error.code })
  }
  dte.endCarrier({ kind: 'broken', fault })
  await dte.line.close()
  return 'succeeded'
}

const unheard = (): Fault => new Fault('no-answer', 'the modem does not answer')

async function leaveAsFound(parts: Parts, dte: Dte, limit: AbortSignal): Promise<void> {
  if (parts.dialSettings.strange) await parts.dialSettings.reset(dte, limit)
  await parts.doze.leave(dte, limit)
}

async function hangUp(parts: Parts, dte: Dte, limit: AbortSignal): Promise<void> {
  if (parts.entering === 'dial') await endDial(parts, dte, limit)
  else {
    // It may have resumed in that very moment.
    if (parts.entering) dte.assumeDataMode()
    await leaveData(parts, dte, limit)
  }
  await sayIfKnown(dte, closeConnection(false), limit)
}

/** Whatever were written into a dial that comes through in that moment would reach its peer: its end is waited for first. */
async function endDial(parts: Parts, dte: Dte, limit: AbortSignal): Promise<void> {
  if ((await dte.hearOut(DIAL_END_MS, limit)) !== 'over') await leaveDataMode(parts, dte, limit)
}
