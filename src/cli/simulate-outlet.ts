/** Where `simulate` offers its modem: a pseudo-terminal or a TCP port, which a fault can pull out and put back. */
import { formatListen, type HostPort } from '../config/endpoint.ts'
import { servePty } from '../virtual-modem/pty-socket.ts'
import { serveTcp } from '../virtual-modem/tcp-socket.ts'
import type { VirtualModem } from '../virtual-modem/virtual-modem.ts'

export type Address = HostPort | { readonly link: string | undefined }

export class Outlet {
  readonly #modem: VirtualModem
  readonly #address: Address
  #close: (() => Promise<void>) | undefined
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
        const { host, port, close } = await serveTcp(this.#modem, this.#address.host, this.#address.port)
        this.#close = close
        return formatListen({ host, port })
      }
      const { link } = this.#address
      const { path, close } = await servePty(this.#modem, link)
      this.#close = close
      return link ?? path
    })
  }

  /** Takes it away: whoever had it open sees it hang up. Idempotent. */
  close(): Promise<void> {
    return this.#next(async () => {
      const close = this.#close
      this.#close = undefined
      await close?.()
    })
  }

  #next<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => undefined)
    return changed
  }
}
