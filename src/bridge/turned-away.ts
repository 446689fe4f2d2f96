/** A client that gets no carrier, or has to give it up, for a reason that is no fault of the link. */

export type TurnedAwayOutcome =
  /** Another client has the carrier, and this one may not wait, or there is no more room to wait. */
  | 'busy'
  /** It waited for its turn as long as it may. */
  | 'queue-timeout'
  /** Another client took its place. */
  | 'preempted'
  /** It left bytes of the peer unread while others waited. */
  | 'stalled'
  /** The peer did not prove who it is, or does not speak TLS as the route wants it. */
  | 'tls-failed'

export class TurnedAway extends Error {
  readonly outcome: TurnedAwayOutcome
  constructor(outcome: TurnedAwayOutcome, message: string) {
    super(message)
    this.name = 'TurnedAway'
    this.outcome = outcome
  }
}
