/** ready: everything is up; waits for somebody who wants to dial, and looks from time to time whether that is still true. */
import { ipStatus, operator, registration, signalQuality } from '../../at/commands.ts'
import { Fault } from '../../core/fault.ts'
import { now } from '../../core/time.ts'
import { say, sayIfKnown } from '../../dte/dialogue.ts'
import { answerAsks } from '../asks.ts'
import { NEXT_STEP } from '../ip-stack.ts'
import { dteOf, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** How often a modem that nobody needs is asked whether it is still there, in ms: the open port speaks for it. */
const LOOK_EVERY_MS = 30_000

/** @throws Fault when the modem is not what it was */
export async function ready(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const { budget, inbox, orders } = parts
  let lookAt = now() + LOOK_EVERY_MS
  for (;;) {
    if (inbox.due) await inbox.tend(dteOf(parts), signal)
    // It may have been spent since the client was let in.
    const spent = budget.fault(false)
    if (spent) orders.dial?.reject(spent)
    if (orders.dial) return 'dialRequested'
    if (orders.asks.length > 0) {
      for (const answer of await answerAsks(parts, signal)) answer(0)
    }
    if (now() >= lookAt) {
      await look(parts, signal)
      lookAt = now() + LOOK_EVERY_MS
      parts.recovery.healthy()
    }
    await orders.bell.wait(lookAt - now(), signal)
  }
}

async function look(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const state = await say(dte, ipStatus, signal)
  if (NEXT_STEP[state] !== 'done') throw new Fault('context-lost', `the IP stack of the modem fell back to ${state}`)
  parts.facts.signal = (await sayIfKnown(dte, signalQuality, signal)) ?? null
  parts.facts.registration = (await sayIfKnown(dte, registration, signal)) ?? null
  parts.facts.operator = (await sayIfKnown(dte, operator, signal)) ?? null
}
