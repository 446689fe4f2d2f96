/** `cipbridge simulate`: the built-in modem alone, for any serial program. */
import type { Argv, CommandModule } from 'yargs'
import { formatListen, type HostPort, isLocal, parseHostPort } from '../config/endpoint.ts'
import { wallClock } from '../core/time.ts'
import { faultHelp, parseFault, type TimedFault } from '../virtual-modem/faults.ts'
import type { Knobs } from '../virtual-modem/knobs.ts'
import { servePty } from '../virtual-modem/pty-socket.ts'
import { sim800 } from '../virtual-modem/sim800.ts'
import { sim900 } from '../virtual-modem/sim900.ts'
import { tcpNetwork } from '../virtual-modem/tcp-network.ts'
import { serveTcp } from '../virtual-modem/tcp-socket.ts'
import { VirtualModem } from '../virtual-modem/virtual-modem.ts'
import { EXIT } from './exit-codes.ts'
import { playFaults } from './simulate-faults.ts'
import { listOfKnobs, parseKnobs } from './simulate-knobs.ts'
import { watchModem } from './simulate-watch.ts'

/** Of the faults' attributes in the help. */
const WIDEST_FAULT = 33

interface SimulateArguments {
  readonly link: string | undefined
  readonly listen: string | undefined
  readonly expose: boolean
  readonly fault: readonly string[]
  readonly knob: readonly string[]
  readonly dialect: 'sim800' | 'sim900'
  readonly verbose: boolean
  readonly 'list-knobs': boolean
}

export const simulateCommand: CommandModule<object, SimulateArguments> = {
  command: 'simulate',
  describe: 'the built-in modem alone, for any serial program; it dials real TCP',
  builder,
  handler: async (given) => {
    if (given['list-knobs']) {
      process.stdout.write(listOfKnobs())
      return
    }
    const wanted = plan(given)
    if ('problem' in wanted) {
      process.stderr.write(`cipbridge simulate: ${wanted.problem}\n`)
      process.exitCode = EXIT.usage
      return
    }
    process.exitCode = await simulate(wanted)
  },
}

function builder(yargs: Argv): Argv<SimulateArguments> {
  return yargs
    .option('link', { type: 'string', requiresArg: true, describe: 'a stable name for its pseudo-terminal' })
    .option('listen', {
      type: 'string',
      requiresArg: true,
      describe: 'HOST:PORT, serve a TCP port instead of a pseudo-terminal; loopback only',
    })
    .option('expose', {
      type: 'boolean',
      default: false,
      describe: 'let --listen be any address: whoever reaches it can dial from this machine',
    })
    .option('fault', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'NAME,ATTRIBUTE=VALUE,after=30s,for=10s; repeatable',
    })
    .option('knob', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'NAME=VALUE, see --list-knobs; repeatable',
    })
    .option('list-knobs', { type: 'boolean', default: false, describe: 'list the knobs with their defaults' })
    .option('dialect', { choices: ['sim800', 'sim900'] as const, default: 'sim800' as const, describe: 'whose AT' })
    .option('verbose', { type: 'boolean', default: false, describe: 'print AT command lines and events' })
    .conflicts('link', 'listen')
    .example('$0 simulate --link /tmp/modem0', 'then: line: { device: /tmp/modem0 }')
    .example('$0 simulate --link /tmp/modem0 --fault carrier-drops,after=30s', 'a connection that breaks')
    .example('$0 simulate --listen 127.0.0.1:7070 --knob bootTime=8000', 'a slow modem; try it with: nc 127.0.0.1 7070')
    .epilogue(
      `Faults, each with after=TIME, for=TIME and until=shut|attach|radio|reset|power besides:\n${helpOnFaults()}`,
    )
}

function helpOnFaults(): string {
  return faultHelp()
    .map((line) => line.split(/ {2,}(.*)/))
    .map(([attributes = '', about = '']) => `  ${attributes.padEnd(WIDEST_FAULT)}  ${about}`)
    .join('\n')
}

