/** `cipbridge status`: what the daemon is doing and why. */
import type { Argv, CommandModule } from 'yargs'
import { FAULTS } from '../core/fault.ts'
import { wallClock, withDeadline } from '../core/time.ts'
import type { Status } from '../daemon/status.ts'
import { call, errorIn, runVerb, type SocketArguments, socketOf, VerbError, withSocket } from './control-client.ts'
import { EXIT } from './exit-codes.ts'
import { statusScreen } from './status-screen.ts'

interface StatusArguments extends SocketArguments {
  readonly json: boolean
}

/** A daemon that lives answers at once. */
const PATIENCE_MS = 5_000

export const statusCommand: CommandModule<object, StatusArguments> = {
  command: 'status',
  describe: 'what the daemon is doing and why; exit code 0 only when the link is usable',
  builder: (yargs): Argv<StatusArguments> =>
    withSocket(yargs)
      .option('json', { type: 'boolean', default: false, describe: 'the status as JSON' })
      .example('$0 status', 'one screen: link, modem, network, routes, last faults')
      .example('$0 status --json | jq .network.dbm', 'one value of it'),
  handler: (args) => runVerb(() => show(args)),
}

async function show(args: StatusArguments): Promise<number> {
  const socket = socketOf(args)
  const late = (): Error => new VerbError(EXIT.unavailable, `the daemon does not answer (${socket})`)
  const answer = await withDeadline(PATIENCE_MS, late, undefined, (signal) =>
    call(socket, 'GET', '/status', { signal }),
  )
  if (answer.code !== 200) throw new VerbError(EXIT.unavailable, errorIn(answer))
  const status = answer.body as Status
  process.stdout.write(args.json ? `${JSON.stringify(status)}\n` : statusScreen(status, wallClock().getTime()))
  return exitCodeOf(status)
}

/** 0: usable; 69: no modem there; 75: not now. */
function exitCodeOf({ usable, fault }: Status): number {
  if (usable) return EXIT.good
  return fault !== null && FAULTS[fault].exitCode === EXIT.unavailable ? EXIT.unavailable : EXIT.temporary
}
