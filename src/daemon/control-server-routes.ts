/** What can be asked of the daemon over its control socket: HTTP/1.1, JSON in and out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { Redialled } from '../link/link.ts'
import type { Asked } from '../link/orders.ts'
import { readAsk } from './control-server-command.ts'
import type { EventFeed } from './control-server-events.ts'
import { healthReply, methodReply, type Reply, send } from './http-reply.ts'
import type { Measured } from './metrics-server.ts'
import { METRICS_TYPE } from './metrics-text.ts'

/** Longest body of a request: a command line has 556 characters at most. */
const LONGEST_BODY = 4 * 1024
/** Commands that wait for the modem at once; more are refused. */
const MOST_ASKS = 16

/** What the control socket can reach. */
export interface Controlled extends Measured {
  /** @param gone aborts when whoever asked has left */
  ask(command: string, gone: AbortSignal): Promise<Asked>
  redial(): Redialled
  reset(): void
}

type Action = (request: IncomingMessage, gone: AbortSignal) => Reply | Promise<Reply>

const REDIALLED: Readonly<Record<Redialled, string>> = {
  'hanging-up': 'the connection is being closed; the next client dials anew',
  'trying-now': 'recovery goes on at once',
  'nothing-to-drop': 'there is no connection to close; the next client dials',
}

export class ControlRoutes {
  readonly #controlled: Controlled
  readonly #feed: EventFeed
  readonly #journal: Journal
  /** By path, then by method. */
  readonly #actions: ReadonlyMap<string, ReadonlyMap<string, Action>>
  #asks = 0

  constructor(controlled: Controlled, feed: EventFeed, journal: Journal) {
    this.#controlled = controlled
    this.#feed = feed
    this.#journal = journal
    const get = (action: Action): ReadonlyMap<string, Action> => new Map([['GET', action]])
    const post = (action: Action): ReadonlyMap<string, Action> => new Map([['POST', action]])
    this.#actions = new Map([
      ['/status', get(() => ({ code: 200, body: controlled.status() }))],
      ['/healthz', get(() => healthReply(controlled.status()))],
      ['/metrics', get(() => ({ code: 200, body: controlled.metrics(), headers: { 'content-type': METRICS_TYPE } }))],
      ['/at', post((request, gone) => this.#at(request, gone))],
      ['/redial', post(() => this.#redial())],
      ['/reset', post(() => this.#reset())],
    ])
  }

  /** Answers one request. Never rejects: what goes wrong in here must not touch the data path. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    if (path === '/events' && request.method === 'GET') {
      this.#feed.add(response)
      return
    }
    const left = new AbortController()
    response.once('close', () => left.abort(new Error('whoever asked has left')))
    try {
      send(response, await this.#answer(path, request, left.signal))
    } catch (error) {
      if (left.signal.aborted && error === left.signal.reason) return
      // Gone before the request was whole.
      if (request.destroyed && !request.complete) return
      this.#journal.tell('error', 'control', `${path} failed, please report it`, { error: String(error) })
      send(response, { code: 500, body: { error: 'internal fault, please report it' } })
    }
  }

  #answer(path: string, request: IncomingMessage, gone: AbortSignal): Reply | Promise<Reply> {
    const methods = path === '/events' ? new Map<string, Action>() : this.#actions.get(path)
    if (!methods) return { code: 404, body: { error: `there is no ${path.slice(0, 80)}` } }
    const action = methods.get(request.method ?? '')
    if (action) return action(request, gone)
    return methodReply(path, path === '/events' ? ['GET'] : methods.keys())
  }

  async #at(request: IncomingMessage, gone: AbortSignal): Promise<Reply> {
    const body = await readBody(request)
    if (body === undefined) {
      const error = `the body is longer than ${LONGEST_BODY} bytes`
      return { code: 413, body: { error }, headers: { connection: 'close' } }
    }
    const text = commandIn(body)
    if (text === undefined) return { code: 400, body: { error: 'the body is not {"command": "AT…"}' } }
    const reading = readAsk(text)
    return 'problem' in reading ? { code: 400, body: { error: reading.problem } } : this.#ask(reading.command, gone)
  }

  async #ask(command: string, gone: AbortSignal): Promise<Reply> {
    if (this.#asks >= MOST_ASKS) return { code: 503, body: { error: 'too many commands wait already', fault: null } }
    this.#asks += 1
    try {
      return { code: 200, body: await this.#controlled.ask(command, gone) }
    } catch (error) {
      return refusal(error)
    } finally {
      this.#asks -= 1
    }
  }

  #redial(): Reply {
    const message = REDIALLED[this.#controlled.redial()]
    this.#journal.tell('info', 'redial', `asked for: ${message}`)
    return { code: 202, body: { message } }
  }

  #reset(): Reply {
    try {
      this.#controlled.reset()
    } catch (error) {
      return refusal(error)
    }
    const message = 'the modem is being restarted'
    this.#journal.tell('info', 'reset', `asked for: ${message}`)
    return { code: 202, body: { message } }
  }
}

/** A fault as the reason why not now. @throws whatever is no fault */
function refusal(error: unknown): Reply {
  if (!isFault(error)) throw error
  return { code: 503, body: { error: error.message, fault: error.code } }
}

/** The whole body; undefined if it is too long. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  // Whoever sends too much still gets an answer, so the connection outlives the reading.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > LONGEST_BODY) return undefined
  }
  return Buffer.concat(chunks)
}

function commandIn(body: Buffer): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    if (typeof parsed !== 'object' || parsed === null || !('command' in parsed)) return undefined
    return typeof parsed.command === 'string' ? parsed.command : undefined
  } catch {
    return undefined
  }
}
