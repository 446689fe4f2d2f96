/** `cipbridge run`: the daemon in the foreground. */
import type { CommandModule } from 'yargs'
import { cautionsOf } from '../config/cautions.ts'
import { DEFAULT_CONFIG_FILE, loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { FAULTS, isFault } from '../core/fault.ts'
import type { OpenPort } from '../core/port.ts'
import { Daemon } from '../daemon/daemon.ts'
import { serviceManager } from '../daemon/systemd.ts'
import { Service } from '../daemon/systemd-service.ts'
import { handStopsOver } from './early-stop.ts'
import { EXIT } from './exit-codes.ts'
import { journalOnStdout } from './journal-output.ts'

interface RunArguments {
  readonly config: string
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run',
  describe: 'the daemon in the foreground',
  builder: (yargs) =>
    yargs
      .option('config', {
        alias: 'c',
        type: 'string',
        default: DEFAULT_CONFIG_FILE,
        describe: 'the configuration file',
      })
      .example('$0 run --config ./cipbridge.yaml', 'runs until SIGTERM or Ctrl-C'),
  handler: async ({ config: file }) => {
    const loaded = loadConfig(file)
    if ('problems' in loaded) {
      process.stderr.write(loaded.problems.map((problem) => `${formatProblem(problem)}\n`).join(''))
      process.exitCode = EXIT.config
      return
    }
    process.exitCode = await runDaemon(file, loaded.config)
  },
}

/** @returns the exit code */
async function runDaemon(file: string, config: Config): Promise<number> {
  const journal = journalOnStdout(config.log)
  for (const { message, mend } of cautionsOf(config)) journal.tell('warn', 'config', message, { hint: mend })
  const daemon = new Daemon(config, openPort, journal)
  const service = new Service(serviceManager(process.env, journal), daemon, journal)
  let signals = 0
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1
    // Asked twice: whoever stands there does not want to wait for an orderly end.
    if (signals > 1) process.exit(EXIT.temporary)
    journal.tell('info', 'stopping', `${name}: hanging up in order, again to leave at once`)
    service.stopping()
    daemon.stop()
  }
  handStopsOver(onSignal)
  // A terminal that is closed sends it too: who sits there wants no daemon that lives on unseen.
  process.on('SIGHUP', process.stdout.isTTY ? onSignal : () => reload(file, daemon, service))
  try {
    await daemon.run(() => service.ready())
    return EXIT.good
  } catch (error) {
    if (!isFault(error)) throw error
    journal.tell('error', 'start', error.message, { fault: error.code, hint: error.hint })
    // Who has the address may go: systemd is to try again.
    return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
      ? EXIT.unavailable
      : FAULTS[error.code].exitCode
  } finally {
    service.close()
  }
}

function reload(file: string, daemon: Daemon, service: Service): void {
  service.reloading()
  daemon.reload(loadConfig(file)).then(
    () => service.ready(),
    (error: unknown) => daemon.fail(error),
  )
}

/** The tty, or the built-in modem; each is loaded only where it is used. */
const openPort: OpenPort = async (device, settings) => {
  if (device !== 'virtual') return (await import('../line/tty-port.ts')).openTtyPort(device, settings)
  builtIn ??= (await import('./built-in-modem.ts')).builtInModem().openPort
  return builtIn(device, settings)
}
let builtIn: OpenPort | undefined
