/** From data mode to command mode with the connection kept: by DTR where it is wired, else by `+++`. */
import { Fault, isFault } from '../core/fault.ts'
import { abortable, after, now, sleep, withDeadline } from '../core/time.ts'
import type { Dte } from './dte.ts'
import { EscapeWatch } from './escape-watch.ts'

export interface EscapeOptions {
  readonly method: 'dtr' | 'plus'
  /** Silence before and after `+++`, in ms. */
  readonly guardMs: number
  /** How much later than the manual says the modem's `OK` may come, in ms; 1500 unless stated. */
  readonly patienceMs?: number
  /** How long bytes that wait for the wire (CTS) are waited for, in ms; a minute unless stated. */
  readonly drainMs?: number
}

/** Two clocks and a UART's FIFO: silence is longer than the guard time by this, in ms. */
const MARGIN_MS = 50
/**
 * The silence before `+++` is longer by this, in ms, counted from the last byte that we know of: behind the queue that the
 * kernel can count, a USB adapter or a busy machine may hold some for longer. After real silence it costs nothing.
 */
const LEAD_MARGIN_MS = 400
const PATIENCE_MS = 1_500
const PATIENCE_AFTER_WORDS_MS = 400
/** A modem whose peer takes nothing holds CTS off for long; for ever it does not. */
const DRAIN_MS = 60_000
/** An `OK` that comes at the last moment is given this long to prove that it is the last, in ms. */
const LAST_SILENCE_MS = 250
/** DTR is off for at most this long: one source wants a pulse of a second, another acts on the edge (modem-facts 3.2). */
const DTR_PULSE_MS = 1_200
/** DTR has to be on for so long before its going off counts (app note 2.2.4(2)), in ms. */
const DTR_ON_MS = 1_020

/**
 * Escapes. Bytes of the peer that come meanwhile reach the carrier in order.
 * @returns whether the modem answered; if not, it may be in either mode
 */
export async function escape(dte: Dte, options: EscapeOptions, signal: AbortSignal): Promise<boolean> {
  const carrier = dte.carrier
  carrier?.holdUpstream()
  if (!(await drainedWithin(dte, options.drainMs ?? DRAIN_MS, signal))) return false
  // From here on everything must be read, or the OK would never be seen behind a client that takes nothing.
  carrier?.readRegardless()
  // Last words were said: most likely there is nobody left in data mode who would answer.
  const patience = options.patienceMs ?? (carrier?.lastWord === undefined ? PATIENCE_MS : PATIENCE_AFTER_WORDS_MS)
  const answered =
    options.method === 'dtr'
      ? await byDtr(dte, patience, signal)
      : await byPlus(dte, { ...options, patienceMs: patience }, signal)
  if (!answered) carrier?.readAsUser()
  return answered
}

/** @returns whether everything has left the wire in time (P9) */
async function drainedWithin(dte: Dte, ms: number, signal: AbortSignal): Promise<boolean> {
  const late = (): Fault => new Fault('escape-failed', 'the modem takes no more bytes')
  try {
    await withDeadline(ms, late, signal, (limit) => dte.line.drained(limit))
    return true
  } catch (error) {
    if (signal.aborted || !isFault(error, 'escape-failed')) throw error
    return false
  }
}

async function byPlus(
  dte: Dte,
  { guardMs, patienceMs: patience = PATIENCE_MS, drainMs = DRAIN_MS }: EscapeOptions,
  signal: AbortSignal,
): Promise<boolean> {
  // What CTS held up may have left later than we know, but before the modem said CONNECT.
  const silentSince = Math.max(dte.line.lastOutputAt, dte.carrier?.provedAt ?? 0)
  await sleep(Math.max(0, silentSince + guardMs + LEAD_MARGIN_MS - now()), signal)
  const earliest = now() + guardMs
  return awaitOk(dte, earliest - MARGIN_MS, earliest + patience, signal, async () => {
    dte.line.write(Buffer.from('+++'))
    // A modem that holds CTS off gets it late, and answers late: given up too early, its `OK` would be the peer's.
    await drainedWithin(dte, drainMs, signal)
  })
}

async function byDtr(dte: Dte, patience: number, signal: AbortSignal): Promise<boolean> {
  await sleep(Math.max(0, (dte.line.dtrOnSince ?? now()) + DTR_ON_MS - now()), signal)
  const steer = async (dtr: boolean): Promise<void> => dte.line.setSignals({ dtr })
  try {
    if (await awaitOk(dte, now(), now() + DTR_PULSE_MS, signal, () => steer(false))) return true
  } finally {
    await steer(true)
  }
  // One source has the modem act at the end of the pulse; its answer is on its way now.
  return awaitOk(dte, now(), now() + patience, signal, () => Promise.resolve())
}

/** Does `act` with an eye on what it brings, and reads on until the modem's `OK` can be believed, or `latest` has come. */
async function awaitOk(
  dte: Dte,
  earliest: number,
  latest: number,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<boolean> {
  const watch = new EscapeWatch(earliest)
  let wake: () => void = () => undefined
  dte.tapData((chunk) => {
    const passed = watch.push(chunk, now())
    dte.carrier?.receive(passed)
    wake()
  })
  try {
    const actedAt = now()
    await act()
    const late = now() - actedAt
    for (;;) {
      // A peer that never stops talking must not keep the wait from ending (P9).
      const until = Math.min(watch.believableAt ?? latest + late, latest + late + LAST_SILENCE_MS)
      if (now() >= until) break
      await abortable(
        new Promise<void>((resolve) => {
          const timer = after(until - now(), resolve)
          wake = () => {
            timer.cancel()
            resolve()
          }
        }),
        signal,
      )
      if (dte.line.gone) throw dte.line.gone
    }
    const answer = watch.conclude()
    if (!answer) return false
    dte.carrier?.receive(answer.peer)
    // Only in data mode an escape is answered: what looks like the beginning of last words is the peer's. Whole ones may
    // have been on their way already: who escapes asks the modem.
    if (dte.carrier?.lastWord === undefined) dte.carrier?.acquit()
    dte.enterCommandMode(answer.said)
    return true
  } finally {
    dte.tapData(undefined)
    dte.carrier?.receive(watch.takeTail())
  }
}
