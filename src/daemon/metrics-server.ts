/** /metrics and /healthz over TCP, and nothing else: for a Prometheus that scrapes, and for health checks. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { doorFor, formatListen } from '../config/endpoint.ts'
import type { Config } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import { after, type Timer } from '../core/time.ts'
import { healthReply, methodReply, type Reply, send } from './http-reply.ts'
import { METRICS_TYPE } from './metrics-text.ts'
import type { Status } from './status.ts'

/** A request must be there as a whole within this time, in ms. */
const REQUEST_MS = 10_000
const MOST_CONNECTIONS = 16
/** An address may come later, with the network interface that has it, in ms. */
const RETRY_MS = 30_000

/** What can be asked here. */
export interface Measured {
  status(): Status
  metrics(): string
}

export class MetricsServer {
  readonly #listen: Config['metrics']['listen']
  readonly #journal: Journal
  readonly #server
  #retry: Timer | undefined
  #warned = false

  constructor({ listen, allowFrom }: Config['metrics'], measured: Measured, journal: Journal) {
    this.#listen = listen
    this.#journal = journal
    const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1_000 }
    this.#server = createServer({ ...limits, maxHeaderSize: 8 * 1024 }, (request, response) => {
      send(response, answer(measured, request))
    })
    this.#server.maxConnections = MOST_CONNECTIONS
    const admits = doorFor(allowFrom)
    this.#server.on('connection', (socket) => {
      if (!admits(socket.remoteAddress)) socket.resetAndDestroy()
    })
  }

  /** Opens the address, if one is wanted. Where it cannot be had now the daemon works without it, and tries again. */
  async open(): Promise<void> {
    const listen = this.#listen
    if (!listen) return
    try {
      const listening = once(this.#server, 'listening')
      this.#server.listen(listen)
      await listening
      this.#warned = false
      this.#server.on('error', (error) => this.#warn(error.message))
      this.#journal.tell('info', 'metrics', `at http://${formatListen(listen)}/metrics`)
    } catch (error) {
      const trouble = (reason: unknown): void => this.#warn(reason instanceof Error ? reason.message : String(reason))
      trouble(error)
      this.#retry = after(RETRY_MS, () => {
        this.open().catch(trouble)
      })
    }
  }

  async close(): Promise<void> {
    this.#retry?.cancel()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Once, until it works. */
  #warn(message: string): void {
    if (this.#warned) return
    this.#warned = true
    this.#journal.tell('warn', 'metrics', `no metrics over TCP: ${message}`, {
      hint: 'correct metrics.listen, or end who has that address; it is tried again every 30 s',
    })
  }
}

function answer(measured: Measured, { url = '', method = '' }: IncomingMessage): Reply {
  const path = url.split('?', 1)[0] ?? ''
  if (path !== '/metrics' && path !== '/healthz') return { code: 404, body: { error: 'only /metrics and /healthz' } }
  if (method !== 'GET' && method !== 'HEAD') return methodReply(path, ['GET', 'HEAD'])
  if (path === '/healthz') return healthReply(measured.status())
  return { code: 200, body: measured.metrics(), headers: { 'content-type': METRICS_TYPE } }
}
