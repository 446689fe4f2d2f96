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
  /**
   * How long a backlog is waited for, in ms, a minute unless stated: bytes of ours that wait for the wire (CTS), and those
   * of the peer that the modem had in its buffers before its `OK`.
   */
  readonly backlogMs?: number
}

/** Two clocks and a UART's FIFO: silence is longer than the guard time by this, in ms. */
const MARGIN_MS = 50
/**
 * The silence before `+++` is longer by this, in ms, counted from the last byte that we know of: behind the queue that the
 * kernel can count, a USB adapter or a busy machine may hold some for longer. After real silence it costs nothing.
 */
const LEAD_MARGIN_MS = 400
/** As many bytes a USB adapter holds behind the queue that the kernel can count (CP2102: 576, FT232R: 128). */
const ADAPTER_BYTES = 576
/** On a pseudo-terminal after a burst it is longer still, by what the line may be late, up to this: data waits meanwhile. */
const MOST_LAG_MS = 1_200
const PATIENCE_MS = 1_500
/** Older text has half a second for the guard time (modem-facts 0.2), less what two clocks disagree. */
const LEAST_GUARD = 0.4
const PATIENCE_AFTER_WORDS_MS = 400
/** A modem whose peer takes nothing holds CTS off for long; for ever it does not. */
const BACKLOG_MS = 60_000
/** DTR is off for at most this long: one source wants a pulse of a second, another acts on the edge (modem-facts 3.2). */
const DTR_PULSE_MS = 1_200
/** DTR has to be on for so long before its going off counts (app note 2.2.4(2)), in ms. */
const DTR_ON_MS = 1_020

/** What came of it. */
export type Escaped =
  /** The modem is in command mode. */
  | 'answered'
  /** It may be in either mode. */
  | 'unanswered'
  /** The same, and what went up before may have kept it from seeing silence: only a longer one would tell. */
  | 'unheard'
  /** It takes no bytes (CTS is off): nothing was written, or what was is taken back. */
  | 'stalled'

/** Escapes. Bytes of the peer that come meanwhile reach the carrier in order. */
export async function escape(dte: Dte, options: EscapeOptions, signal: AbortSignal): Promise<Escaped> {
  const carrier = dte.carrier
  carrier?.holdUpstream()
  if (!(await drainedWithin(dte, options.backlogMs ?? BACKLOG_MS, signal))) return 'stalled'
  // From here on everything must be read, or the OK would never be seen behind a client that takes nothing.
  carrier?.readRegardless()
  // Last words were said: most likely there is nobody left in data mode who would answer.
  const patience = options.patienceMs ?? (carrier?.lastWord === undefined ? PATIENCE_MS : PATIENCE_AFTER_WORDS_MS)
  const escaped =
    options.method === 'dtr'
      ? await byDtr(dte, { ...options, patienceMs: patience }, signal)
      : await byPlus(dte, { ...options, patienceMs: patience }, signal)
  if (escaped !== 'answered') carrier?.readAsUser()
  return escaped
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
  { guardMs, patienceMs: patience = PATIENCE_MS, backlogMs = BACKLOG_MS }: EscapeOptions,
  signal: AbortSignal,
): Promise<Escaped> {
  // What CTS held up may have left later than we know, but before the modem said CONNECT.
  const silentSince = Math.max(dte.line.lastOutputAt, dte.carrier?.provedAt ?? 0)
  const { latestOutputAt } = dte.line
  const hiddenUntil = Math.min(latestOutputAt, now() + MOST_LAG_MS)
  await sleep(Math.max(0, Math.max(silentSince + LEAD_MARGIN_MS, hiddenUntil) + guardMs - now()), signal)
  const earliest = now() + guardMs
  const doubtful = now() + guardMs * LEAST_GUARD
  const wait = { doubtful, earliest: earliest - MARGIN_MS, latest: earliest + patience, backlogMs }
  const escaped = await awaitOk(dte, wait, signal, async () => {
    dte.line.write(Buffer.from('+++'))
    // A modem that holds CTS off gets it late, and answers late: given up too early, its `OK` would be the peer's.
    if (await drainedWithin(dte, backlogMs, signal)) return true
    // Left in the queue, it would escape when nobody looks.
    await dte.line.discard()
    return false
  })
  return escaped === 'unanswered' && hiddenUntil < latestOutputAt ? 'unheard' : escaped
}

