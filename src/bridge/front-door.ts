/** The front door: the listeners of all routes, open as long as the link can serve; those that hold clients, always. */
import { isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { Bridge } from './bridge.ts'
import { Listener } from './listener.ts'

/** What the front door needs of the link. */
export interface ServingLink {
  readonly usable: boolean
  on(event: 'usable', listener: (usable: boolean) => void): unknown
}

interface Door {
  readonly listener: Listener
  /** Clients may come while the link is down, too. */
  readonly holds: boolean
}

export class FrontDoor {
  readonly #link: ServingLink
  readonly #journal: Journal
  readonly #doors: readonly Door[]
  #shut = false

  /** @param onBug told of errors that are no faults */
  constructor(bridge: Bridge, link: ServingLink, journal: Journal, onBug: (error: unknown) => void) {
    this.#link = link
    this.#journal = journal
    this.#doors = bridge.figures.map((figures) => ({
      listener: new Listener(figures.route, (client) => bridge.serve(figures, client)),
      holds: figures.route.whenDown === 'hold',
    }))
    link.on('usable', () => {
      this.#follow().catch(onBug)
    })
  }

  /**
   * Opens every listener once, so that an address that cannot be had is known before anything is dialled; those that
   * hold clients stay open.
   * @throws Fault config-invalid
   */
  async rehearse(): Promise<void> {
    try {
      for (const { listener } of this.#doors) await listener.open()
    } catch (error) {
      this.#shut = true
      throw error
    } finally {
      await this.#closeIdle()
    }
    for (const { listener } of this.#doors) if (listener.isOpen) this.#tellOpen(listener)
  }

  /** No more clients, whatever the link does. */
  async shut(): Promise<void> {
    this.#shut = true
    await this.#closeIdle()
  }

  async #follow(): Promise<void> {
    for (const door of this.#doors) if (this.#mayServe(door)) await this.#open(door.listener)
    await this.#closeIdle()
  }

  async #open(listener: Listener): Promise<void> {
    if (listener.isOpen) return
    try {
      await listener.open()
      this.#tellOpen(listener)
    } catch (error) {
      if (!isFault(error)) throw error
      this.#journal.tell('error', 'listening', error.message, { fault: error.code, hint: error.hint })
    }
  }

  #tellOpen(listener: Listener): void {
    this.#journal.tell('info', 'listening', `at ${listener.address}`, { route: listener.route })
  }

  #mayServe({ holds }: Door): boolean {
    return (holds || this.#link.usable) && !this.#shut
  }

  /** Closes what must not be open now. */
  async #closeIdle(): Promise<void> {
    for (const door of this.#doors) if (!this.#mayServe(door)) await door.listener.close()
  }
}
