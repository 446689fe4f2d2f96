/** What the modem says unasked, and what it means for the link. */
import type { Urc } from '../at/urc.ts'
import { Fault } from '../core/fault.ts'
import type { Dte } from '../dte/dte.ts'
import { restartFault } from '../dte/restart.ts'
import type { Parts } from './parts.ts'
import type { LinkState } from './states.ts'

/** States in which boot lines are no surprise: the modem has not been found yet, or was restarted by us. */
const EXPECTING_BOOT: ReadonlySet<LinkState> = new Set(['opening', 'probing', 'recovering', 'stopping', 'stopped'])

/** The link, for whoever hears something. */
export interface Hearer {
  state(): LinkState
  /** The line or the modem is not what it was. */
  lose(fault: Fault, event: 'lineLost' | 'modemLost'): void
}

/** Hears what comes on the line until it is closed. */
export function listenTo(dte: Dte, parts: Parts, hearer: Hearer): void {
  dte.on('gone', (fault) => hearer.lose(fault, 'lineLost'))
  dte.on('urc', (urc) => {
    const fault = noteUrc(parts, urc, hearer.state())
    if (fault) hearer.lose(fault, 'modemLost')
  })
  dte.on('adrift', (fault, unasked, rest) => {
    parts.modeUnknown = true
    const state = hearer.state()
    if (unasked && parts.calls.listening && state === 'ready') parts.calls.take(dte, rest)
    else if (!EXPECTING_BOOT.has(state)) hearer.lose(fault, 'modemLost')
  })
}

/** Takes note of it. @returns the Fault if the modem is not what it was */
function noteUrc(parts: Parts, urc: Urc, state: LinkState): Fault | undefined {
  switch (urc.kind) {
    case 'booted':
    case 'powering-down':
      if (EXPECTING_BOOT.has(state)) return undefined
      if (parts.dte?.restart) {
        // Of the modem, or of a peer whose bytes come between the answers: it is asked.
        parts.proofDue = true
        return undefined
      }
      if (urc.kind === 'powering-down') parts.power.noteGoodBye()
      return restartFault(urc.line)
    case 'voltage-warning':
      parts.journal.tell('warn', 'under-voltage', urc.line, { fault: 'under-voltage' })
      return undefined
    case 'context-lost':
      if (state === 'ready') return new Fault('context-lost', 'the network took the context down')
      parts.proofDue = true
      return undefined
    case 'carrier-ended':
      // Said during a command window: whether it was the end is asked before data is believed again.
      parts.proofDue = true
      return undefined
    case 'caller':
      parts.calls.noteCaller(urc.line)
      return undefined
    case 'ring':
      parts.inbox.noteCall(urc.line)
      return undefined
    case 'message':
      parts.inbox.noteMessage()
      return undefined
    case 'sim':
    case 'registration':
    case 'notice':
    case 'unknown':
      return undefined
  }
}
