/** Faults that nobody could be exact through, and what they excuse. */
import type { ModemFault } from '../../src/virtual-modem/faults.ts'

export interface Excuses {
  /** The modem was deaf to every escape: the daemon's dialogue may have reached the peer, and the peer's have answered. */
  readonly deafToEscapes: boolean
  /** Whether the modem may have restarted unseen, and echoed what it was given. */
  readonly rebootUnseen: boolean
  /** Whether there was noise on the line: no parity tells it from data. */
  readonly noise: boolean
  /** Whether the modem itself may say `CLOSED` although the peer did not close. */
  readonly falseClosed: boolean
  /** Whether the modem may have changed its mode without a word: its lines read as the peer's then, or the other way. */
  readonly modeUntold: boolean
}

export const NO_EXCUSES: Excuses = {
  deafToEscapes: false,
  rebootUnseen: false,
  noise: false,
  falseClosed: false,
  modeUntold: false,
}

/** What `fault` excuses until everything has settled. @param lines whether the port has modem lines */
export function excusesFor(fault: ModemFault, lines: boolean): Partial<Excuses> {
  switch (fault.type) {
    // CTS off for longer than anybody waits, or an answer later than the manual's maximum: nobody knows the mode.
    case 'escape-swallowed':
    case 'cts-stuck':
    case 'late-answer':
      return { deafToEscapes: true }
    case 'no-answer':
      // A stall that no queue shows: the silence before an escape is counted from when the bytes should have left.
      return fault.data === 'stalls' ? { deafToEscapes: true, modeUntold: true } : { modeUntold: true }
    case 'lost-result':
      return { modeUntold: true }
    case 'garbage':
      return { noise: true }
    case 'reboot':
      return fault.lines === false && !lines ? { rebootUnseen: true } : {}
    case 'carrier-drops':
    case 'peer-silent':
      return { falseClosed: true }
    default:
      return {}
  }
}
