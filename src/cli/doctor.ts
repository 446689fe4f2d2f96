/** `cipbridge doctor`: looks at the machine and the modem and says, one line each, what is wrong and how to mend it. */
import type { Argv, CommandModule } from 'yargs'
import { runVerb, type SocketArguments, withSocket } from './control-client.ts'
import { exitCodeOf, type Finding } from './doctor/finding.ts'
import { type Look, Screen } from './doctor/screen.ts'
import type { Surroundings } from './doctor/surroundings.ts'

interface DoctorArguments extends SocketArguments {
  readonly json: boolean
  readonly dial: boolean
  readonly 'in-session': boolean
}

/** Of the shape of `--json`: it changes when a field changes its meaning or goes. */
const JSON_VERSION = 1

export const doctorCommand: CommandModule<object, DoctorArguments> = {
  command: 'doctor',
  describe: 'what is wrong, from the machine to the network, and how to mend it; changes nothing',
  builder: (yargs): Argv<DoctorArguments> =>
    withSocket(yargs)
      .option('dial', {
        type: 'boolean',
        default: false,
        describe: 'set the modem up as run does and dial each route once: costs money',
      })
      .option('in-session', {
        type: 'boolean',
        default: false,
        describe: 'ask the modem beside a live session as well: holds its data for about 2 s',
      })
      .option('json', { type: 'boolean', default: false, describe: 'the findings as one JSON object' })
      .example('$0 doctor', 'one line per check: ✓ good, ! doubtful, ✗ wrong, – not checked')
      .example('$0 doctor --dial', 'the same, and dials'),
  handler: (args) => runVerb(() => diagnose(args)),
}

async function diagnose(args: DoctorArguments): Promise<number> {
  const { config: file, socket, dial, json } = args
  const { examine } = await import('./doctor/examination.ts')
  const findings: Finding[] = []
  const screen = new Screen(lookOf(process.stdout, process.env), (text) => process.stdout.write(text))
  await examine({ file, socket, dial, inSession: args['in-session'] }, await surroundings(), (finding) => {
    findings.push(finding)
    if (!json) screen.show(finding)
  })
  const exitCode = exitCodeOf(findings)
  if (json) process.stdout.write(`${JSON.stringify({ version: JSON_VERSION, exitCode, findings })}\n`)
  else screen.conclude(findings, exitCode)
  return exitCode
}

/** This machine, its ttys and its GPIO lines. */
async function surroundings(): Promise<Surroundings> {
  const [{ Machine }, { openTtyPort }, { openGpioLine }] = await Promise.all([
    import('./doctor/machine.ts'),
    import('../line/tty-port.ts'),
    import('../line/gpio-line.ts'),
  ])
  return { machine: new Machine(), openPort: openTtyPort, openGpio: openGpioLine }
}

/** On a pipe a check is one line, however long: it can be searched for. */
function lookOf(stream: NodeJS.WriteStream, { NO_COLOR: noColor }: NodeJS.ProcessEnv): Look {
  const colors = stream.isTTY && (noColor === undefined || noColor === '')
  return { columns: stream.isTTY ? stream.columns : undefined, colors }
}
