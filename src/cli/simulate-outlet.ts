/** Where `simulate` offers its modem: a pseudo-terminal or a TCP port, which a fault can pull out and put back. */
import { formatListen, type HostPort } from '../config/endpoint.ts'
import { servePty } from '../virtual-modem/pty-socket.ts'
import { serveTcp } from '../virtual-modem/tcp-socket.ts'
import type { VirtualModem } from '../virtual-modem/virtual-modem.ts'

export type Address = HostPort | { readonly link: string | undefined }

export class Outlet {
  readonly #modem: VirtualModem
  readonly #address: Address
  #socket: { readonly close: () => Promise<void> } | undefined
  #shut = false
  /** One change at a time. */
  #changing: Promise<unknown> = Promise.resolve()

  constructor(modem: VirtualModem, address: Address) {
    this.#modem = modem
    this.#address = address
  }

  /** @returns what programs open. Rejects with the system's error. */
  open(): Promise<string> {
    return this.#next(async () => {
      if ('port' in this.#address) {
        const socket = await serveTcp(this.#modem, this.#address.host, this.#address.port)
        this.#socket = socket
        return formatListen(socket)
      }
      const { link } = this.#address
      const socket = await servePty(this.#modem, link)
      this.#socket = socket
      return link ?? socket.path
    })
  }

  /** Whether it was closed for good. */
  get shut(): boolean {
    return this.#shut
  }

  /** Takes it away for good. */
  async shutDown(): Promise<void> {
    this.#shut = true
    await this.close()
  }

  /** Takes it away: whoever had it open sees it hang up. Idempotent. */
  close(): Promise<void> {
    return this.#next(async () => {
      const socket = this.#socket
      this.#socket = undefined
      await socket?.close()
    })
  }

  #next<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => undefined)
    return changed
  }
}
