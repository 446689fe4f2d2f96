/** Talking with a modem that may have been interrupted before. */
import type { AtCommand } from '../at/command.ts'
import { plainDialogue, resumeData, resynchronize } from '../at/commands.ts'
import { Fault, isFault } from '../core/fault.ts'
import { retry } from '../core/retry.ts'
import { CommandFault } from './command-fault.ts'
import { type Dte } from './dte.ts'

const CR = 0x0d

/** An interrupted line in the modem's buffer may spoil the first of these. */
const RESYNC_PAUSE_MS = 50
/** The rest of an answer that nobody waits for any more mostly comes within this time, in ms; some take a minute. */
const HEAR_OUT_MS = 500

/**
 * Runs a command; if the answer of an earlier one may still come, finds the beginning of a fresh answer first.
 * @throws CommandFault for an error result, Fault no-answer, line-gone, modem-rebooted
 */
export async function say<T>(dte: Dte, command: AtCommand<T>, signal?: AbortSignal): Promise<T> {
  if (dte.answerDue) await settleIfDue(dte, signal)
  return dte.execute(command, signal)
}

/** The same for a command that this firmware may not have: undefined if the modem refuses it. */
export async function sayIfKnown<T>(dte: Dte, command: AtCommand<T>, signal?: AbortSignal): Promise<T | undefined> {
  try {
    return await say(dte, command, signal)
  } catch (error) {
    if (error instanceof CommandFault) return undefined
    throw error
  }
}

/**
 * Turns off an echo that came back by itself: beside a live connection it would look like bytes of the peer. There it takes
 * two commands to know one.
 */
export async function silenceEcho(dte: Dte, signal?: AbortSignal): Promise<void> {
  if (dte.echo === 'unknown') await sayIfKnown(dte, questionOf(1), signal)
  if (dte.echo === 'likely') await sayIfKnown(dte, plainDialogue, signal)
}

/** Back to data mode. @throws Fault carrier-lost if there is no connection to go back to */
export async function resume(dte: Dte, signal?: AbortSignal): Promise<void> {
  try {
    await dte.execute(resumeData, signal)
  } catch (error) {
    if (!isFault(error, 'command-failed')) throw error
    throw new Fault('carrier-lost', 'the modem has no connection to go back to', { cause: error })
  }
}

/** The answer of an earlier command may still come: waits for it, and finds the beginning of a fresh one if it does not. */
export async function settleIfDue(dte: Dte, signal?: AbortSignal): Promise<void> {
  await dte.hearOut(HEAR_OUT_MS, signal)
  if (dte.answerDue) await settle(dte, signal)
}

/**
 * Takes a question back that the modem does not answer: many that CTS holds up would all reach it at once later. Of one
 * that was cut the beginning is ended there, for `ATE` and the next question would be `ATEATE0V1Q0`, which has an `A` in it.
 */
export async function takeBack(dte: Dte): Promise<void> {
  await dte.line.discard()
  dte.line.write(Buffer.of(CR))
}

/**
 * After this, what comes is the answer to what is asked next.
 * @returns how many questions nobody answered: a modem that is silent may have been so before
 * @throws Fault no-answer
 */
export async function settle(dte: Dte, signal?: AbortSignal): Promise<number> {
  const ask = (attempt: number): Promise<void> => dte.execute(questionOf(attempt), signal)
  let unanswered = 0
  await retry(ask, {
    times: resynchronize.length,
    pauseMs: RESYNC_PAUSE_MS,
    signal,
    shouldRetry: (error) => {
      if (isFault(error, 'no-answer')) unanswered += 1
      return isFault(error, 'no-answer', 'command-failed')
    },
  })
  dte.answerDue = false
  return unanswered
}

function questionOf(attempt: number): AtCommand {
  const question = resynchronize[(attempt - 1) % resynchronize.length]
  if (!question) throw new TypeError('no question to find a fresh answer with')
  return question
}
