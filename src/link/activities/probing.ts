/** probing: where is the modem, at which baud rate, in which mode? Afterwards it listens to commands and is set up for us. */
import {
  baudRate,
  closeConnection,
  dcdFollowsCarrier,
  dtrAction,
  firmware,
  fixBaudRate,
  flowControl,
  leavePrompt,
  model,
  numberedErrors,
  plainDialogue,
  quietUrcs,
  saveSettings,
} from '../../at/commands.ts'
import { DIALECTS, dialectOf } from '../../at/dialect.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { sleep } from '../../core/time.ts'
import { say, sayIfKnown, settle, takeBack } from '../../dte/dialogue.ts'
import type { Dte } from '../../dte/dte.ts'
import { type Escaped, escape } from '../../dte/escape.ts'
import { dteOf, escapeOptions, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** A modem that listens answers in a few ms; it may be busy with a URC. The time of the line comes on top. */
const ANSWER_MS = 400
/** The first `AT` may meet a half-received line, or train the modem's autobaud (AT manual 2.2.41). */
const TRIES_AT_OWN_RATE = 4
const TRIES_AT_OTHER_RATES = 2
/** Nothing is lost if the `OK` to this escape comes later: the search for the modem follows anyway. */
const ESCAPE_PATIENCE_MS = 500
/** The first may come before the CONNECT of a dial that nobody waits for, the second too soon after it. */
const ESCAPES = 3
/** From ESC at a prompt to its `OK`. */
const PROMPT_MS = 250
/** By how often modems are found at them. */
const OTHER_RATES = [115_200, 9_600, 57_600, 38_400, 19_200, 460_800, 230_400, 4_800, 2_400, 1_200]
/** A new rate is in force right after the result code; the modem's UART needs a moment. */
const RATE_CHANGE_MS = 100

/** @throws Fault no-answer, command-failed, line-gone */
export async function probing(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const dte = dteOf(parts)
  if (parts.modeUnknown) await leaveDataMode(parts, dte, signal)
  await findRate(parts, dte, signal)
  await settle(dte, signal)
  // A dial that may still be carried out is ended before anything else is said: behind its CONNECT it would reach the peer.
  if (parts.entering) await sayIfKnown(dte, closeConnection(true), signal)
  parts.modeUnknown = false
  parts.entering = undefined
  await setUp(parts, dte, signal)
  return 'succeeded'
}

/**
 * A modem that somebody left in data mode takes an `AT` for payload and sends it to the peer: DCD is asked first, and
 * without a clear "off" it is escaped before a command is written.
 * @throws Fault no-answer if not even an escape can be written
 */
export async function leaveDataMode(parts: Parts, dte: Dte, signal: AbortSignal): Promise<void> {
  const signals = parts.facts.hasDcd ? await dte.line.signals() : undefined
  if (signals?.dcd === false) return
  const options = { ...escapeOptions(parts), patienceMs: ESCAPE_PATIENCE_MS, backlogMs: ESCAPE_PATIENCE_MS }
  const ways = options.method === 'dtr' ? (['dtr', 'plus'] as const) : (['plus'] as const)
  let escaped: Escaped = 'unanswered'
  let carriedOut = true
  for (let tries = 0; carriedOut && escaped === 'unanswered' && tries < ESCAPES; tries += 1) {
    dte.assumeDataMode()
    for (const method of ways) {
      if (escaped === 'unanswered' && !dte.connectHeard) escaped = await escape(dte, { ...options, method }, signal)
    }
    // A dial was carried out meanwhile: only now there is something to escape from.
    carriedOut = dte.connectHeard
  }
  if (escaped === 'answered') {
    parts.journal.tell('info', 'adopted', 'the modem was in data mode; it is in command mode now')
    return
  }
  // No answer: it was in command mode already, or does not listen; the search below tells.
  dte.endCarrier({ kind: 'hung-up', unacknowledged: null })
  if (escaped !== 'stalled') return
  // Whatever were written now would reach the peer, should it have one, once CTS is back.
  await dte.line.discard()
  throw new Fault('no-answer', 'the modem takes no bytes (CTS is off): is it on, are RTS and CTS wired?')
}

async function findRate(parts: Parts, dte: Dte, signal: AbortSignal): Promise<void> {
  const own = parts.config.line.baudRate
  if (dte.line.baudRate !== own) await dte.line.setBaudRate(own)
  if (await answers(dte, TRIES_AT_OWN_RATE, signal)) return
  // Everything so far may have been text for a prompt that somebody has left open.
  dte.line.write(Buffer.from(leavePrompt))
  await sleep(PROMPT_MS, signal)
  if (await answers(dte, TRIES_AT_OTHER_RATES, signal)) return
  if (parts.entering) {
    // It was at this rate a moment ago, and whatever is said at another one may reach the peer that it was dialling.
    parts.entering = undefined
    throw new Fault('no-answer', 'the modem does not answer any more since a dial was interrupted')
  }
  for (const rate of OTHER_RATES.filter((other) => other !== own)) {
    await dte.line.setBaudRate(rate)
    if (!(await answers(dte, TRIES_AT_OTHER_RATES, signal))) continue
    parts.journal.tell('warn', 'baud-rate', `the modem was at ${rate} baud, it is set to ${own}`)
    await settle(dte, signal)
    if (await changeRate(dte, own, signal)) return
    throw new Fault(
      'no-answer',
      `the modem answers at ${rate} baud but not at ${own}; set line.baudRate to what it can`,
    )
  }
  await dte.line.setBaudRate(own)
  throw new Fault('no-answer', `nothing answers AT at ${parts.config.line.device}, at ${own} baud or any other rate`)
}

/** @returns whether the modem answers at the new rate, which is saved then */
async function changeRate(dte: Dte, rate: number, signal: AbortSignal): Promise<boolean> {
  try {
    await say(dte, fixBaudRate(rate), signal)
  } catch (error) {
    // Refused: the fault says so. Not heard: the result code may have come at the new rate already.
    if (!isFault(error, 'no-answer')) throw error
  }
  await dte.line.setBaudRate(rate)
  await sleep(RATE_CHANGE_MS, signal)
  if (!(await answers(dte, TRIES_AT_OWN_RATE, signal))) return false
  await sayIfKnown(dte, saveSettings, signal)
  return true
}

/**
 * @returns whether the modem answers at the rate in force
 * @throws Fault command-failed if each answer is an error: then it is at this rate, and what were said at others would be noise
 */
async function answers(dte: Dte, times: number, signal: AbortSignal): Promise<boolean> {
  // Back and forth at the rate in force: the question, its echo and the answer.
  const patience = ANSWER_MS + dte.line.lineTime(32)
  let errors = 0
  for (let attempt = 1; attempt <= times; attempt += 1) {
    try {
      await dte.execute(plainDialogue, signal, patience)
      return true
    } catch (error) {
      if (signal.aborted || !isFault(error, 'no-answer', 'command-failed', 'modem-rebooted')) throw error
      if (isFault(error, 'command-failed')) errors += 1
      await takeBack(dte)
      if (errors === TRIES_AT_OWN_RATE) throw error
    }
  }
  return false
}

async function setUp(parts: Parts, dte: Dte, signal: AbortSignal): Promise<void> {
  const { line, modem, messages, escape: wanted } = parts.config
  await say(dte, numberedErrors, signal)
  await sayIfKnown(dte, dcdFollowsCarrier, signal)
  const byDtr = escapeOptions(parts).method === 'dtr'
  // A DTR that floats must not end data mode (modem-facts P5).
  await sayIfKnown(dte, dtrAction(byDtr ? 1 : 0), signal)
  dte.plusGuardMs = byDtr ? undefined : wanted.guardTime
  await say(dte, flowControl(line.flowControl), signal)
  if ((await sayIfKnown(dte, baudRate, signal)) === 0) {
    // Autobaud prints no boot lines (AT manual 19.3): a fixed rate lets a reboot be seen.
    await sayIfKnown(dte, fixBaudRate(line.baudRate), signal)
    await sayIfKnown(dte, saveSettings, signal)
  }
  const { facts } = parts
  facts.model = (await sayIfKnown(dte, model, signal)) ?? null
  facts.firmware = (await sayIfKnown(dte, firmware, signal)) ?? null
  facts.dialect = modem.dialect === 'auto' ? dialectOf(facts.model ?? '') : DIALECTS[modem.dialect]
  for (const command of quietUrcs(messages.calls)) await sayIfKnown(dte, command, signal)
}
