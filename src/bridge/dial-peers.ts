/** Dials the peers of a route, each in its turn, until one answers. */
import { formatTarget, type Target } from '../config/endpoint.ts'
import type { RouteConfig } from '../config/schema.ts'
import { Fault, isFault } from '../core/fault.ts'
import type { EventFields, Level } from '../core/log.ts'
import type { Carrier } from '../dte/carrier.ts'
import { type DownLink, untilUsable } from './hold.ts'
import type { Peers } from './peers.ts'
import type { HangUp, SessionCarrier } from './session.ts'

/** What dialling needs of the link. */
export interface DialledLink extends DownLink {
  dial(to: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Carrier>
  hangUp(order: HangUp): void
}

/** A route with what its sessions share. */
export interface DialledRoute {
  readonly route: RouteConfig
  readonly peers: Peers
}

/** A carrier to a peer. */
export interface Reached {
  readonly peer: Target
  readonly carrier: SessionCarrier
  /** Ends it. */
  readonly hangUp: (order: HangUp) => void
  /** The carrier as the link gave it. */
  readonly line: Carrier
}

/** Tells something with the fields of whoever dials. */
export type Tell = (level: Level, event: string, message: string, fields?: EventFields) => void

/**
 * Tries each peer once, the next only where the one before refused or did not answer.
 * @throws Fault of the last one, or of what is in the way of all of them; the signal's reason
 */
export async function dialPeers(
  link: DialledLink,
  { route, peers }: DialledRoute,
  signal: AbortSignal,
  tell: Tell,
): Promise<Reached> {
  let failure: Fault | undefined
  for (const peer of peers.inTurn) {
    if (failure) {
      tell('warn', 'next-peer', `${failure.message}: ${formatTarget(peer)} has its turn`, { fault: failure.code })
      // Recovery may have something to do first.
      await untilUsable(link, route.holdTimeout, signal)
    }
    try {
      const line = await link.dial(peer, signal)
      peers.answered(peer)
      return { peer, carrier: line, hangUp: (order) => link.hangUp(order), line }
    } catch (error) {
      if (!isFault(error, 'peer-refused', 'peer-timeout')) throw error
      failure = error
    }
  }
  throw failure ?? new Fault('config-invalid', `route ${route.name} leads nowhere`)
}
