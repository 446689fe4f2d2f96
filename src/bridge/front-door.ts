/** The front door: the listeners of all routes, open as long as the link can serve. */
import { isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { Bridge } from './bridge.ts'
import { Listener } from './listener.ts'

/** What the front door needs of the link. */
export interface ServingLink {
  readonly usable: boolean
  on(event: 'usable', listener: (usable: boolean) => void): unknown
}

export class FrontDoor {
  readonly #link: ServingLink
  readonly #journal: Journal
  readonly #listeners: readonly Listener[]
  #shut = false

  /** @param onBug told of errors that are no faults */
  constructor(bridge: Bridge, link: ServingLink, journal: Journal, onBug: (error: unknown) => void) {
    this.#link = link
    this.#journal = journal
    this.#listeners = bridge.figures.map(
      (figures) => new Listener(figures.route, (client) => bridge.serve(figures, client)),
    )
    link.on('usable', () => {
      this.#follow().catch(onBug)
    })
  }

  /**
   * Opens and closes every listener once, so that an address that cannot be had is known before anything is dialled.
   * @throws Fault config-invalid
   */
  async rehearse(): Promise<void> {
    try {
      for (const listener of this.#listeners) await listener.open()
    } finally {
      if (!this.#link.usable) await this.#closeAll()
    }
  }

  /** No more clients, whatever the link does. */
  async shut(): Promise<void> {
    this.#shut = true
    await this.#closeAll()
  }

  async #follow(): Promise<void> {
    if (!this.#mayServe()) {
      await this.#closeAll()
      return
    }
    for (const listener of this.#listeners) await this.#open(listener)
    if (!this.#mayServe()) await this.#closeAll()
  }

  async #open(listener: Listener): Promise<void> {
    try {
      await listener.open()
      this.#journal.tell('info', 'listening', `at ${listener.address}`, { route: listener.route })
    } catch (error) {
      if (!isFault(error)) throw error
      this.#journal.tell('error', 'listening', error.message, { fault: error.code, hint: error.hint })
    }
  }

  #mayServe(): boolean {
    return this.#link.usable && !this.#shut
  }

  async #closeAll(): Promise<void> {
    for (const listener of this.#listeners) await listener.close()
  }
}
