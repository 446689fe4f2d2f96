/** Whose peer is whose: each route has one client at a time, so what is dialled for it is for its newest. */
import type { Conversation } from './conversation.ts'

export class RouteBook {
  readonly #count: number
  readonly #newest: (Conversation | undefined)[] = []
  /** The route that has the carrier, as the daemon says: it may go on when its client has long gone. */
  held: number | undefined
  #last = 0

  constructor(count: number) {
    this.#count = count
  }

  newest(route: number): Conversation | undefined {
    return this.#newest[route]
  }

  get all(): readonly Conversation[] {
    return this.#newest.filter((one) => one !== undefined)
  }

  enter(route: number, conversation: Conversation): void {
    this.#newest[route] = conversation
  }

  /** The one of the free routes that was used longest ago; undefined if there is none. */
  next(): number | undefined {
    for (let step = 1; step <= this.#count; step += 1) {
      const route = (this.#last + step) % this.#count
      if (route === this.held || this.#newest[route]?.end === 'open') continue
      this.#last = route
      return route
    }
    return undefined
  }
}
