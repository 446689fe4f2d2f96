/** dialing: AT+CIPSTART until CONNECT. */
import { isIPv4 } from 'node:net'
import { type DialOutcome, dial, ipStatus, shutContext } from '../../at/commands.ts'
import { lookUp } from '../../at/dial-options.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { now } from '../../core/time.ts'
import { CommandFault } from '../../dte/command-fault.ts'
import { say, sayIfKnown, silenceEcho } from '../../dte/dialogue.ts'
import { NEXT_STEP } from '../ip-stack.ts'
import type { DialOrder } from '../orders.ts'
import { dteOf, type Parts, welcome } from '../parts.ts'
import { packetRules } from '../stack-settings.ts'
import type { LinkEvent } from '../states.ts'
import { climb } from './attaching.ts'

/** A refusal comes within a round trip; an address that nobody answers for takes the modem 75 s (modem-facts T8). */
const REFUSAL_MS = 30_000

/** @throws Fault when more than a new dial is needed */
export async function dialing(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const order = parts.orders.dial
  // The client left in the moment between two states: nothing was dialled.
  if (!order) return 'refused'
  try {
    await connect(parts, order, signal)
    // The modem's answer was waited for although the client left: what is written into a dial may reach the peer.
    return order.signal.aborted ? 'abandoned' : 'succeeded'
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    order.reject(error)
    const step = parts.recovery.note(error)
    const redial = step.rung === 'redial'
    // Recovery tells of it as well, with the rung that it climbs.
    parts.journal.tell(redial ? 'warn' : 'debug', 'dial-failed', error.message, {
      fault: error.code,
      attempt: step.attempt,
      hint: error.hint,
    })
    return redial ? 'refused' : 'failed'
  }
}

async function connect(parts: Parts, order: DialOrder, signal: AbortSignal): Promise<void> {
  const { host, port, scheme } = order.to
  const peer = `${scheme === 'udp' ? 'udp://' : ''}${host}:${port}`
  parts.journal.tell('info', 'dialing', peer)
  const started = now()
  const outcome = await dialOnce(parts, order, signal)
  const carrier = dteOf(parts).carrier
  if (outcome.kind === 'connected' && carrier) {
    if (scheme === 'udp') carrier.overUdp(order.to.datagrams === true ? packetRules(parts) : undefined)
    welcome(parts, carrier)
    parts.journal.tell('info', 'carrier', `up to ${peer}`, { durationMs: Math.round(now() - started) })
    parts.entering = undefined
    order.resolve(carrier)
    return
  }
  parts.entering = undefined
  const fault = faultOf(outcome, peer, now() - started)
  throw order.signal.aborted ? fault : ((await unknownName(parts, host, fault, signal)) ?? fault)
}

/** Dials; if the modem takes a dial only from a fresh context (modem-facts 2), makes one and dials again. */
async function dialOnce(parts: Parts, order: DialOrder, signal: AbortSignal): Promise<DialOutcome> {
  const dte = dteOf(parts)
  const command = dial(order.to.host, order.to.port, order.to.scheme === 'udp' ? 'UDP' : 'TCP')
  await silenceEcho(dte, signal)
  await parts.dialSettings.apply(dte, order.to, signal)
  try {
    parts.entering = 'dial'
    parts.budget.spendDial()
    return await say(dte, command, signal)
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    parts.entering = undefined
    const state = await say(dte, ipStatus, signal)
    // Nothing is wrong with the context as far as the modem says: then it wants a fresh one.
    if (NEXT_STEP[state] === 'done') {
      await say(dte, shutContext, signal)
      parts.configured = false
    }
    await climb(parts, signal)
    parts.entering = 'dial'
    parts.budget.spendDial()
    const outcome = await say(dte, command, signal)
    if (state === 'TCP CLOSED' || state === 'UDP CLOSED') parts.facts.dialsOnlyFresh = true
    return outcome
  }
}

function faultOf(outcome: DialOutcome, peer: string, tookMs: number): Fault {
  if (outcome.kind === 'not-transparent') {
    return new Fault('not-transparent', `the modem says "${outcome.line}" instead of CONNECT`)
  }
  const state = outcome.kind === 'failed' ? outcome.state : 'CONNECT without a carrier'
  if (/DEACT/.test(state)) return new Fault('context-lost', `the context was lost while dialling ${peer}`)
  const code = tookMs < REFUSAL_MS ? 'peer-refused' : 'peer-timeout'
  return new Fault(code, `${peer} could not be reached after ${Math.round(tookMs / 1000)} s (${state})`)
}

/** The modem calls a name without an address a failed connection: its name server is asked. */
async function unknownName(parts: Parts, host: string, cause: Fault, signal: AbortSignal): Promise<Fault | undefined> {
  if (isIPv4(host) || !isFault(cause, 'peer-refused', 'peer-timeout')) return undefined
  try {
    const answer = await sayIfKnown(dteOf(parts), lookUp(host), signal)
    if (!answer || answer.found) return undefined
    const why = answer.error === 8 ? 'the name server does not know it' : 'no name server can be asked'
    const dns = parts.config.context.dns.length > 0 ? parts.config.context.dns.join(', ') : "the network's"
    const message = `${host} has no address: ${why} (+CDNSGIP: 0,${answer.error}; name server: ${dns})`
    return new Fault(cause.code, message, { cause })
  } catch (error) {
    // It was only for the reason.
    if (signal.aborted || !isFault(error, 'no-answer')) throw error
    return undefined
  }
}
