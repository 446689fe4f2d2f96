/** `cipbridge check`: says everything that is wrong with a configuration, or what it comes to. */
import type { Argv, CommandModule } from 'yargs'
import { cautionsOf } from '../config/cautions.ts'
import { jsonSchema } from '../config/json-schema.ts'
import { DEFAULT_CONFIG_FILE, loadConfig } from '../config/load.ts'
import { printConfig } from '../config/print.ts'
import { formatProblem } from '../config/problem.ts'
import { keysOutOfSight } from '../config/secret-file.ts'
import { udpNotes } from '../config/udp-notes.ts'

/** sysexits: something was found in an unconfigured or misconfigured state */
const EX_CONFIG = 78

interface CheckArguments {
  readonly config: string
  readonly schema: boolean
  readonly quiet: boolean
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check',
  describe: 'check the configuration: print every problem, or the effective configuration',
  builder,
  handler: check,
}

function builder(yargs: Argv): Argv<CheckArguments> {
  return yargs
    .option('config', {
      type: 'string',
      alias: 'c',
      requiresArg: true,
      default: DEFAULT_CONFIG_FILE,
      describe: 'the configuration file',
    })
    .option('schema', {
      type: 'boolean',
      default: false,
      describe: 'print the JSON Schema of the configuration, for editors',
    })
    .option('quiet', {
      type: 'boolean',
      alias: 'q',
      default: false,
      describe: 'print problems only, nothing if all is well',
    })
    .example('$0 check --config ./cipbridge.yaml', 'every problem as FILE:LINE:COL, or the file with all defaults')
    .example('$0 check --schema > cipbridge.schema.json', 'what an editor completes and checks with')
}

function check({ config: file, schema, quiet }: CheckArguments): void {
  if (schema) {
    process.stdout.write(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
    return
  }
  const loaded = loadConfig(file, process.env, 'elsewhere')
  if ('config' in loaded) {
    for (const key of quiet ? [] : keysOutOfSight(loaded.config)) {
      process.stderr.write(`${key}: not looked at: systemd shows its credentials to the service only\n`)
    }
    for (const { message, mend } of cautionsOf(loaded.config)) process.stderr.write(`${file}: ${message}; ${mend}\n`)
    for (const note of quiet ? [] : udpNotes(loaded.config)) process.stderr.write(`${file}: ${note}\n`)
    if (!quiet) process.stdout.write(printConfig(loaded.config))
    return
  }
  process.stderr.write(loaded.problems.map((problem) => `${formatProblem(problem)}\n`).join(''))
  process.exitCode = EX_CONFIG
}
