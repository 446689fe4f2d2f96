/** A listener: the local port of a route. It is open only while the link can serve, so that the open port tells the truth. */
import { lstat, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { RouteConfig } from '../config/schema.ts'
import { soon } from '../core/time.ts'
import { RouteListener } from './route-listener.ts'

/** The only `net.Server` of the data path. */
export class Listener extends RouteListener {
  readonly #onClient: (route: string, client: Socket) => void
  #server: Server | undefined

  /** @param onClient takes a client that was let in, with the name of the route */
  constructor(route: RouteConfig, onClient: (route: string, client: Socket) => void) {
    super(route)
    this.#onClient = onClient
  }

  get isOpen(): boolean {
    return this.#server !== undefined
  }

  async open(): Promise<void> {
    if (this.#server) return
    // Half-open, because the peer's rest must still arrive when the client has finished (P2).
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
    this.#server = server
    const { listen } = this.route
    if ('path' in listen && (await isLeftBehind(listen.path))) await rm(listen.path, { force: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        this.#server = undefined
        reject(this.cannotListen(error))
      })
      server.listen('path' in listen ? { path: listen.path } : { host: listen.host, port: listen.port }, resolve)
    })
  }

  async close(): Promise<void> {
    this.#server?.close()
    this.#server = undefined
    // The address is free as soon as the handle is closed, which the callback of close() would not tell before the last
    // client has left.
    await new Promise<void>((resolve) => soon(resolve))
  }

  #accept(client: Socket): void {
    if (!this.admits(client.remoteAddress)) {
      client.resetAndDestroy()
      return
    }
    // A Unix socket knows no reset, and Node throws where one is wanted: it can only be closed.
    if ('path' in this.route.listen) client.resetAndDestroy = () => client.destroy()
    this.#onClient(this.route.name, client)
  }
}

/** Whether there is a socket that nobody listens at, of a daemon that was killed; what else is there is not ours to remove. */
async function isLeftBehind(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return false
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}
