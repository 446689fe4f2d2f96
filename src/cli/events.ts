/** `cipbridge events`: follows what happens in the daemon. */
import type { IncomingMessage } from 'node:http'
import type { Argv, CommandModule } from 'yargs'
import type { JournalEvent } from '../core/log.ts'
import { open, runVerb, type SocketArguments, socketOf, VerbError, withSocket } from './control-client.ts'
import { EXIT } from './exit-codes.ts'
import { localTime } from './status-screen.ts'

interface EventsArguments extends SocketArguments {
  readonly json: boolean
}

export const eventsCommand: CommandModule<object, EventsArguments> = {
  command: 'events',
  describe: "follows the daemon's events until Ctrl-C, one line each",
  builder: (yargs): Argv<EventsArguments> =>
    withSocket(yargs)
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object per line' })
      .example('$0 events', 'dialling, carrier, sessions, faults and what is done about them')
      .example("$0 events --json | jq 'select(.fault)'", 'only what goes wrong'),
  handler: (args) => runVerb(() => follow(args)),
}

async function follow(args: EventsArguments): Promise<number> {
  const left = new AbortController()
  const response = await open(socketOf(args), 'GET', '/events', { signal: left.signal })
  if (response.statusCode !== 200) throw new VerbError(EXIT.temporary, 'the daemon shows no events')
  const leave = (): void => left.abort()
  process.once('SIGINT', leave)
  // `cipbridge events | head` is a good end as well.
  process.stdout.once('error', leave)
  try {
    for await (const json of eventsIn(response)) process.stdout.write(`${args.json ? json : textOf(json)}\n`)
  } catch {
    // Torn off: by us, or because the daemon is gone.
  } finally {
    process.off('SIGINT', leave)
    process.stdout.off('error', leave)
  }
  if (left.signal.aborted) return EXIT.good
  throw new VerbError(EXIT.unavailable, 'the daemon has stopped')
}

/** The JSON of each server-sent event. */
export async function* eventsIn(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length)
  }
}

/** `2025-06-01 12:03:04 info  carrier: up to broker.example.com:1883 durationMs=812` */
function textOf(json: string): string {
  const { time, level, event, message, hint, ...fields } = JSON.parse(json) as JournalEvent
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${printable(String(value))}`)
  const mend = hint === undefined ? '' : `\n  → ${hint}`
  return `${localTime(time)} ${level.padEnd(5)} ${event}: ${message}${rest.join('')}${mend}`
}

/** A message is written by a stranger: it must not write on the terminal what it likes. */
function printable(value: string): string {
  return /[\s\p{Cc}]/u.test(value) ? JSON.stringify(value).replace(/\p{Cc}/gu, '�') : value
}
