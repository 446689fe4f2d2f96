/** Dials the peers of a route, each in its turn, until one answers. */
import { formatTarget, type Target, takesDatagrams } from '../config/endpoint.ts'
import { Fault, isFault } from '../core/fault.ts'
import type { EventFields, Level } from '../core/log.ts'
import { now } from '../core/time.ts'
import { DatagramCarrier } from './datagram-carrier.ts'
import { untilUsable } from './hold.ts'
import { withPackets } from './packet-carrier.ts'
import type { DialledLink, DialledRoute, Reached } from './reached.ts'
import { TlsCarrier } from './tls-carrier.ts'
import { TurnedAway } from './turned-away.ts'

/** Tells something with the fields of whoever dials. */
export type Tell = (level: Level, event: string, message: string, fields?: EventFields) => void

/**
 * Tries each peer once, the next only where the one before refused or did not answer.
 * @throws Fault of the last one, or of what is in the way of all of them; the signal's reason
 */
export async function dialPeers(
  link: DialledLink,
  dialled: DialledRoute,
  signal: AbortSignal,
  tell: Tell,
): Promise<Reached> {
  const { route, peers } = dialled
  let failure: Fault | TurnedAway | undefined
  for (const peer of peers.inTurn) {
    if (failure) {
      const fault = failure instanceof Fault ? { fault: failure.code } : {}
      tell('warn', 'next-peer', `${failure.message}: ${formatTarget(peer)} has its turn`, fault)
      // Recovery may have something to do first.
      await untilUsable(link, route.holdTimeout, signal)
    }
    try {
      const reached = await dialOne(link, dialled, peer, signal, tell)
      peers.answered(peer)
      return withPackets(reached, route, (kind, bytes) => {
        if (kind === 'heartbeat') dialled.heartbeats = (dialled.heartbeats ?? 0) + 1
        tell('debug', kind, `${bytes} bytes to ${formatTarget(peer)}`)
      })
    } catch (error) {
      if (!isFault(error, 'peer-refused', 'peer-timeout') && !isRefusal(error)) throw error
      failure = error
    }
  }
  throw failure ?? new Fault('config-invalid', `route ${route.name} leads nowhere`)
}

async function dialOne(
  link: DialledLink,
  { route, tls, drops }: DialledRoute,
  peer: Target,
  signal: AbortSignal,
  tell: Tell,
): Promise<Reached> {
  const caution = peer.scheme === 'tls' ? tls?.caution(peer) : undefined
  if (caution !== undefined) throw new TurnedAway('tls-failed', caution)
  const datagrams = takesDatagrams(route.listen)
  const { localPort, modemTls } = route
  const line = await link.dial({ ...peer, localPort, modemTls, datagrams }, signal)
  const reached: Reached = { peer, carrier: line, hangUp: (order) => link.hangUp(order), line }
  if (datagrams) return { ...reached, carrier: new DatagramCarrier(line, drops) }
  if (peer.scheme !== 'tls' || !tls) return reached
  const started = now()
  const secure = new TlsCarrier(reached, tls)
  try {
    await secure.secured(signal)
  } catch (error) {
    if (isRefusal(error)) {
      tls.refused(peer, error.message)
      tell('error', 'tls-failed', `${formatTarget(peer)} is not believed: ${error.message}`)
    }
    throw error
  }
  tls.believed(peer)
  tell('info', 'tls', secure.words, { durationMs: Math.round(now() - started) })
  return { ...reached, carrier: secure, hangUp: (order) => secure.hangUp(order) }
}

function isRefusal(error: unknown): error is TurnedAway {
  return error instanceof TurnedAway && error.outcome === 'tls-failed'
}
