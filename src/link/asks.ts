/** Commands that a person asks through the daemon. */
import { anything } from '../at/anything.ts'
import { isFault } from '../core/fault.ts'
import { now, reasonOf } from '../core/time.ts'
import { CommandFault } from '../dte/command-fault.ts'
import { say } from '../dte/dialogue.ts'
import type { Asked, AskOrder } from './orders.ts'
import { dteOf, type Parts } from './parts.ts'

/**
 * Runs what was asked so far; what is asked meanwhile waits for the next time.
 * @returns the answers, each still to be given with the length of the window
 * @throws Fault if the modem does not answer: whoever asked is told as well
 */
export async function answerAsks(parts: Parts, signal: AbortSignal): Promise<((windowMs: number) => void)[]> {
  const answers: ((windowMs: number) => void)[] = []
  const asks = parts.orders.asks.splice(0)
  for (const [index, ask] of asks.entries()) {
    if (ask.signal?.aborted === true) {
      ask.reject(reasonOf(ask.signal))
      continue
    }
    try {
      const answer = await answerOne(parts, ask, signal)
      answers.push((windowMs) => ask.resolve({ ...answer, windowMs }))
    } catch (error) {
      // Not lost: whoever stands behind it is told by the state that follows.
      parts.orders.asks.unshift(...asks.slice(index + 1))
      if (isFault(error)) ask.reject(error)
      else parts.orders.asks.unshift(ask)
      for (const answer of answers) answer(0)
      throw error
    }
  }
  return answers
}

async function answerOne(parts: Parts, ask: AskOrder, signal: AbortSignal): Promise<Omit<Asked, 'windowMs'>> {
  try {
    const { final, information } = await say(dteOf(parts), anything(ask.command), signal)
    return { ok: true, result: final, lines: [...information] }
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    return { ok: false, result: error.result, lines: [] }
  }
}

/** Of a window that did not end in data mode again, because the connection is over. */
export function giveAnswers({ window }: Parts): void {
  for (const answer of window.answers.splice(0)) answer(Math.round(now() - window.since))
}
