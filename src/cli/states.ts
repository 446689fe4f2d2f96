/** `cipbridge states`: the tables that the daemon runs by. */
import type { CommandModule } from 'yargs'
import { printTables } from '../link/print-tables.ts'

export const statesCommand: CommandModule = {
  command: 'states',
  describe: 'prints the state tables: Mermaid and Markdown',
  builder: (yargs) => yargs.example('$0 states > states.md', 'for a viewer that draws Mermaid'),
  handler: () => {
    process.stdout.write(printTables())
  },
}
