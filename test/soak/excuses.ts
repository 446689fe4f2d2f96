/** What no daemon could do better, as far as the modem's documents go: each excuse is held to exactly what it explains. */
import type { ModemFault } from '../../src/virtual-modem/faults.ts'
import type { ModemRecord } from '../../src/virtual-modem/record.ts'

export interface Excuses {
  /**
   * The modem was deaf to every escape, and no wire resets it here: the only way to a modem that carries on is an AT
   * command that its peer may read. Only after the app's last byte, only the daemon's own lines, and never a clean end.
   */
  readonly deafToEscapes: boolean
  /**
   * Bytes of noise before each answer of the modem: no parity tells them from data that comes between the answers. Where
   * they follow a `CLOSED` at once, because an app's bytes on the wire are answered, that line is not the end of what came,
   * and so it was the peer's: the client reads it with the noise and those answers, and nothing else, after a true end.
   */
  readonly noise: boolean
  /**
   * The modem went back to data mode and said nothing of it. A result code that its peer says then, in the modem's frame,
   * is the answer to ATO for anybody who waits for one: of `CONNECT` and what came before it the client may miss bytes, and
   * after any of them the daemon may ask in command mode what the peer reads, as a deaf modem's may.
   */
  readonly resumeUntold: boolean
  /** The modem obeyed an escape and said nothing of it: an `OK` that its peer says then is the answer for anybody who waits. */
  readonly escapeUntold: boolean
  /**
   * A dial that a lost line has interrupted was carried out: a command had left before the CONNECT could be read. One line
   * of the daemon's own, never a clean end.
   */
  readonly crossed: boolean
  /**
   * The modem took nothing, and on a pseudo-terminal nobody can see that: it has no CTS and hides its queue. What waits in
   * it, no more than the daemon lets wait, is given to the modem whatever that has become by then; and right behind it come
   * the escapes, which are data for want of silence: it was deaf to them, as above.
   */
  readonly heldUp: boolean
  /**
   * A modem that froze in the middle of its last word: after 200 ms without its rest, the beginning is data for anybody. The
   * client reads no more than that, after the true end, and its end is never a clean one.
   */
  readonly wordCut: boolean
  /** The network has taken the context, which no peer has a part in. */
  readonly contextGone: boolean
  /** The modem itself says `CLOSED` of a connection that the peer did not close. */
  readonly falseClosed: boolean
  /**
   * The modem was in the other mode than it said: an escape that looks into it is stray input where it was in command mode
   * already. It excuses no byte of a client or a peer.
   */
  readonly modeUntold: boolean
}

export const NO_EXCUSES: Excuses = {
  deafToEscapes: false,
  resumeUntold: false,
  escapeUntold: false,
  crossed: false,
  heldUp: false,
  wordCut: false,
  contextGone: false,
  noise: false,
  falseClosed: false,
  modeUntold: false,
}

/** `excuses`, and those of one more fault. */
export function withFault(excuses: Excuses, fault: ModemFault): Excuses {
  const more = Object.entries(excusesFor(fault)).filter(([, excused]) => excused)
  return { ...excuses, ...Object.fromEntries(more) }
}

/** What `fault` excuses until everything has settled. */
function excusesFor(fault: ModemFault): Partial<Excuses> {
  switch (fault.type) {
    case 'escape-swallowed':
      return { deafToEscapes: true, modeUntold: true }
    case 'lost-result':
      return { modeUntold: true, escapeUntold: true, resumeUntold: 'ATO'.includes(fault.command ?? '') }
    case 'no-answer':
      return { modeUntold: true, escapeUntold: true, heldUp: true, wordCut: fault.data === 'stalls' }
    case 'cts-stuck':
      return { modeUntold: true, heldUp: true }
    case 'late-answer':
      return { modeUntold: true }
    case 'attach-failed':
    case 'context-lost':
    case 'sim-puk':
    case 'sim-missing':
    case 'sim-locked':
      return { contextGone: true }
    case 'reboot':
      return { heldUp: true, ...(fault.lines === false ? { modeUntold: true } : {}) }
    case 'under-voltage':
      return { heldUp: true }
    case 'garbage':
      return { noise: true }
    case 'carrier-drops':
      return { falseClosed: true }
    case 'peer-silent':
      return { falseClosed: true, heldUp: true }
    case 'ack-frozen':
      return { heldUp: true }
    default:
      return {}
  }
}

/**
 * The excuses of a round with what its modem has seen.
 * @param pty only on a pseudo-terminal; `late`: the machine has kept the modem from its work
 */
export function excusedNow(excuses: Excuses, { crossed }: ModemRecord, pty?: { readonly late: boolean }): Excuses {
  const { noise, heldUp } = excuses
  const own = { noise: noise || pty?.late === true, heldUp: heldUp && pty !== undefined }
  return { ...excuses, crossed: crossed > 0, ...own }
}
