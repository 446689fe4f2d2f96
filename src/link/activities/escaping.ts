/** escaping: from data mode to command mode, the connection stays. */
import { ipStatus } from '../../at/commands.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { now } from '../../core/time.ts'
import { say, settle } from '../../dte/dialogue.ts'
import type { Dte } from '../../dte/dte.ts'
import { escape } from '../../dte/escape.ts'
import { endByLastWord } from '../carrier-end.ts'
import { dteOf, escapeOptions, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** @throws Fault escape-failed */
export async function escaping(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  if (dteOf(parts).mode === 'data') parts.window.since = now()
  await leaveData(parts, dteOf(parts), signal)
  return 'succeeded'
}

/**
 * Afterwards the modem is in command mode.
 * @returns whether it has answered the escape; if not, nobody knows since when it is
 * @param backlogMs how long what is to go first may be held up by flow control; as `escape` has it unless stated
 * @throws Fault escape-failed
 */
export async function leaveData(parts: Parts, dte: Dte, signal: AbortSignal, backlogMs?: number): Promise<boolean> {
  if (dte.mode === 'command') return true
  if (saysItStops(dte) && dte.line.stalled) {
    // Given to it once CTS is back, what still waits would be commands for a modem that has started anew.
    await dte.line.discard()
    throw unanswered(parts, dte, 'the modem takes no more bytes (CTS is off)')
  }
  const options = { ...escapeOptions(parts), ...(backlogMs === undefined ? {} : { backlogMs }) }
  parts.window.unsure = false
  let received: number | undefined
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const escaped = await escape(dte, options, signal)
    if (escaped === 'answered') {
      if (attempt > 0 && options.method === 'plus') throw leaked()
      await judgeWords(parts, dte, signal)
      return true
    }
    received ??= dte.carrier?.bytesReceived
    // Nothing more may be written: it would reach whoever the modem is connected to once CTS is back.
    if (escaped === 'stalled') throw unanswered(parts, dte, 'the modem takes no more bytes (CTS is off)')
    // Last words were said and the escape is not answered: they were the modem's, unless it cannot have seen one.
    if (dte.carrier?.lastWord !== undefined && escaped !== 'unheard') break
    // It may be in command mode since: what comes now is the peer's only if it turns out that it was not.
    dte.carrier?.suspend()
  }
  // It was in command mode already: the carrier ended without a word that came through, or the OK was lost.
  dte.enterCommandMode()
  parts.window.since = 0
  parts.proofDue = true
  try {
    const silences = await settle(dte, signal)
    // A silent modem may have obeyed the escape, and have kept what came since. But a `+++` in command mode may spoil the
    // first question, behind a word or a wire that has told of the end.
    const told = dte.carrier?.lastWord !== undefined || dte.carrier?.dcdOffSince !== undefined
    const silent = silences > (told && options.method === 'plus' ? 1 : 0)
    parts.window.unsure = silent || dte.carrier?.bytesReceived !== received
    return false
  } catch (error) {
    if (!isFault(error, 'no-answer', 'command-failed')) throw error
    const way = options.method === 'dtr' ? 'DTR' : '+++'
    throw unanswered(parts, dte, `the modem does not answer the escape by ${way}`, error)
  }
}

/**
 * Whole last words and then an `OK` to the escape: they were the peer's if the connection lives. If not, it ended before
 * the escape or after it: whose they were nobody can say, so that is no clean end.
 */
async function judgeWords(parts: Parts, dte: Dte, signal: AbortSignal): Promise<void> {
  if (dte.carrier?.lastWord === undefined) return
  const state = await say(dte, ipStatus, signal)
  if (state === 'CONNECT OK') {
    dte.acquit()
    return
  }
  if (dte.restart) throw dte.restart
  parts.proofDue = true
  dte.endCarrier({ kind: 'broken', fault: new Fault('carrier-lost', `the connection ended in an escape (${state})`) })
}

/** The modem was in data mode all the time: it took the first `+++` for data, and the peer has three bytes too many (P1). */
function leaked(): Fault {
  return new Fault('carrier-lost', 'the modem took +++ for data: the peer got three bytes that nobody sent it')
}

/** A modem that said why it falls silent is believed: then that is thrown at once. */
function unanswered(parts: Parts, dte: Dte, message: string, cause?: Error): Fault {
  // Its words may be the peer's all the same, and the modem still in data mode.
  parts.modeUnknown = true
  const word = dte.carrier?.lastWord
  if (word !== undefined && saysItStops(dte)) endByLastWord(parts, word)
  return new Fault('escape-failed', message, { cause })
}

/** Whether its last words are those of a modem that restarts or switches itself off, should they be its own. */
function saysItStops({ carrier }: Dte): boolean {
  const word = carrier?.lastWord
  return word === 'rebooted' || word === 'powered-down' || word === 'under-voltage'
}
