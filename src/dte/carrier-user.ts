/** Who talks through a carrier, and what is told of its end. */
import type { Fault } from '../core/fault.ts'

/** How the carrier ended, for whoever used it. */
export type CarrierEnd =
  /** The peer closed, and everything that it sent was handed over. */
  | { readonly kind: 'closed' }
  /** Any other end. */
  | { readonly kind: 'broken'; readonly fault: Fault }
  /** We hung up. */
  | { readonly kind: 'hung-up'; readonly unacknowledged: number | null }

/** Who talks through the carrier: a session. */
export interface CarrierUser {
  /** Bytes of the peer; false means: no more until `carrier.wantMore()`. */
  onBytes(chunk: Buffer): boolean
  /** Room again after `write` returned false. */
  onWritable(): void
  /** Once, and nothing after it. */
  onEnd(end: CarrierEnd): void
}
