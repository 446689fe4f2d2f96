/** ready: everything is up; waits for somebody who wants to dial, and looks from time to time whether that is still true. */
import { ipStatus, operator, registration, shutContext, signalQuality } from '../../at/commands.ts'
import { Fault } from '../../core/fault.ts'
import { now } from '../../core/time.ts'
import { say, sayIfKnown } from '../../dte/dialogue.ts'
import { answerAsks } from '../asks.ts'
import { NEXT_STEP } from '../ip-stack.ts'
import { dteOf, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'
import { climb } from './attaching.ts'

/** How often a modem that nobody needs is asked whether it is still there, in ms: the open port speaks for it. */
const LOOK_EVERY_MS = 30_000

/** The same for one that sleeps meanwhile; well below what the heart takes for a standstill. */
const SLEEPER_LOOK_EVERY_MS = 120_000

/** @throws Fault when the modem is not what it was */
export async function ready(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  try {
    return await attend(parts, signal)
  } finally {
    await parts.doze.end(parts.dte)
  }
}

async function attend(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const { budget, calls, doze, inbox, orders } = parts
  const lookEveryMs = doze.possible ? SLEEPER_LOOK_EVERY_MS : LOOK_EVERY_MS
  let lookAt = now() + lookEveryMs
  for (;;) {
    // Nothing may be said to a modem that a caller is connected to: the call is on its way here.
    while (calls.coming) await orders.bell.wait(LOOK_EVERY_MS, signal)
    if (inbox.due) await inbox.tend(dteOf(parts), signal)
    // It may have been spent since the client was let in.
    const spent = budget.fault(false)
    if (spent) orders.dial?.reject(spent)
    if (orders.dial) {
      if (calls.listening) await calls.stop(dteOf(parts), signal)
      return 'dialRequested'
    }
    if (orders.asks.length > 0) {
      for (const answer of await answerAsks(parts, signal)) answer(0)
    }
    if (now() >= lookAt) {
      await look(parts, signal)
      lookAt = now() + lookEveryMs
      parts.recovery.healthy()
    }
    if (calls.wanted && !calls.listening) await listen(parts, signal)
    if (!isNeeded(parts)) await doze.begin(dteOf(parts), signal)
    await orders.bell.wait(lookAt - now(), signal)
    if (isNeeded(parts) || now() >= lookAt) await doze.rouse(dteOf(parts), signal)
  }
}

/** Whether somebody wants something of the modem. */
function isNeeded({ inbox, orders }: Parts): boolean {
  return inbox.due || orders.dial !== undefined || orders.asks.length > 0
}

/** From TCP CLOSED the modem does not listen: it takes a fresh context. */
async function listen(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const { calls, journal } = parts
  if (!(await calls.listen(dte, signal))) {
    await say(dte, shutContext, signal)
    parts.configured = false
    await climb(parts, signal)
    if (!(await calls.listen(dte, signal))) throw new Fault('command-failed', 'the modem refuses AT+CIPSERVER')
  }
  const place = calls.moved(parts.facts.address)
  if (place !== undefined) journal.tell('info', 'callers', `reach the modem at ${place}`)
}

async function look(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const state = await say(dte, ipStatus, signal)
  parts.calls.listening &&= state === 'SERVER LISTENING'
  if (NEXT_STEP[state] !== 'done' && !parts.calls.listening)
    throw new Fault('context-lost', `the IP stack of the modem fell back to ${state}`)
  parts.facts.signal = (await sayIfKnown(dte, signalQuality, signal)) ?? null
  parts.facts.registration = (await sayIfKnown(dte, registration, signal)) ?? null
  parts.facts.operator = (await sayIfKnown(dte, operator, signal)) ?? null
}