/** Where the modem is offered: at a TCP port, or on a pseudo-terminal with or without a stable name. */
type Address = HostPort | { readonly link: string | undefined }

interface Plan {
  readonly address: Address
  readonly faults: readonly TimedFault[]
  readonly knobs: Partial<Knobs>
  readonly dialect: 'sim800' | 'sim900'
  readonly verbose: boolean
}

/** What the arguments come to, or what is wrong with them. */
export function plan(given: Omit<SimulateArguments, 'list-knobs'>): Plan | { readonly problem: string } {
  const { link, listen, expose, fault, knob, dialect, verbose } = given
  try {
    const address = listen === undefined ? { link } : parseAddress(listen, expose)
    const model = dialect === 'sim900' ? { model: 'SIM900' } : {}
    return { address, faults: fault.map(parseFault), knobs: { ...model, ...parseKnobs(knob) }, dialect, verbose }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws an `Error` that says what is wrong. */
function parseAddress(text: string, expose: boolean): Address {
  const reading = parseHostPort(text)
  if ('problem' in reading) throw new Error(`--listen ${text}: ${reading.problem}, expected such as 127.0.0.1:7070`)
  if (expose || isLocal(reading.value)) return reading.value
  throw new Error(
    `--listen ${text}: whoever reaches it could dial from this machine; loopback such as 127.0.0.1:7070, or --expose`,
  )
}

/** @returns the exit code */
async function simulate({ address, faults, knobs, dialect, verbose }: Plan): Promise<number> {
  const modem = new VirtualModem({ network: tcpNetwork(), knobs, dialect: dialect === 'sim900' ? sim900 : sim800 })
  let socket: Served
  try {
    socket = await serve(modem, address)
    process.stdout.write(introduction(socket.path, address, modem.knobs.model))
  } catch (error) {
    process.stderr.write(`cipbridge simulate: ${reasonFor(error, address)}\n`)
    return EXIT.unavailable
  }
  const endWatch = verbose ? watchModem(modem, tell) : (): void => undefined
  const endFaults = playFaults(modem, faults, tell)
  await interruption()
  await socket.close()
  endFaults()
  endWatch()
  modem.power.off()
  return EXIT.good
}

interface Served {
  /** What programs open. */
  readonly path: string
  close(): Promise<void>
}

/** Rejects with the system's error. */
async function serve(modem: VirtualModem, address: Address): Promise<Served> {
  if ('port' in address) {
    const socket = await serveTcp(modem, address.host, address.port)
    return { path: formatListen(socket), close: () => socket.close() }
  }
  const { link } = address
  const socket = await servePty(modem, link, (path) => tell(`  back at ${path}`))
  return { path: link ?? socket.path, close: () => socket.close() }
}

function reasonFor(error: unknown, address: Address): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EEXIST' && 'link' in address) return `${address.link ?? ''} is there and no link: it is not replaced`
  return message
}

function introduction(path: string, address: Address, model: string): string {
  const lines =
    'port' in address
      ? [`${model} at ${path}`, `  talk to it:    nc ${address.host} ${address.port}   (AT, Enter)`]
      : [
          `${model} at ${path}`,
          `  the daemon:    line: { device: ${path} }   in its configuration`,
          `  talk to it:    socat -,raw,echo=0,escape=0x1d ${path},raw,echo=0   (AT, Enter; Ctrl-] leaves)`,
        ]
  return [...lines, '  it dials real TCP from this machine; Ctrl-C ends it', ''].join('\n')
}

function tell(text: string): void {
  process.stdout.write(`${wallClock().toISOString().slice(11, 23)} ${text}\n`)
}

/** Resolves at Ctrl-C or SIGTERM; at the second the process is gone. */
function interruption(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (): void => {
      if (asked) process.exit(EXIT.temporary)
      asked = true
      resolve()
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  })
}
