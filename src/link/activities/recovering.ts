/** recovering: one rung of the ladder. */

import type { AtCommand } from '../../at/command.ts'
import { attach, closeConnection, plainDialogue, radio, restart, shutContext } from '../../at/commands.ts'
import { Fault, isFault, type Rung } from '../../core/fault.ts'
import { now, sleep, wallClockIn } from '../../core/time.ts'
import { sayIfKnown } from '../../dte/dialogue.ts'
import type { Parts } from '../parts.ts'
import type { RecoveryStep } from '../recovery.ts'
import type { LinkEvent } from '../states.ts'
import { leaveDataMode } from './probing.ts'

/** Between two questions to a booting modem, in ms. */
const BOOT_POLL_MS = 1_000
/** A modem needs this long at least from a restart to its first answer (modem-facts T6, 5). */
const BOOT_LEAST_MS = 3_000

/** What each rung says to the modem; a refusal is no obstacle, the next look decides. */
const SAY: Readonly<Record<Exclude<Rung, 'soft-reset' | 'hard-reset' | 'reopen-line'>, readonly AtCommand[]>> = {
  redial: [closeConnection(true)],
  'shut-context': [shutContext],
  reattach: [shutContext, attach(false), attach(true)],
  'cycle-radio': [radio(0), radio(1)],
}

export async function recovering(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const step = parts.recovery.step ?? parts.recovery.note(new Fault('no-answer', 'the modem is not where it should be'))
  // The connection may live on in a modem that only missed a command.
  if (parts.dte?.carrier) parts.modeUnknown = true
  parts.dte?.endCarrier({ kind: 'broken', fault: step.fault })
  parts.orders.refuseAll(step.fault)
  for (const answer of parts.window.answers.splice(0)) answer(0)
  parts.facts.address = null
  announce(parts, step)
  await sleep(step.pauseMs, signal)
  const started = now()
  const event = await perform(parts, step.rung, signal)
  parts.journal.tell('info', 'rung', `${step.rung} done`, { rung: step.rung, durationMs: Math.round(now() - started) })
  return event
}

function announce(parts: Parts, { fault, rung, attempt, pauseMs }: RecoveryStep): void {
  const level = attempt > 3 ? 'error' : 'warn'
  const nextTry = wallClockIn(pauseMs)
  parts.journal.tell(level, 'recovering', fault.message, {
    fault: fault.code,
    rung,
    attempt,
    nextTry,
    hint: fault.hint,
  })
}

async function perform(parts: Parts, rung: Rung, signal: AbortSignal): Promise<LinkEvent> {
  if (rung === 'reopen-line' || rung === 'hard-reset' || !parts.dte || parts.dte.line.gone) {
    await parts.dte?.line.close()
    parts.dte = undefined
    return 'lineClosed'
  }
  if (parts.modeUnknown) {
    // What an app still had in the queue must not become commands (P8), nor a command of ours the peer's data.
    await parts.dte.line.discard()
    await leaveDataMode(parts, parts.dte, signal)
  }
  if (rung === 'soft-reset') await softReset(parts, signal)
  else for (const command of SAY[rung]) await tolerate(sayIfKnown(parts.dte, command, signal))
  return 'succeeded'
}

/** A rung that is not answered was climbed all the same; whether it helped is seen when the modem is looked for. */
async function tolerate(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isFault(error, 'no-answer', 'modem-rebooted', 'command-failed')) throw error
  }
}

/** Restarts the modem and gives it its time to boot: who judges too early resets in circles. */
async function softReset(parts: Parts, signal: AbortSignal): Promise<void> {
  const { dte } = parts
  if (!dte) return
  parts.modeUnknown = false
  await tolerate(dte.execute(restart, signal))
  const giveUpAt = now() + parts.config.recovery.bootTime
  await sleep(BOOT_LEAST_MS, signal)
  while (now() < giveUpAt) {
    try {
      await dte.execute(plainDialogue, signal, BOOT_POLL_MS)
      return
    } catch (error) {
      if (!isFault(error, 'no-answer', 'command-failed', 'modem-rebooted')) throw error
      await dte.line.discard()
      await sleep(BOOT_POLL_MS, signal)
    }
  }
  // It may be in data mode still, deaf to the reset: the search begins with an escape.
  parts.modeUnknown = true
}
