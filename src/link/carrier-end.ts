/** How a carrier ends: what the modem's words or state mean for the client and for the link. */
import type { IpState } from '../at/commands.ts'
import { ipStatus } from '../at/commands.ts'
import { Fault, type FaultCode } from '../core/fault.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { CarrierEnd } from '../dte/carrier-user.ts'
import { say } from '../dte/dialogue.ts'
import type { LastWord } from '../dte/end-of-carrier.ts'
import { dteOf, type Parts } from './parts.ts'
import type { LinkEvent } from './states.ts'

const MEANING: Readonly<Record<Exclude<LastWord, 'closed'>, readonly [FaultCode, string]>> = {
  'context-lost': ['context-lost', 'the network took the context down'],
  lost: ['carrier-lost', 'the modem says NO CARRIER'],
  rebooted: ['modem-rebooted', 'the modem restarted in mid-session'],
  'powered-down': ['modem-rebooted', 'the modem switched itself off in mid-session'],
  'under-voltage': ['under-voltage', 'the modem switched itself off: its supply is too weak'],
}

const CONTEXT_GONE: ReadonlySet<IpState> = new Set(['PDP DEACT', 'IP INITIAL'])

/** The modem's last words are believed. @throws Fault where the modem itself is in trouble, not just the carrier */
export function endByLastWord(parts: Parts, word: LastWord): LinkEvent {
  const dte = dteOf(parts)
  if (word === 'closed') {
    dte.endCarrier(closedEnd(dte.carrier))
    parts.recovery.proven()
    return 'carrierEnded'
  }
  const [code, message] = MEANING[word]
  const fault = new Fault(code, message)
  tellBroken(parts, fault)
  dte.endCarrier({ kind: 'broken', fault })
  if (word === 'context-lost' || word === 'lost') return 'carrierEnded'
  throw fault
}

/** Clean only where a peer can close, and not a byte too many was handed over. */
function closedEnd(carrier: Carrier | undefined): CarrierEnd {
  const leaked = carrier?.leaked ?? 0
  if (leaked === 0 && carrier?.isUdp !== true) return { kind: 'closed' }
  const why =
    leaked === 0
      ? 'the modem ended the connection, which no UDP peer can do'
      : `closed, but ${leaked} bytes of the modem reached the client`
  return { kind: 'broken', fault: new Fault('carrier-lost', why) }
}

/**
 * The modem is in command mode: its own state decides whether the carrier lives.
 * @returns undefined if it does: what was held back was the peer's
 * @throws Fault carrier-lost if it does, and yet nobody can say whose the last bytes were
 */
export async function endByState(parts: Parts, signal: AbortSignal): Promise<LinkEvent | undefined> {
  const dte = dteOf(parts)
  const word = dte.carrier?.lastWord
  const state = await say(dte, ipStatus, signal)
  if (state === 'CONNECT OK') {
    // Of the peer, or of the modem, which has been in command mode since who knows when.
    if (parts.window.since === 0 && (dte.carrier?.bytesInWindow ?? 0) > 0) {
      throw new Fault('carrier-lost', 'nobody can say whose the bytes are that came while an escape was not answered')
    }
    return undefined
  }
  if (dte.restart) throw dte.restart
  // A modem that has restarted since, or lost its context, was not closed by the peer. And of a word that was said in
  // command mode nobody knows whether everything of the peer had come before it.
  const { since, unsure } = parts.window
  const believable = word !== 'closed' || (!CONTEXT_GONE.has(state) && since === 0 && !unsure)
  if (word !== undefined && believable) return endByLastWord(parts, word)
  dte.endCarrier(endFor(parts, state))
  return 'carrierEnded'
}

/** Without a word of the modem: it says `TCP CLOSED` when the peer closed, anything else is a loss. */
function endFor(parts: Parts, state: IpState): CarrierEnd {
  const escaped = parts.window.since !== 0 || parts.window.unsure
  if (state === 'TCP CLOSED' && !escaped) return { kind: 'closed' }
  const code = CONTEXT_GONE.has(state) ? 'context-lost' : 'carrier-lost'
  // While escaped, bytes of the peer may have been on their way: nobody can say that all were delivered.
  const fault = new Fault(code, `the connection ended${escaped ? ' during a command window' : ''} (${state})`)
  tellBroken(parts, fault)
  return { kind: 'broken', fault }
}

function tellBroken(parts: Parts, fault: Fault): void {
  parts.journal.tell('warn', 'carrier-lost', fault.message, { fault: fault.code, hint: fault.hint })
}
