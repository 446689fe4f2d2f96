/** What a modem says that has started again, or goes down, without being told to. */
import { Fault } from '../core/fault.ts'

/** How long a modem that has perhaps restarted may take to answer, in ms: one that has not answers at once, mostly. */
export const DOUBT_MS = 3_000

/** @param line its word for it (modem-facts 4) */
export function restartFault(line: string): Fault {
  return /UNDER-VOLTAGE/.test(line)
    ? new Fault('under-voltage', `the modem switched itself off: its supply is too weak (${line})`)
    : new Fault('modem-rebooted', `the modem restarted by itself (${line})`)
}
