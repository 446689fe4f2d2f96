/** From data mode to command mode with the connection kept: by DTR where it is wired, else by `+++`. */
import { abortable, after, now, sleep } from '../core/time.ts'
import type { Dte } from './dte.ts'
import { EscapeWatch } from './escape-watch.ts'

export interface EscapeOptions {
  readonly method: 'dtr' | 'plus'
  /** Silence before and after `+++`, in ms. */
  readonly guardMs: number
  /** How much later than the manual says the modem's `OK` may come, in ms; 1500 unless stated. */
  readonly patienceMs?: number
}

/** Two clocks and a UART's FIFO: silence is longer than the guard time by this, in ms. */
const MARGIN_MS = 50
const PATIENCE_MS = 1_500
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
  await dte.line.drained(signal)
  // From here on everything must be read, or the OK would never be seen behind a client that takes nothing.
  carrier?.readRegardless()
  const patience = options.patienceMs ?? PATIENCE_MS
  return options.method === 'dtr' ? byDtr(dte, patience, signal) : byPlus(dte, options.guardMs, patience, signal)
}

async function byPlus(dte: Dte, guardMs: number, patience: number, signal: AbortSignal): Promise<boolean> {
  const silentSince = dte.line.lastOutputAt
  await sleep(Math.max(0, silentSince + guardMs + MARGIN_MS - now()), signal)
  const earliest = now() + guardMs
  return awaitOk(dte, earliest - MARGIN_MS, earliest + patience, signal, () => {
    dte.line.write(Buffer.from('+++'))
    return Promise.resolve()
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
    await act()
    for (;;) {
      const until = watch.believableAt ?? latest
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
    if (watch.believableAt === undefined) return false
    dte.enterCommandMode(watch.takeUrcs())
    return true
  } finally {
    dte.tapData(undefined)
    dte.carrier?.receive(watch.takeTail())
  }
}
