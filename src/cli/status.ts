/** `cipbridge status`: what the daemon is doing and why. */
import type { Argv, CommandModule } from 'yargs'
import { FAULTS } from '../core/fault.ts'
import { wallClock, withDeadline } from '../core/time.ts'
import type { Status } from '../daemon/status.ts'
import { call, errorIn, runVerb, type SocketArguments, socketOf, VerbError, withSocket } from './control-client.ts'
import { EXIT } from './exit-codes.ts'
import { type Surface, statusScreen } from './status-screen.ts'
import { needTerminal, type Screen, watchStatus } from './status-watch.ts'

interface StatusArguments extends SocketArguments {
  readonly json: boolean
  readonly watch: boolean
}

/** A daemon that lives answers at once. */
const PATIENCE_MS = 5_000

export const statusCommand: CommandModule<object, StatusArguments> = {
  command: 'status',
  describe: 'what the daemon is doing and why; exit code 0 only when the link is usable',
  builder: (yargs): Argv<StatusArguments> =>
    withSocket(yargs)
      .option('json', { type: 'boolean', default: false, describe: 'the status as JSON' })
      .option('watch', {
        type: 'boolean',
        alias: 'w',
        default: false,
        describe: 'keep the screen up to date, with a small history; Ctrl-C ends it',
      })
      .check(({ json, watch }) => (json && watch ? '--json and --watch exclude each other' : true))
      .example('$0 status', 'one screen: link, modem, network, routes, last faults')
      .example('$0 status --watch', 'the same every second, with throughput and signal as sparklines')
      .example('$0 status --json | jq .network.dbm', 'one value of it'),
  handler: (args) => runVerb(() => show(args)),
}

async function show(args: StatusArguments): Promise<number> {
  const socket = socketOf(args)
  if (args.watch) return watch(socket)
  const status = await ask(socket)
  const text = args.json ? `${JSON.stringify(status)}\n` : statusScreen(status, wallClock().getTime(), surface())
  process.stdout.write(text)
  return exitCodeOf(status)
}

async function watch(socket: string): Promise<number> {
  needTerminal(process.stdout)
  const left = new AbortController()
  const leave = (): void => left.abort()
  process.once('SIGINT', leave).once('SIGTERM', leave)
  const screen = (): Screen => ({
    rows: process.stdout.rows || 24,
    surface: surface(),
    write: (text) => void process.stdout.write(text),
  })
  try {
    const seen = await watchStatus(() => ask(socket), screen, left.signal)
    return seen ? exitCodeOf(seen) : EXIT.unavailable
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave)
  }
}

/** @throws VerbError if the daemon does not answer */
async function ask(socket: string): Promise<Status> {
  const late = (): Error => new VerbError(EXIT.unavailable, `the daemon does not answer (${socket})`)
  const answer = await withDeadline(PATIENCE_MS, late, undefined, (signal) =>
    call(socket, 'GET', '/status', { signal }),
  )
  if (answer.code !== 200) throw new VerbError(EXIT.unavailable, errorIn(answer))
  return answer.body as Status
}

/** What this terminal is like; 80 columns and no colours where there is none. */
function surface(): Surface {
  const { columns, isTTY } = process.stdout
  const unwanted = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== ''
  return { columns: Math.max(60, columns || 80), colours: isTTY && !unwanted }
}

/** 0: usable; 69: no modem there; 75: not now. */
function exitCodeOf({ usable, fault }: Status): number {
  if (usable) return EXIT.good
  return fault !== null && FAULTS[fault].exitCode === EXIT.unavailable ? EXIT.unavailable : EXIT.temporary
}
