/** `--fault`: the time line of the faults that were asked for. */
import { after, type Timer } from '../core/time.ts'
import type { TimedFault } from '../virtual-modem/faults.ts'
import type { VirtualModem } from '../virtual-modem/virtual-modem.ts'

/** Plays the faults from now on and tells of each. Returns the end, which ends the faults too. */
export function playFaults(
  modem: VirtualModem,
  faults: readonly TimedFault[],
  tell: (text: string) => void,
): () => void {
  const timers: Timer[] = []
  const ends: (() => void)[] = []
  for (const { fault, after: from, for: span } of faults) {
    const start = (): void => {
      tell(`  fault ${fault.type} begins`)
      const end = modem.begin(fault)
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
