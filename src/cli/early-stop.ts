/** A stop that comes before the daemon is there to take it: nothing is to be taken down yet, so the end is in order. */
import { EXIT } from './exit-codes.ts'

const STOPS = ['SIGTERM', 'SIGINT'] as const

const leave = (): void => process.exit(EXIT.good)

/** From now on a stop ends the process with exit code 0, and not by the signal. */
export function takeEarlyStops(): void {
  for (const name of STOPS) process.on(name, leave)
}

/** From now on `take` decides what a stop does. */
export function handStopsOver(take: (name: NodeJS.Signals) => void): void {
  for (const name of STOPS) process.on(name, take).off(name, leave)
}
