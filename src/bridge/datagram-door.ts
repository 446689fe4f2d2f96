/** Who is let in where datagrams come: one sender at a time has a session, until that is over. */
import { now } from '../core/time.ts'
import type { ClientSocket } from './client.ts'
import { DatagramClient } from './datagram-client.ts'
import type { DropReason } from './drops.ts'

/** Longer packets no modem makes (CIPCCFG, SendSz up to 1460). */
const LARGEST = 1460
/** Sessions begin this far apart, in ms: a program that goes on sending after a refusal asks no more often. */
const PAUSE_MS = 1_000

/** Where datagrams come from. */
export interface Sender {
  readonly address: string
  readonly port: number
}

export interface DatagramDoorEvents {
  /** Whether sessions can begin. */
  isOpen(): boolean
  /** A session begins. */
  onClient(client: ClientSocket): void
  /** No session any more. */
  onFree(): void
  onDrop(reason: DropReason, datagrams: number): void
  /** One datagram for `to`. */
  reply(datagram: Buffer, to: Sender): void
}

export class DatagramDoor {
  readonly #events: DatagramDoorEvents
  #holder: { readonly sender: Sender; readonly client: DatagramClient } | undefined
  #lastBegin = Number.NEGATIVE_INFINITY

  constructor(events: DatagramDoorEvents) {
    this.#events = events
  }

  /** Whether somebody has a session. */
  get isTaken(): boolean {
    return this.#holder !== undefined
  }

  /** A datagram has come. */
  take(datagram: Buffer, sender: Sender): void {
    if (datagram.length === 0 || datagram.length > LARGEST) {
      this.#events.onDrop('size', 1)
      return
    }
    if (!this.#holder && this.#events.isOpen() && now() - this.#lastBegin >= PAUSE_MS) this.#begin(sender)
    const holder = this.#holder
    if (!holder) this.#events.onDrop('unsent', 1)
    else if (!isSame(holder.sender, sender)) this.#events.onDrop('sender', 1)
    else if (!holder.client.accept(datagram)) this.#events.onDrop('overflow', 1)
  }

  #begin(sender: Sender): void {
    const client = new DatagramClient((datagram) => this.#events.reply(datagram, sender))
    this.#holder = { sender, client }
    this.#lastBegin = now()
    client.once('close', () => {
      this.#holder = undefined
      // What came during the hang-up begins the next session.
      for (const datagram of client.left) this.take(datagram, sender)
      if (!this.isTaken) this.#events.onFree()
    })
    this.#events.onClient(client)
  }
}

function isSame(a: Sender, b: Sender): boolean {
  return a.port === b.port && a.address === b.address
}
