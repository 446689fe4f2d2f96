/** The command line. */
import yargs from 'yargs'
import { atCommand } from './cli/at.ts'
import { checkCommand } from './cli/check.ts'
import { demoCommand } from './cli/demo.ts'
import { eventsCommand } from './cli/events.ts'
import { EXIT } from './cli/exit-codes.ts'
import { redialCommand } from './cli/redial.ts'
import { resetCommand } from './cli/reset.ts'
import { runCommand } from './cli/run.ts'
import { simulateCommand } from './cli/simulate.ts'
import { statesCommand } from './cli/states.ts'
import { statusCommand } from './cli/status.ts'

await yargs(process.argv.slice(2))
  .scriptName('cipbridge')
  .usage('$0 VERB\n\nLocal TCP ports that lead through a SIM800/SIM900 modem, as if this machine were online.')
  .command(runCommand)
  .command(checkCommand)
  .command(demoCommand)
  .command(simulateCommand)
  .command(statusCommand)
  .command(atCommand)
  .command(eventsCommand)
  .command(redialCommand)
  .command(resetCommand)
  .command(statesCommand)
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
