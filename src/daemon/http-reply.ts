/** Answers over HTTP, for the control socket and the metrics' own address. */
import type { ServerResponse } from 'node:http'
import type { Status } from './status.ts'

export interface Reply {
  readonly code: number
  /** JSON, or text as it is with its type in `headers`. */
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
}

/** 200 only when the link is usable, else 503 with the reason. */
export function healthReply({ usable, state, reason, fault, nextTry }: Status): Reply {
  return usable ? { code: 200, body: { usable, state } } : { code: 503, body: { error: reason, fault, state, nextTry } }
}

/** @param methods what the path takes */
export function methodReply(path: string, methods: Iterable<string>): Reply {
  const allow = [...methods].join(', ')
  return { code: 405, body: { error: `${path} takes ${allow} only` }, headers: { allow } }
}

export function send(response: ServerResponse, { code, body, headers }: Reply): void {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
  response.end(typeof body === 'string' ? body : `${JSON.stringify(body)}\n`)
}
