/** Datagrams of a route that were not sent: counted by reason, and told without flooding the log. */
import { now } from '../core/time.ts'
import type { Unsendable } from '../dte/packet-upstream.ts'

/** Why a datagram was not sent, with the words for it. */
const REASONS = {
  size: 'empty, or longer than one packet of the modem (transparent.sendSize)',
  escape: '+++, which the modem would take for the escape: with a DTR wire it would go',
  overflow: 'too many were waiting',
  sender: 'another program has the session, which a silence of idleTimeout ends',
  unsent: 'the session was refused or over before their turn came',
} as const satisfies Record<Unsendable | 'overflow' | 'sender', string>

export type DropReason = keyof typeof REASONS
export const DROP_REASONS = Object.keys(REASONS) as DropReason[]

/** So often the same reason is told, in ms. */
const TELL_EVERY_MS = 10_000

export class Drops {
  readonly #tell: (message: string) => void
  readonly #counts = new Map<DropReason, number>()
  readonly #told = new Map<DropReason, { readonly at: number; readonly count: number }>()

  constructor(tell: (message: string) => void) {
    this.#tell = tell
  }

  /** How many so far. */
  of(reason: DropReason): number {
    return this.#counts.get(reason) ?? 0
  }

  /** Some more were not sent. */
  note(reason: DropReason, datagrams = 1): void {
    this.#counts.set(reason, this.of(reason) + datagrams)
    const last = this.#told.get(reason)
    if (!last || now() - last.at >= TELL_EVERY_MS) this.#tellOf(reason)
  }

  /** What was counted and not told is told: a session is over. */
  settle(): void {
    for (const reason of this.#counts.keys()) this.#tellOf(reason)
  }

  #tellOf(reason: DropReason): void {
    const count = this.of(reason)
    const news = count - (this.#told.get(reason)?.count ?? 0)
    if (news === 0) return
    this.#told.set(reason, { at: now(), count })
    this.#tell(`${news} ${news === 1 ? 'datagram' : 'datagrams'} not sent: ${REASONS[reason]}`)
  }
}
