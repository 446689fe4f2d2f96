/** recovering: one rung of the ladder. */

import type { AtCommand } from '../../at/command.ts'
import { attach, closeConnection, radio, restart, shutContext } from '../../at/commands.ts'
import { Fault, isFault, type Rung } from '../../core/fault.ts'
import { now, sleep, wallClockIn } from '../../core/time.ts'
import { sayIfKnown } from '../../dte/dialogue.ts'
import { awaitBoot } from '../boot.ts'
import { firstAid, hardReset } from '../hard-reset.ts'
import type { Parts } from '../parts.ts'
import type { RecoveryStep } from '../recovery.ts'
import type { LinkEvent } from '../states.ts'
import { leaveDataMode } from './probing.ts'

/** What each rung says to the modem; a refusal is no obstacle, the next look decides. */
const SAY: Readonly<Record<Exclude<Rung, 'soft-reset' | 'hard-reset' | 'reopen-line'>, readonly AtCommand[]>> = {
  redial: [closeConnection(true)],
  'shut-context': [shutContext],
  reattach: [shutContext, attach(false), attach(true)],
  'cycle-radio': [radio(0), radio(1)],
}

/** So many failures in a row are told one by one; after them every so many, where the pauses between them are short. */
const LOUD_ATTEMPTS = 3
const QUIET_ATTEMPTS = 30
const LONG_PAUSE_MS = 10_000

export async function recovering(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const lost = (): RecoveryStep => parts.recovery.note(new Fault('no-answer', 'the modem is not where it should be'))
  const step = firstAid(parts, parts.recovery.step ?? lost())
  parts.recovery.step = step
  // The connection may live on in a modem that only missed a command, or come yet.
  if (parts.dte?.carrier || parts.entering) parts.modeUnknown = true
  parts.dte?.endCarrier({ kind: 'broken', fault: step.fault })
  parts.orders.refuseAll(step.fault)
  for (const answer of parts.window.answers.splice(0)) answer(0)
  parts.facts.address = null
  announce(parts, step)
  parts.heart.rest(step.pauseMs)
  await sleep(step.pauseMs, signal)
  const started = now()
  const event = await perform(parts, step, signal)
  const durationMs = Math.round(now() - started)
  parts.journal.tell(isRepetition(step) ? 'debug' : 'info', 'rung', `${step.rung} done`, {
    rung: step.rung,
    durationMs,
  })
  return event
}

/** A device that is missing for a night is looked for every other second: once a minute is enough to read of it. */
function isRepetition({ rung, attempt, pauseMs, again }: RecoveryStep): boolean {
  return (
    again === true &&
    rung === 'reopen-line' &&
    attempt > LOUD_ATTEMPTS &&
    attempt % QUIET_ATTEMPTS !== 0 &&
    pauseMs < LONG_PAUSE_MS
  )
}

function announce(parts: Parts, step: RecoveryStep): void {
  const { fault, rung, attempt, pauseMs } = step
  if (step.ordered) {
    parts.journal.tell('info', 'recovering', fault.message, { rung })
    return
  }
  const level = attempt > LOUD_ATTEMPTS ? 'error' : 'warn'
  const nextTry = wallClockIn(pauseMs)
  parts.journal.tell(isRepetition(step) ? 'debug' : level, 'recovering', fault.message, {
    fault: fault.code,
    rung,
    attempt,
    nextTry,
    hint: fault.hint,
  })
}

async function perform(parts: Parts, step: RecoveryStep, signal: AbortSignal): Promise<LinkEvent> {
  const { rung } = step
  if (rung === 'reopen-line' || !parts.dte || parts.dte.line.gone) {
    await parts.dte?.line.close()
    parts.dte = undefined
    return 'lineClosed'
  }
  if (rung === 'hard-reset') {
    await parts.dte.line.discard()
    parts.modeUnknown = !(await hardReset(parts, parts.dte, step, signal))
    return 'succeeded'
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

async function softReset(parts: Parts, signal: AbortSignal): Promise<void> {
  const { dte } = parts
  if (!dte) return
  parts.modeUnknown = false
  await tolerate(dte.execute(restart, signal))
  // No answer: it may be in data mode still, deaf to the reset, and the search begins with an escape.
  parts.modeUnknown = !(await awaitBoot(dte, parts.config.recovery.bootTime, signal))
}
