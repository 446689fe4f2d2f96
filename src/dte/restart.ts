/** What a modem says that has started again, or goes down, without being told to. */
import { Fault } from '../core/fault.ts'

/** @param line its word for it (modem-facts 4) */
export function restartFault(line: string): Fault {
  return /UNDER-VOLTAGE/.test(line)
    ? new Fault('under-voltage', `the modem switched itself off: its supply is too weak (${line})`)
    : new Fault('modem-rebooted', `the modem restarted by itself (${line})`)
}
