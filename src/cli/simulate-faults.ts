/** `--fault`: the time line of the faults that were asked for. */
import { after, type Timer } from '../core/time.ts'
import type { TimedFault } from '../virtual-modem/faults.ts'
import type { VirtualModem } from '../virtual-modem/virtual-modem.ts'
import type { Outlet } from './simulate-outlet.ts'

/** Plays the faults from now on and tells of each. Returns the end, which ends the faults too. */
export function playFaults(
  modem: VirtualModem,
  outlet: Outlet,
  faults: readonly TimedFault[],
  tell: (text: string) => void,
): () => void {
  const timers: Timer[] = []
  const ends: (() => void)[] = []
  for (const { fault, after: from, for: span } of faults) {
    const start = (): void => {
      tell(`  fault ${fault.type} begins`)
      const end = begin(modem, outlet, fault, tell)
      ends.push(end)
      if (span === undefined) return
      timers.push(
        after(span, () => {
          tell(`  fault ${fault.type} is over`)
          end()
        }),
      )
    }
    if (from === 0) start()
    else timers.push(after(from, start))
  }
  return () => {
    for (const timer of timers) timer.cancel()
    for (const end of ends) end()
  }
}

/** An adapter that is pulled out takes its device away, and comes back with a new one under the same name. */
function begin(
  modem: VirtualModem,
  outlet: Outlet,
  fault: TimedFault['fault'],
  tell: (text: string) => void,
): () => void {
  const end = modem.begin(fault)
  if (fault.type !== 'line-unplugged') return end
  const failed = (error: unknown): void => tell(`  the modem's port: ${String(error)}`)
  outlet.close().catch(failed)
  let ended = false
  return () => {
    end()
    if (ended || outlet.shut) return
    ended = true
    outlet.open().then((path) => tell(`  back at ${path}`), failed)
  }
}
