/** resuming: ATO, back to data mode. */
import { isFault } from '../../core/fault.ts'
import { now } from '../../core/time.ts'
import { resume, settleIfDue, silenceEcho } from '../../dte/dialogue.ts'
import { endByState } from '../carrier-end.ts'
import { dteOf, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** @throws Fault no-answer; carrier-lost if the modem is connected and yet does not go back */
export async function resuming(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const dte = dteOf(parts)
  if (dte.answerDue) await settleIfDue(dte, signal)
  // Came while an escape was not answered: of the peer if it has closed, of nobody knows whom if it has not.
  if (parts.window.since === 0 && (dte.carrier?.bytesInWindow ?? 0) > 0) {
    const ended = await endByState(parts, signal)
    if (ended !== undefined) return ended
  }
  await silenceEcho(dte, signal)
  try {
    parts.entering = 'resume'
    await resume(dte, signal)
    parts.entering = undefined
  } catch (error) {
    if (!isFault(error, 'carrier-lost')) throw error
    parts.entering = undefined
    const ended = await endByState(parts, signal)
    if (ended === undefined) throw error
    return ended
  }
  const carrier = dte.carrier
  if (carrier) carrier.provedAt = now()
  parts.facts.lastWindowMs = Math.round(now() - parts.window.since)
  for (const answer of parts.window.answers.splice(0)) answer(parts.facts.lastWindowMs)
  parts.journal.tell('info', 'resumed', 'data flows again', { durationMs: parts.facts.lastWindowMs })
  return 'succeeded'
}
