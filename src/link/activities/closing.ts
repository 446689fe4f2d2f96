/** closing: what went up is acknowledged by the peer, then the connection is closed. */
import { acknowledged, closeConnection, ipStatus } from '../../at/commands.ts'
import { now, sleep } from '../../core/time.ts'
import { CommandFault } from '../../dte/command-fault.ts'
import { say, sayIfKnown } from '../../dte/dialogue.ts'
import type { Dte } from '../../dte/dte.ts'
import type { HangUpOrder } from '../orders.ts'
import { dteOf, type Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'
import { leaveData } from './escaping.ts'

/** Pauses between two AT+CIPACK, in ms: a round trip over GPRS is half a second and more. */
const ACK_POLL_MS = 300
/** After so many of them the connection itself is asked for. */
const POLLS_PER_LOOK = 4
/** A hang-up does not wait longer for a modem that takes no bytes than its order lets it; this long at least, in ms. */
const LEAST_DRAIN_MS = 2_000
/** How long a carrier that nobody ordered to end in a special way may take. */
const DEFAULT_MS = 10_000

/** @throws Fault escape-failed, no-answer */
export async function closing(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  const dte = dteOf(parts)
  const started = now()
  const order: HangUpOrder = parts.orders.hangUp ?? {
    deliver: false,
    lingerMs: 0,
    placedAt: started,
    deadline: started + DEFAULT_MS,
  }
  const heard = bytesHeard(dte)
  if (order.deliver) await sleep(untilPacked(parts, dte), signal)
  const drainMs = order.deliver ? Math.max(LEAST_DRAIN_MS, order.deadline - now()) : LEAST_DRAIN_MS
  const answered = await leaveData(parts, dte, signal, drainMs)
  if (order.deliver && now() < order.deadline && bytesHeard(dte) > heard) {
    // The peer was not silent after all: it gets its say first.
    parts.window.since = answered ? started : 0
    return 'peerTalks'
  }
  parts.orders.hangUp = undefined
  // Nobody acknowledges UDP: to ask for it would only pass the time.
  const countable = order.deliver && dte.carrier?.isUdp !== true
  const unacknowledged = countable ? await awaitAcknowledgement(parts, order, signal) : null
  await hangUp(dte, !order.deliver, signal)
  tell(parts, dte, unacknowledged, now() - started)
  const { fault } = order
  dte.endCarrier(fault ? { kind: 'broken', fault } : { kind: 'hung-up', unacknowledged })
  parts.recovery.proven()
  return 'succeeded'
}

/** Bytes of the peer so far, also those that have not been handed over. */
function bytesHeard({ carrier }: Dte): number {
  return carrier ? carrier.bytesDown + carrier.bytesInWindow : 0
}

/** The modem sends a last partial block after WaitTm (AT manual 8.2.23): only then can it be acknowledged. */
function untilPacked(parts: Parts, dte: Dte): number {
  const packingMs = parts.config.transparent.waitTime * parts.facts.dialect.waitUnitMs
  return Math.max(0, dte.line.lastOutputAt + packingMs - now())
}

/**
 * @returns what is left unacknowledged at the deadline, or when the connection is no more: 0 if all arrived, null if the
 * modem cannot tell
 */
async function awaitAcknowledgement(parts: Parts, order: HangUpOrder, signal: AbortSignal): Promise<number | null> {
  const dte = dteOf(parts)
  for (let polls = 1; ; polls += 1) {
    const count = await sayIfKnown(dte, acknowledged, signal)
    if (!count) return null
    if (count.unacknowledged === 0 || now() + ACK_POLL_MS >= order.deadline) return count.unacknowledged
    // A peer that closes upon a goodbye takes the count with it: it never changes again.
    const look = parts.proofDue || polls % POLLS_PER_LOOK === 0
    if (look) {
      if ((await say(dte, ipStatus, signal)) !== 'CONNECT OK') return count.unacknowledged
      dte.acquit()
    }
    await sleep(ACK_POLL_MS, signal)
  }
}

/**
 * Closes the connection. That there was one to close proves that it had lived: last words before it were the peer's. Of
 * those that come while it is being closed nobody knows.
 * @throws Fault modem-rebooted, under-voltage if there was none because the modem has restarted
 */
async function hangUp(dte: Dte, quick: boolean, signal: AbortSignal): Promise<void> {
  const received = dte.carrier?.bytesReceived
  try {
    await say(dte, closeConnection(quick), signal)
    if (dte.carrier?.bytesReceived === received) dte.acquit()
  } catch (error) {
    if (dte.restart ?? !(error instanceof CommandFault)) throw dte.restart ?? error
  }
}

function tell(parts: Parts, dte: Dte, unacked: number | null, durationMs: number): void {
  const { bytesUp = 0, bytesDown = 0 } = dte.carrier ?? {}
  const lost = unacked !== null && unacked > 0
  parts.journal.tell(
    lost ? 'warn' : 'info',
    'hung-up',
    lost ? 'the peer has not acknowledged everything' : 'in order',
    { bytesUp, bytesDown, unacked, durationMs: Math.round(durationMs) },
  )
}
