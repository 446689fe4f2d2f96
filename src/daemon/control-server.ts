/** The control socket: a Unix socket through which the daemon is asked what it does and told what to do. */
import { once } from 'node:events'
import { chown, lstat, mkdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { Fault, isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { soon } from '../core/time.ts'
import { EventFeed } from './control-server-events.ts'
import { type Controlled, ControlRoutes } from './control-server-routes.ts'

/** Who may talk to the daemon besides its own user. */
const GROUP = 'cipbridge'
/** umask for mode 0660: the socket is never open to everybody, not even for a moment. */
const UMASK = 0o117
/** A request must be there as a whole within this time, in ms; the answer may take as long as the modem does. */
const REQUEST_MS = 10_000
const MOST_CONNECTIONS = 64

export class ControlServer {
  readonly #path: string
  readonly #journal: Journal
  readonly #feed: EventFeed
  readonly #server

  constructor(path: string, controlled: Controlled, journal: Journal) {
    this.#path = path
    this.#journal = journal
    this.#feed = new EventFeed(journal)
    const routes = new ControlRoutes(controlled, this.#feed, journal)
    const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1_000 }
    this.#server = createServer({ ...limits, maxHeaderSize: 8 * 1024 }, (request, response) => {
      routes.serve(request, response).catch((error: unknown) => this.#tellTrouble(error))
    })
    this.#server.maxConnections = MOST_CONNECTIONS
  }

  /** How many follow the events. */
  get readers(): number {
    return this.#feed.readers
  }

  /**
   * Opens the socket. Where that is not possible the daemon works without it: bytes matter more.
   * @throws Fault line-busy if another daemon answers there
   */
  async open(): Promise<void> {
    try {
      await this.#listen()
      this.#server.on('error', (error) => this.#tellTrouble(error))
      this.#journal.tell('debug', 'control', `listening at ${this.#path}`)
    } catch (error) {
      if (isFault(error)) throw error
      this.#tellTrouble(error)
    }
  }

  /** Ends every conversation; the socket's file is gone afterwards. */
  async close(): Promise<void> {
    this.#feed.end()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    // Answers that were given a moment ago still go out.
    await new Promise<void>((resolve) => soon(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #listen(): Promise<void> {
    const path = this.#path
    await makeFolder(dirname(path))
    try {
      await this.#bind()
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error
      if (!(await lstat(path)).isSocket()) throw new Error(`${path} is there and is no socket`, { cause: error })
      if (await somebodyAnswers(path)) {
        throw new Fault('line-busy', `another cipbridge runs: it answers at ${path}`, { cause: error })
      }
      // Left behind by a daemon that was killed.
      await rm(path, { force: true })
      await this.#bind()
    }
    await giveToGroup(path)
  }

  async #bind(): Promise<void> {
    const listening = once(this.#server, 'listening')
    const before = process.umask(UMASK)
    try {
      this.#server.listen(this.#path)
    } finally {
      process.umask(before)
    }
    await listening
  }

  #tellTrouble(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.#journal.tell('warn', 'control', `no control socket, so no status, at, events, redial and reset: ${message}`, {
      hint: `make ${dirname(this.#path)} writable for this user, or set control.socket to a path that is`,
    })
  }
}

/** The folder, if the one above is there: a whole tree made for a mistyped path helps nobody. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o755 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function somebodyAnswers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => {
      const code = codeOf(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false)
      // A full queue of connections has somebody behind it.
      else if (code === 'EAGAIN') resolve(true)
      else reject(error)
    })
  })
}

async function giveToGroup(path: string): Promise<void> {
  try {
    const [, id] = new RegExp(`^${GROUP}:[^:]*:(\\d+):`, 'm').exec(await readFile('/etc/group', 'utf8')) ?? []
    if (id !== undefined) await chown(path, -1, Number(id))
  } catch {
    // Only root and members may: then the socket is for this user alone.
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