async function byDtr(
  dte: Dte,
  { patienceMs: patience = PATIENCE_MS, backlogMs = BACKLOG_MS }: EscapeOptions,
  signal: AbortSignal,
): Promise<Escaped> {
  // Bytes that are still under way when the modem changes its mode are commands for it.
  const { latestOutputAt, lastOutputAt } = dte.line
  const emptyAt = Math.max(
    lastOutputAt + dte.line.lineTime(ADAPTER_BYTES),
    Math.min(latestOutputAt, now() + MOST_LAG_MS),
  )
  await sleep(Math.max(0, emptyAt - now(), (dte.line.dtrOnSince ?? now()) + DTR_ON_MS - now()), signal)
  const wait = { doubtful: now(), earliest: now(), latest: now() + patience, backlogMs }
  return awaitOk(dte, wait, signal, async (answered) => {
    try {
      await dte.line.setSignals({ dtr: false })
      await answered(DTR_PULSE_MS)
      return true
    } finally {
      // One source has the modem act only at the end of the pulse.
      await dte.line.setSignals({ dtr: true })
    }
  })
}

interface Wait {
  /** From when on the modem may be in command mode, by the shortest guard time of any source. */
  readonly doubtful: number
  /** When the modem can answer, and when it should have, on `now()`'s clock. */
  readonly earliest: number
  readonly latest: number
  readonly backlogMs: number
}

/**
 * Does `act` with an eye on what it brings, and reads on until the modem's `OK` can be believed, or it is late and nothing
 * more is on its way. `act` may wait for the `OK` as well, and what time it takes is added to `latest`; it returns whether
 * the modem can have got it.
 */
async function awaitOk(
  dte: Dte,
  wait: Wait,
  signal: AbortSignal,
  act: (answered: (withinMs: number) => Promise<void>) => Promise<boolean>,
): Promise<Escaped> {
  const watch = new EscapeWatch(wait.earliest)
  let wake: () => void = () => undefined
  dte.tapData((chunk) => {
    const passed = watch.push(chunk, now())
    // From here on the modem may be in command mode, its answer lost: what comes is the peer's only if one comes as well.
    if (now() >= wait.doubtful) dte.carrier?.suspend()
    dte.carrier?.receive(passed)
    wake()
  })
  const reach = async (moment: () => number): Promise<void> => {
    for (let left = moment() - now(); left > 0; left = moment() - now()) {
      await abortable(
        woken(left, (ring) => (wake = ring)),
        signal,
      )
      if (dte.line.gone) throw dte.line.gone
    }
  }
  try {
    const actedAt = now()
    const acted = await act((ms) => reach(() => Math.min(watch.believableAt ?? Number.POSITIVE_INFINITY, actedAt + ms)))
    if (!acted) return 'stalled'
    const latest = wait.latest + now() - actedAt
    // Held up by CTS, it was answered by nobody until then.
    const { releasedAt } = dte.line
    if (releasedAt > actedAt) dte.carrier?.receive(watch.restart(wait.earliest + releasedAt - actedAt))
    // A peer that never stops talking must not keep the wait from ending (P9).
    await reach(() => Math.min(watch.believableAt ?? Math.max(latest, watch.dryAt), latest + wait.backlogMs))
    const answer = watch.conclude()
    // Behind a CONNECT of somebody's dial an `OK` is that peer's, and the escape came before there was data mode.
    if (!answer || dte.connectHeard) return 'unanswered'
    dte.carrier?.openWindow()
    dte.carrier?.receive(answer.peer)
    // Only in data mode an escape is answered: what looks like the beginning of last words is the peer's. Whole ones may
    // have been on their way already: who escapes asks the modem.
    if (dte.carrier?.lastWord === undefined) dte.carrier?.acquit()
    dte.enterCommandMode(answer.said)
    return 'answered'
  } catch (error) {
    // Whose the last bytes were is not known any more: they are the peer's only if the connection goes on.
    dte.carrier?.suspend()
    throw error
  } finally {
    dte.tapData(undefined)
    dte.carrier?.receive(watch.takeTail())
  }
}

/** Resolves after `ms`, or when the ring that it hands out is rung. */
function woken(ms: number, handOut: (ring: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = after(ms, resolve)
    handOut(() => {
      timer.cancel()
      resolve()
    })
  })
}
