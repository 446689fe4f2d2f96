/** What dialling starts from, and what comes of it. */
import type { Target } from '../config/endpoint.ts'
import type { RouteConfig } from '../config/schema.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { Destination } from '../link/orders.ts'
import type { Drops } from './drops.ts'
import type { DownLink } from './hold.ts'
import type { Peers } from './peers.ts'
import type { HangUp, SessionCarrier } from './session.ts'
import type { TlsSettings } from './tls-settings.ts'

/** What dialling needs of the link. */
export interface DialledLink extends DownLink {
  /** New settings wait for a moment without a connection. */
  readonly pending: boolean
  dial(to: Destination, signal: AbortSignal): Promise<Carrier>
  hangUp(order: HangUp): void
}

/** A route with what its sessions share. */
export interface DialledRoute {
  readonly route: RouteConfig
  readonly peers: Peers
  /** undefined where none of the peers is reached over TLS. */
  readonly tls: TlsSettings | undefined
  /** Heartbeats that were sent to its peers. */
  heartbeats?: number
  /** Datagrams that were not sent. */
  readonly drops: Drops
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
