/** The command line. Only the verb that is wanted is loaded: the daemon carries no virtual modem and no screens. */
import yargs, { type CommandModule } from 'yargs'
import { EXIT } from './cli/exit-codes.ts'

/** In the order of the help; each resolves with its yargs command, whose arguments are its own. */
const VERBS: Readonly<Record<string, () => Promise<unknown>>> = {
  run: async () => (await import('./cli/run.ts')).runCommand,
  check: async () => (await import('./cli/check.ts')).checkCommand,
  demo: async () => (await import('./cli/demo.ts')).demoCommand,
  simulate: async () => (await import('./cli/simulate.ts')).simulateCommand,
  doctor: async () => (await import('./cli/doctor.ts')).doctorCommand,
  status: async () => (await import('./cli/status.ts')).statusCommand,
  at: async () => (await import('./cli/at.ts')).atCommand,
  events: async () => (await import('./cli/events.ts')).eventsCommand,
  redial: async () => (await import('./cli/redial.ts')).redialCommand,
  reset: async () => (await import('./cli/reset.ts')).resetCommand,
  states: async () => (await import('./cli/states.ts')).statesCommand,
}

const given = process.argv.slice(2)
const [verb = ''] = given
// Whatever is no verb gets help, or a recommendation, for which all are needed.
const wanted = Object.entries(VERBS).filter(([name]) => name === verb || !Object.hasOwn(VERBS, verb))
const commands = await Promise.all(wanted.map(([, load]) => load()))

await yargs(given)
  .scriptName('cipbridge')
  .usage('$0 VERB\n\nLocal TCP ports that lead through a SIM800/SIM900 modem, as if this machine were online.')
  .command(commands as CommandModule[])
  .demandCommand(1, 'a verb is missing: what shall cipbridge do?')
  .recommendCommands()
  .strict()
  .completion('completion', 'prints a script for shell completion')
  .wrap(Math.min(100, process.stdout.columns || 100))
  .fail((message, error) => {
    // yargs promises an error, and hands over nothing when it only has a message.
    if ((error as Error | undefined) !== undefined) throw error
    process.stderr.write(`cipbridge: ${message}\nTry: cipbridge --help\n`)
    process.exit(EXIT.usage)
  })
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(
      `cipbridge: internal fault, please report it\n${String(error instanceof Error ? error.stack : error)}\n`,
    )
    process.exit(EXIT.internal)
  })
