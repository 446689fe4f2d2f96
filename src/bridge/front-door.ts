/** The front door: the listeners of all routes, open as long as the link can serve; those that hold clients, always. */
import { formatListen, takesDatagrams } from '../config/endpoint.ts'
import type { RouteConfig } from '../config/schema.ts'
import { type Fault, isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { after, type Timer } from '../core/time.ts'
import type { Bridge, RouteFigures } from './bridge.ts'
import type { ClientSocket } from './client.ts'
import { DatagramListener } from './datagram-listener.ts'
import { Listener } from './listener.ts'
import type { RouteListener } from './route-listener.ts'

/** An address that another program has taken is tried again after this long, in ms. */
const AGAIN_MS = 2_000

/** What the front door needs of the link. */
export interface ServingLink {
  readonly usable: boolean
  on(event: 'usable', listener: (usable: boolean) => void): unknown
}

export class FrontDoor {
  readonly #bridge: Bridge
  readonly #link: ServingLink
  readonly #journal: Journal
  #listeners: readonly RouteListener[]
  readonly #onBug: (error: unknown) => void
  #shut = false
  #trouble: Fault | undefined
  #again: Timer | undefined
  /** One thing at a time is done to the listeners. */
  #busy: Promise<void> = Promise.resolve()

  /** @param onBug told of errors that are no faults */
  constructor(bridge: Bridge, link: ServingLink, journal: Journal, onBug: (error: unknown) => void) {
    this.#bridge = bridge
    this.#link = link
    this.#journal = journal
    this.#onBug = onBug
    this.#listeners = bridge.figures.map(({ route }) => this.#listenerFor(route))
    link.on('usable', () => {
      this.#inTurn(() => this.#follow()).catch(onBug)
    })
  }

  #listenerFor(route: RouteConfig): RouteListener {
    const onClient = (name: string, client: ClientSocket): void => {
      const figures = this.#figuresOf(name)
      if (figures) this.#bridge.serve(figures, client)
      else client.resetAndDestroy()
    }
    if (!takesDatagrams(route.listen)) return new Listener(route, onClient)
    return new DatagramListener(route, onClient, (name, reason, datagrams) =>
      this.#figuresOf(name)?.drops.note(reason, datagrams),
    )
  }

  #figuresOf(name: string): RouteFigures | undefined {
    return this.#bridge.figures.find(({ route }) => route.name === name)
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
  rehearse(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        for (const listener of this.#listeners) await listener.open()
      } catch (error) {
        this.#shut = true
        throw error
      } finally {
        await this.#closeIdle()
      }
      for (const listener of this.#listeners) if (listener.isOpen) this.#tellOpen(listener)
    })
  }

  /**
   * Serves other routes from now on. An address that stays is not closed for a moment, clients that are in stay in.
   * @throws Fault config-invalid if a new address cannot be had: then everything is as it was
   */
  change(routes: readonly RouteConfig[]): Promise<void> {
    return this.#inTurn(async () => {
      const known = new Map(this.#listeners.map((listener) => [listener.address, listener]))
      const wanted = routes.map((route) => ({ route, listener: known.get(formatListen(route.listen)) }))
      // The proxy is no route of the configuration: it stays as it is.
      const proxies = this.#listeners.filter(({ route }) => this.#bridge.isProxy(route.name))
      const staying = new Set([...wanted.map(({ listener }) => listener), ...proxies])
      // They may stand in the way of a new one: 0.0.0.0:1883 of 127.0.0.1:1883.
      for (const listener of this.#listeners) if (!staying.has(listener)) await listener.close()
      const fresh = wanted.flatMap(({ route, listener }) => (listener ? [] : [this.#listenerFor(route)]))
      try {
        for (const listener of fresh) await listener.open()
        this.#bridge.adopt(routes)
      } catch (error) {
        for (const listener of fresh) await listener.close()
        await this.#follow()
        throw error
      }
      this.#adopt(routes, [...this.#listeners.filter((listener) => staying.has(listener)), ...fresh])
      await this.#closeIdle()
      for (const listener of fresh) if (listener.isOpen) this.#tellOpen(listener)
      await this.#follow()
    })
  }

  #adopt(routes: readonly RouteConfig[], listeners: readonly RouteListener[]): void {
    this.#listeners = listeners
    for (const listener of listeners) {
      const route = routes.find(({ listen }) => formatListen(listen) === listener.address)
      if (route) listener.route = route
    }
  }

  /** No more clients, whatever the link does. */
  shut(): Promise<void> {
    this.#shut = true
    this.#again?.cancel()
    return this.#inTurn(() => this.#closeIdle())
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#busy.then(work)
    this.#busy = done.catch(() => undefined)
    return done
  }

  async #follow(): Promise<void> {
    this.#again?.cancel()
    let trouble: Fault | undefined
    for (const listener of this.#listeners) {
      if (this.#mayServe(listener)) trouble = (await this.#open(listener)) ?? trouble
    }
    await this.#closeIdle()
    this.#tellTrouble(trouble)
    if (trouble) this.#again = after(AGAIN_MS, () => void this.#inTurn(() => this.#follow()).catch(this.#onBug))
  }

  /** @returns what stands in the way */
  async #open(listener: RouteListener): Promise<Fault | undefined> {
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

  #tellOpen(listener: RouteListener): void {
    this.#journal.tell('info', 'listening', `at ${listener.address}`, { route: listener.route.name })
  }

  #mayServe({ route }: RouteListener): boolean {
    return (route.whenDown === 'hold' || this.#link.usable) && !this.#shut
  }

  /** Closes what must not be open now. */
  async #closeIdle(): Promise<void> {
    for (const listener of this.#listeners) if (!this.#mayServe(listener)) await listener.close()
  }
}
