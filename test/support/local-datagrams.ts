/** Programs that send datagrams to a route, for stories in virtual time: the door of the real listener, without its socket. */
import type { Bridge, RouteFigures } from '../../src/bridge/bridge.ts'
import { DatagramDoor } from '../../src/bridge/datagram-door.ts'

/** A route's UDP socket without a socket: who sends, and what each gets back. */
export class LocalDatagrams {
  readonly #door: DatagramDoor
  /** Answers, by the port of who sent first. */
  readonly answers = new Map<number, Buffer[]>()
  isOpen = true

  constructor(bridge: Bridge, figures: RouteFigures) {
    this.#door = new DatagramDoor({
      isOpen: () => this.isOpen,
      onClient: (client) => bridge.serve(figures, client),
      onFree: () => undefined,
      onDrop: (reason, datagrams) => figures.drops.note(reason, datagrams),
      reply: (datagram, { port }) => {
        this.answers.set(port, [...(this.answers.get(port) ?? []), datagram])
      },
    })
  }

  send(bytes: string | Buffer, port = 40_000): void {
    this.#door.take(Buffer.from(bytes), { address: '127.0.0.1', port })
  }

  /** What the program at `port` got. */
  texts(port = 40_000): string[] {
    return (this.answers.get(port) ?? []).map((bytes) => bytes.toString('latin1'))
  }

  get isTaken(): boolean {
    return this.#door.isTaken
  }
}
