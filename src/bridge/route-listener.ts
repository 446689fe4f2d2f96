/** What the local port of any route has: the route it leads to, who may use it, and its address. */
import { doorFor, formatListen } from '../config/endpoint.ts'
import type { RouteConfig } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'

export abstract class RouteListener {
  #route: RouteConfig
  #admits: (address: string | undefined) => boolean

  constructor(route: RouteConfig) {
    this.#route = route
    this.#admits = doorFor(route.allowFrom)
  }

  /** Whether clients can come. */
  abstract get isOpen(): boolean

  /** @throws Fault config-invalid if the address cannot be had; `cause` is the system's own error */
  abstract open(): Promise<void>

  /** From now on nobody new is let in; whoever has a session keeps it. */
  abstract close(): Promise<void>

  /** What it leads to, and who may. */
  get route(): RouteConfig {
    return this.#route
  }

  /** From the next client on; the address is the same. */
  set route(route: RouteConfig) {
    this.#route = route
    this.#admits = doorFor(route.allowFrom)
  }

  /** What programs connect to or send to, as written in the configuration. */
  get address(): string {
    return formatListen(this.#route.listen)
  }

  /** Whether the configuration lets in who comes from `address`. */
  protected admits(address: string | undefined): boolean {
    return this.#admits(address)
  }

  protected cannotListen(error: Error): Fault {
    const what = `route ${this.#route.name} cannot listen at ${this.address}: ${error.message}`
    return new Fault('config-invalid', what, { cause: error })
  }
}
