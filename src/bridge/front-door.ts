/** The front door: the listeners of all routes, open as long as the link can serve; those that hold clients, always. */
import { type Fault, isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { after, type Timer } from '../core/time.ts'
import type { Bridge } from './bridge.ts'
import { Listener } from './listener.ts'

/** An address that another program has taken is tried again after this long, in ms. */
const AGAIN_MS = 2_000

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
  readonly #onBug: (error: unknown) => void
  #shut = false
  #trouble: Fault | undefined
  #again: Timer | undefined

  /** @param onBug told of errors that are no faults */
  constructor(bridge: Bridge, link: ServingLink, journal: Journal, onBug: (error: unknown) => void) {
    this.#link = link
    this.#journal = journal
    this.#onBug = onBug
    this.#doors = bridge.figures.map((figures) => ({
      listener: new Listener(figures.route, (client) => bridge.serve(figures, client)),
      holds: figures.route.whenDown === 'hold',
    }))
    link.on('usable', () => {
      this.#follow().catch(onBug)
    })
  }

  /** Why a door that should be open is not: another program has its address. */
  get trouble(): Fault | undefined {
    return this.#trouble
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
    this.#again?.cancel()
    await this.#closeIdle()
  }

  async #follow(): Promise<void> {
    this.#again?.cancel()
    let trouble: Fault | undefined
    for (const door of this.#doors) if (this.#mayServe(door)) trouble = (await this.#open(door.listener)) ?? trouble
    await this.#closeIdle()
    this.#tellTrouble(trouble)
    if (trouble) this.#again = after(AGAIN_MS, () => void this.#follow().catch(this.#onBug))
  }

  /** @returns what stands in the way */
  async #open(listener: Listener): Promise<Fault | undefined> {
    if (listener.isOpen) return undefined
    try {
      await listener.open()
      this.#tellOpen(listener)
      return undefined
    } catch (error) {
      if (!isFault(error)) throw error
      return error
    }
  }

  /** Once, not at every attempt. */
  #tellTrouble(trouble: Fault | undefined): void {
    const known = this.#trouble?.message === trouble?.message
    this.#trouble = trouble
    if (trouble && !known) {
      this.#journal.tell('error', 'listening', trouble.message, { fault: trouble.code, hint: trouble.hint })
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
