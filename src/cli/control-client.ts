/** The command line as a client of the running daemon's control socket. */
import { type IncomingMessage, request } from 'node:http'
import type { Argv } from 'yargs'
import { DEFAULT_CONFIG_FILE, loadConfig } from '../config/load.ts'
import { configSchema } from '../config/schema.ts'
import { reasonOf } from '../core/time.ts'
import { EXIT } from './exit-codes.ts'

/** Where the daemon is asked. */
export interface SocketArguments {
  readonly socket: string | undefined
  readonly config: string | undefined
}

/** Ends a verb with one line on stderr. */
export class VerbError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

interface Question {
  readonly body?: object
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly code: number
  readonly body: unknown
}

/** The options by which every verb finds the daemon. */
export function withSocket(yargs: Argv): Argv<SocketArguments> {
  return yargs
    .option('socket', {
      type: 'string',
      requiresArg: true,
      describe: "the daemon's control socket; default: the one of the configuration",
    })
    .option('config', {
      type: 'string',
      alias: 'c',
      requiresArg: true,
      describe: `the configuration file; default: ${DEFAULT_CONFIG_FILE}`,
    })
}

/** The path of the control socket. @throws VerbError if the named configuration cannot be used */
export function socketOf({ socket, config: file }: SocketArguments): string {
  if (socket !== undefined) return socket
  const loaded = loadConfig(file ?? DEFAULT_CONFIG_FILE, process.env, 'elsewhere')
  if ('config' in loaded) return loaded.config.control.socket
  // The system's file holds secrets: whoever may use the socket need not be able to read it.
  if (file === undefined) return configSchema.shape.control.parse({}).socket
  throw new VerbError(EXIT.config, `${file} has problems: cipbridge check --config ${file} shows them`)
}

/** Asks the daemon and reads its answer as JSON. @throws VerbError if no daemon answers */
export async function call(socket: string, method: 'GET' | 'POST', path: string, how: Question = {}): Promise<Answer> {
  const response = await open(socket, method, path, how)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch (error) {
    throw how.signal?.aborted ? reasonOf(how.signal) : noDaemon(socket, error)
  }
  try {
    return { code: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown }
  } catch {
    throw new VerbError(EXIT.unavailable, `what answers at ${socket} is not cipbridge`)
  }
}

/** The same with the answer as it comes in. @throws VerbError if no daemon answers */
export function open(
  socket: string,
  method: 'GET' | 'POST',
  path: string,
  { body, signal }: Question = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const question = request({ socketPath: socket, method, path, agent: false, ...(signal && { signal }) }, resolve)
    question.once('error', (error) => reject(signal?.aborted ? reasonOf(signal) : noDaemon(socket, error)))
    if (body === undefined) question.end()
    else question.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
}

/** Runs a verb: its exit code, or one line that says why not. */
export async function runVerb(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work()
  } catch (error) {
    if (!(error instanceof VerbError)) throw error
    process.stderr.write(`cipbridge: ${error.message}\n`)
    process.exitCode = error.exitCode
  }
}

/** The daemon's reason in an answer that is no success. */
export function errorIn({ body }: Answer): string {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  return typeof error === 'string' ? error : 'the daemon gives no reason'
}

function noDaemon(socket: string, error: unknown): VerbError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return new VerbError(EXIT.unavailable, `${REASONS[String(code)] ?? String(error)} (${socket})`)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no daemon runs: there is no control socket',
  ECONNREFUSED: 'no daemon runs: nobody answers at the control socket',
  EACCES: 'this user may not talk to the daemon: join the group cipbridge, or use sudo',
  ECONNRESET: 'the daemon has gone before it answered',
}
