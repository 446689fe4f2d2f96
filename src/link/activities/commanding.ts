/** commanding: AT commands beside a live connection. */
import { answerAsks } from '../asks.ts'
import { endByState } from '../carrier-end.ts'
import { dteOf, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** @throws Fault no-answer */
export async function commanding(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  parts.window.answers.push(...(await answerAsks(parts, signal)))
  if (parts.proofDue || dteOf(parts).carrier?.lastWord !== undefined) {
    const ended = await endByState(parts, signal)
    parts.proofDue = false
    if (ended !== undefined) return ended
    dteOf(parts).acquit()
  }
  if (parts.inbox.due) await parts.inbox.tend(dteOf(parts), signal)
  return 'succeeded'
}
