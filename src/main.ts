#!/usr/bin/env node
/** The command line. Only the verb that is wanted is loaded: the daemon carries no virtual modem and no screens. */
import { readFileSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import { takeEarlyStops } from './cli/early-stop.ts'
import { EXIT } from './cli/exit-codes.ts'
import { VERBS } from './cli/verbs.ts'

const given = process.argv.slice(2)
const [verb = ''] = given
// First of all: loading takes a while.
if (verb === 'run') takeEarlyStops()

const { default: yargs } = await import('yargs')
// Whatever is no verb gets help, or a recommendation, for which all are needed.
const wanted = Object.entries(VERBS).filter(([name]) => name === verb || !Object.hasOwn(VERBS, verb))
const commands = await Promise.all(wanted.map(([, load]) => load()))

// yargs looks for it from where the program was called, which may be a link.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

await yargs(given)
  .scriptName('cipbridge')
  .usage('$0 VERB\n\nLocal TCP ports that lead through a SIM800/SIM900 modem, as if this machine were online.')
  .command(commands as CommandModule[])
  .demandCommand(1, 'a verb is missing: what shall cipbridge do?')
  .version(version)
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
