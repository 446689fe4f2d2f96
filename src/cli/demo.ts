/** `cipbridge demo`: the whole product without hardware, and the bytes verified. */
import type { Argv, CommandModule } from 'yargs'
import { nearest } from '../config/words.ts'
import { Journal } from '../core/log.ts'
import { now, withDeadline } from '../core/time.ts'
import { SCENARIOS, type Scenario } from '../virtual-modem/scenarios.ts'
import { bytes, DemoPrint, type Paper, paperOf } from './demo-print.ts'
import { actAsPerson, showScenario } from './demo-scenario.ts'
import { openStage, type Stage } from './demo-stage.ts'
import { type Show, type Tally, tour } from './demo-tour.ts'
import { EXIT } from './exit-codes.ts'

/** Nothing of it takes that long, in ms. */
const TOUR_LIMIT_MS = 60_000
const SCENARIO_LIMIT_MS = 90_000

interface DemoArguments {
  readonly scenario: string | undefined
  readonly list: boolean
  readonly lines: boolean
  readonly verbose: boolean
}

export const demoCommand: CommandModule<object, DemoArguments> = {
  command: 'demo',
  describe: 'the whole product without hardware: built-in modem, real bytes, verified',
  builder,
  handler: async ({ scenario: name, list, lines, verbose }) => {
    if (list) {
      process.stdout.write(listOfScenarios())
      return
    }
    const scenario = SCENARIOS.find((one) => one.name === name)
    if (name !== undefined && !scenario) {
      process.stderr.write(`cipbridge demo: ${unknownScenario(name)}\n`)
      process.exitCode = EXIT.usage
      return
    }
    process.exitCode = await demo({ scenario, lines, verbose, paper: paperOf(process.stdout, process.env) })
  },
}

function builder(yargs: Argv): Argv<DemoArguments> {
  return yargs
    .option('scenario', { type: 'string', requiresArg: true, describe: 'play faults instead of the tour; see --list' })
    .option('list', { type: 'boolean', default: false, describe: 'list the scenarios' })
    .option('lines', {
      type: 'boolean',
      default: false,
      describe: "wire DCD and DTR, as a USB adapter does; without, as on a Raspberry Pi's header",
    })
    .option('verbose', { type: 'boolean', default: false, describe: 'show every AT command and answer' })
    .example('$0 demo', 'the life of a link in a quarter of a minute')
    .example('$0 demo --scenario tunnel', 'no network for a while, and how the daemon gets over it')
}

/** What `--list` prints. */
export function listOfScenarios(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length))
  return SCENARIOS.map(({ name, description }) => `${name.padEnd(width)}  ${description}\n`).join('')
}

/** What is wrong with a name that no scenario has. */
export function unknownScenario(name: string): string {
  const names = SCENARIOS.map((scenario) => scenario.name)
  const near = nearest(name, names)
  return `no scenario is called "${name}"${near === undefined ? '' : `, did you mean ${near}?`}; there are ${names.join(', ')}`
}

interface DemoOptions {
  readonly scenario: Scenario | undefined
  readonly lines: boolean
  readonly verbose: boolean
  readonly paper: Paper
}

class Interrupted extends Error {}

/** @returns the exit code */
async function demo({ scenario, lines, verbose, paper }: DemoOptions): Promise<number> {
  const begun = now()
  const print = new DemoPrint(paper, () => (now() - begun) / 1000, verbose)
  const journal = new Journal('debug', 'json', (json) => print.journal(json))
  const stage = await openStage(journal, lines)
  introduce(print, stage, lines)
  const tally: Tally = { verified: 0, wrong: 0 }
  const limitMs = scenario ? SCENARIO_LIMIT_MS : TOUR_LIMIT_MS
  const late = (): Error => new Error(`not over within ${limitMs / 1000} s; the link is "${stage.link.state}"`)
  const ended = interruption()
  let trouble: Error | undefined
  try {
    await withDeadline(limitMs, late, ended.signal, async (signal) => {
      const show: Show = { stage, print, signal, tally }
      const leave = scenario ? actAsPerson(show, scenario, journal) : () => undefined
      await (scenario ? showScenario(show, scenario) : tour(show)).finally(leave)
    })
  } catch (error) {
    trouble = error instanceof Error ? error : new Error(String(error))
  } finally {
    ended.off()
    await stage.clear()
  }
  return sumUp(print, tally, trouble, (now() - begun) / 1000)
}

function introduce(print: DemoPrint, { host, port, peer }: Stage, lines: boolean): void {
  const wires = lines ? 'with DCD and DTR, as on a USB adapter' : "no DCD or DTR, as on a Raspberry Pi's header"
  print.text('cipbridge demo: the real daemon; only the modem is built in', 'good')
  print.text(`  program  uses ${host}:${port}, the local port of cipbridge`)
  print.text(`  modem    115200 baud, RTS/CTS, ${wires}`)
  print.text(`  peer     ${peer.host}:${peer.port}, a TCP server that sends back what it gets`)
}

function sumUp(print: DemoPrint, { verified, wrong }: Tally, trouble: Error | undefined, seconds: number): number {
  print.text('')
  if (trouble instanceof Interrupted) {
    print.text('interrupted: nothing was proved', 'warn')
    return EXIT.temporary
  }
  if (wrong > 0) print.text(`${bytes(wrong)} WRONG: please report it`, 'bad')
  if (trouble !== undefined) {
    print.text(`failed: ${trouble.message}: please report it`, 'bad')
  }
  if (wrong > 0 || trouble !== undefined) return EXIT.internal
  print.text(
    `verified: ${bytes(verified)} through the modem and back, every one right, in ${seconds.toFixed(1)} s`,
    'good',
  )
  return EXIT.good
}

/** Aborts with `Interrupted` at the first Ctrl-C or SIGTERM; at the second the process is gone. */
function interruption(): { readonly signal: AbortSignal; off(): void } {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.temporary)
    controller.abort(new Interrupted())
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return { signal: controller.signal, off: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal) }
}
