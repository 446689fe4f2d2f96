/** online: bytes flow; this watches for the end of the carrier and for whoever wants something of it. */
import { Fault } from '../../core/fault.ts'
import { now } from '../../core/time.ts'
import type { Carrier } from '../../dte/carrier.ts'
import { settle } from '../../dte/dialogue.ts'
import { endByLastWord, endByState } from '../carrier-end.ts'
import { dteOf, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** How often DCD and RI are read, in ms: the shortest pulse of RI is 50 ms long (modem-facts 4). */
const DCD_POLL_MS = 20
/** The modem's last words are followed by nothing: silence after which it is worth a proof, in ms. */
const WORDS_SILENCE_MS = 150
/** DCD went off and nothing is said: what is still on its way through buffers and adapters comes within this time. */
const DCD_SILENCE_MS = 30
/** How long an AT command waits for a modem whose flow control holds us up, in ms, and how often that is looked at. */
const ASK_STALLED_MS = 10_000
const STALL_POLL_MS = 100
/** Without anything to watch the activity still looks around this often. */
const IDLE_MS = 60_000

/** @throws Fault line-gone */
export async function online(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const { orders, recovery } = parts
  recovery.healthy()
  parts.window.since = 0
  parts.window.unsure = false
  parts.ring.begin()
  for (;;) {
    parts.heart.beat()
    const carrier = dteOf(parts).carrier
    if (!carrier) return 'carrierEnded'
    const verdict = await watchEnd(parts, carrier, signal)
    if (verdict !== undefined) return verdict
    if (hangUpDue(parts, carrier)) return 'hangUpRequested'
    if (parts.proofDue || askDue(parts) || probeDue(parts, carrier) || ringDue(parts)) {
      return 'windowRequested'
    }
    await orders.bell.wait(patience(parts, carrier), signal)
  }
}

/** Looks at DCD and at the end of the stream: words with DCD off, or either alone and silence. */
async function watchEnd(parts: Parts, carrier: Carrier, signal: AbortSignal): Promise<LinkEvent | undefined> {
  const dcd = await readDcd(parts, carrier)
  const word = carrier.lastWord
  if (dcd === false) carrier.dcdOffSince ??= now()
  if (word !== undefined) {
    // DCD may go off while bytes of the peer are still on their way: words before them are theirs.
    if (dcd === false && quietMs(carrier) >= DCD_SILENCE_MS) {
      return word === 'closed' ? provedEnd(parts, signal) : endByLastWord(parts, word)
    }
    if (carrier.silentMs < WORDS_SILENCE_MS) return undefined
    parts.proofDue = true
    return 'windowRequested'
  }
  if (dcd !== false) {
    if (carrier.dcdOffSince !== undefined) carrier.releaseUpstream()
    carrier.dcdOffSince = undefined
    return undefined
  }
  carrier.holdUpstream()
  if (quietMs(carrier) < DCD_SILENCE_MS) return undefined
  // DCD alone: the modem is in command mode and is asked what happened.
  dteOf(parts).enterCommandMode()
  parts.proofDue = true
  return 'windowRequested'
}

/** How long nothing came; where DCD went off, since then. */
function quietMs({ silentMs, dcdOffSince }: Carrier): number {
  return dcdOffSince === undefined ? silentMs : Math.min(silentMs, now() - dcdOffSince)
}

/** Words that the peer may have sent, and DCD went off because the modem restarts: only a clean end is worth a question. */
async function provedEnd(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const dte = dteOf(parts)
  dte.enterCommandMode()
  await settle(dte, signal)
  const ended = await endByState(parts, signal)
  if (ended !== undefined) return ended
  parts.proofDue = true
  return 'windowRequested'
}

/** DCD as evidence: undefined where there is none, or where it has not been on since the dial. */
async function readDcd(parts: Parts, carrier: Carrier): Promise<boolean | undefined> {
  const { hasDcd, hasRi } = parts.facts
  if (!hasDcd && !hasRi) return undefined
  const signals = await dteOf(parts).line.signals()
  if (hasRi) parts.ring.see(signals?.ri ?? false)
  if (!hasDcd) return undefined
  const dcd = signals?.dcd
  if (dcd === true) carrier.dcdSeen = true
  return carrier.dcdSeen ? dcd : undefined
}

/** The client has finished: its bytes are gone, and the peer is silent for long enough. */
function hangUpDue(parts: Parts, carrier: Carrier): boolean {
  const order = parts.orders.hangUp
  if (!order) return false
  if (!order.deliver || now() >= order.deadline) return true
  const since = Math.max(order.placedAt, dteOf(parts).line.lastOutputAt)
  return !carrier.waitingUp && Math.min(carrier.silentMs, now() - since) >= order.lingerMs
}

/** Somebody asks; not of a modem that takes no bytes: not even an escape would reach it, and the session is worth more. */
function askDue({ orders, dte }: Parts): boolean {
  if (orders.asks.length === 0 || dte?.line.stalled !== true) return orders.asks.length > 0
  const patient = orders.asks.splice(0).filter(({ placedAt, reject }) => {
    if (now() - placedAt < ASK_STALLED_MS) return true
    reject(new Fault('escape-failed', 'the modem takes no bytes now (CTS is off): its peer acknowledges nothing'))
    return false
  })
  orders.asks.unshift(...patient)
  return false
}

/** Silence both ways for long, and no wire that would have told: the link is proved by a look. */
function probeDue(parts: Parts, carrier: Carrier): boolean {
  const { probeAfter } = parts.config.liveness
  if (probeAfter === 0 || carrier.dcdSeen) return false
  const silent = Math.min(carrier.silentMs, now() - dteOf(parts).line.lastOutputAt, now() - carrier.provedAt)
  if (silent < probeAfter) return false
  parts.proofDue = true
  return true
}

/** A message or a call: the modem says which in command mode. */
function ringDue(parts: Parts): boolean {
  if (!parts.ring.takeLook()) return false
  parts.journal.tell('info', 'ri', `RI has pulsed, ${parts.ring.pulses} times by now: the modem is asked why`)
  parts.inbox.noteRing()
  parts.proofDue = true
  return true
}

/** How long to wait before looking again if no bell rings, in ms. */
function patience(parts: Parts, carrier: Carrier): number {
  if (parts.facts.hasDcd || parts.facts.hasRi) {
    const ending = carrier.lastWord !== undefined || carrier.dcdOffSince !== undefined
    return ending ? Math.min(DCD_POLL_MS, Math.max(1, DCD_SILENCE_MS - quietMs(carrier))) : DCD_POLL_MS
  }
  if (parts.orders.asks.length > 0) return STALL_POLL_MS
  if (carrier.lastWord !== undefined) return Math.max(1, WORDS_SILENCE_MS - carrier.silentMs)
  const order = parts.orders.hangUp
  if (order) return Math.min(order.deadline - now(), Math.max(20, order.lingerMs / 8))
  const { probeAfter } = parts.config.liveness
  return probeAfter === 0 ? IDLE_MS : Math.min(IDLE_MS, probeAfter)
}
