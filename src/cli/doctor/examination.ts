/** The whole examination, from the machine outwards; what stands in the way of a check is said in its place. */
import { DEFAULT_CONFIG_FILE, loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { configSchema } from '../../config/schema.ts'
import { Fault, isFault } from '../../core/fault.ts'
import { Journal } from '../../core/log.ts'
import { Memory } from '../../core/memory.ts'
import { stateFolder } from '../../daemon/daemon.ts'
import type { Status } from '../../daemon/status.ts'
import { PinTrials } from '../../link/pin-trials.ts'
import { VerbError } from '../control-client.ts'
import { type Board, boardOf } from './board.ts'
import { checkApn, checkContext, checkRoutes, checkRoutesOf, skipDials } from './context-checks.ts'
import { checkDaemon, checkLiveSession, checkPastSupply } from './daemon-checks.ts'
import { DaemonModem } from './daemon-modem.ts'
import { checkConsole, checkDevice, checkHolder, checkModemManager, checkPermission } from './device-checks.ts'
import { dialAlone, dialThroughDaemon } from './dial.ts'
import { type Finding, type Group, Notes } from './finding.ts'
import { checkBoard, checkConfig, checkNode } from './machine-checks.ts'
import { checkIdentity, checkNetwork, checkRate, checkSim, checkSupply } from './modem-checks.ts'
import { lookAtModem } from './port-checks.ts'
import { type Answers, type Interviewee, interview } from './questions.ts'
import { checkBoardSupply } from './supply-checks.ts'
import type { Surroundings } from './surroundings.ts'
import { checkPinConflicts, checkPins, checkUart } from './uart-checks.ts'

export interface Order {
  /** The configuration; undefined: the system's. */
  readonly file: string | undefined
  /** The control socket; undefined: that of the configuration. */
  readonly socket: string | undefined
  /** Dial each route once. */
  readonly dial: boolean
  /** Ask the modem beside a live session too, which holds its data for about two seconds. */
  readonly inSession: boolean
}

type NotesOf = Readonly<Record<Group, Notes>>

/** Looks at everything that can be looked at; each finding is told as soon as it is made. */
export async function examine(order: Order, around: Surroundings, tell: (finding: Finding) => void): Promise<void> {
  const of = (group: Group): Notes => new Notes(group, tell)
  const notes: NotesOf = {
    machine: of('machine'),
    line: of('line'),
    modem: of('modem'),
    network: of('network'),
    context: of('context'),
    supply: of('supply'),
  }
  const { machine } = around
  const board = boardOf(machine)
  const file = order.file ?? DEFAULT_CONFIG_FILE
  const loaded = loadConfig(file, process.env, 'elsewhere')
  checkNode(notes.machine, machine)
  checkBoard(notes.machine, board)
  checkConfig(notes.machine, file, loaded)
  const config = 'config' in loaded ? loaded.config : undefined
  const socket = order.socket ?? config?.control.socket ?? configSchema.shape.control.parse({}).socket
  const status = await checkDaemon(notes.machine, socket)
  if (config) await examineLink({ order, around, board, config, socket, status, notes })
  else notes.line.unchecked('device', 'needs a configuration without problems')
  checkBoardSupply(notes.supply, machine, board)
}

interface Case {
  readonly order: Order
  readonly around: Surroundings
  readonly board: Board
  readonly config: Config
  readonly socket: string
  readonly status: Status | undefined
  readonly notes: NotesOf
}

async function examineLink(it: Case): Promise<void> {
  const port = checkPort(it)
  if (it.status) await throughDaemon(it, it.status)
  else if ('path' in port) await alone(it, port.path)
  else {
    it.notes.modem.unchecked('answer', port.why)
    afterSilence(it, port.why)
  }
}

/** The tty if it is there, may be used, and nobody has it; else why not. */
type UsablePort = { readonly path: string } | { readonly why: string }

function checkPort({ around: { machine }, board, config, status, notes: { line: notes } }: Case): UsablePort {
  const { device, flowControl } = config.line
  if (device === 'virtual') {
    notes.good('device', 'virtual: the built-in modem', device)
    return { why: 'the built-in modem lives in the daemon only' }
  }
  const path = checkDevice(notes, machine, board, device)
  if (path === undefined) return { why: 'needs the device' }
  const uart = checkUart(notes, machine, board, path)
  checkPins(notes, machine, board, uart, flowControl)
  checkPinConflicts(notes, uart, config)
  checkConsole(notes, machine, path)
  checkModemManager(notes, machine, path, uart === 'usb')
  const allowed = checkPermission(notes, machine, path)
  const daemonHasIt = status !== undefined && status.fault !== 'line-busy' && status.fault !== 'line-missing'
  const taken = checkHolder(notes, machine, path, daemonHasIt)
  if (!allowed) return { why: 'needs the permission to use the device' }
  return taken ? { why: 'needs the device for itself: another program has it' } : { path }
}

/** No daemon: the doctor takes the port itself. */
async function alone(it: Case, path: string): Promise<void> {
  const { around, config, order, notes } = it
  const heard = await lookAtModem(notes.line, around, config, path)
  if (!heard) {
    notes.modem.unchecked('answer', 'nobody answers')
    afterSilence(it, 'needs a modem that answers')
    return
  }
  const { answers, voltageWarning } = heard
  checkIdentity(notes.modem, answers)
  const open = checkSim(notes.network, answers, config.modem.pin, pinTrials(config))
  checkNetwork(notes.network, answers, open)
  checkApn(notes.context, config)
  checkRoutes(notes.context, around.machine, config)
  if (order.dial) await dialAlone(notes.context, config, around.openPort, around.openGpio)
  else {
    checkContext(notes.context, answers.stack, null)
    skipDials(notes.context)
  }
  checkSupply(notes.supply, answers.supplyMv, voltageWarning)
}

/** What can be said of the configuration alone. */
function afterSilence({ around, config, notes }: Case, why: string): void {
  notes.network.unchecked('SIM', why)
  checkApn(notes.context, config)
  checkRoutes(notes.context, around.machine, config)
  skipDials(notes.context, why)
  notes.supply.unchecked('modem', why)
}

async function throughDaemon(it: Case, status: Status): Promise<void> {
  const { config, order, socket, notes } = it
  const live = status.routes.some(({ holder }) => holder !== null)
  const answers = live && !order.inSession ? undefined : await answersThrough(new DaemonModem(socket))
  if (answers instanceof Fault) {
    notes.modem.unchecked('answer', `the daemon cannot ask it now: ${answers.message}`)
    notes.network.unchecked('SIM', 'needs a modem that can be asked')
  } else if (!answers) checkLiveSession(notes, status)
  else {
    checkIdentity(notes.modem, answers)
    checkRate(notes.modem, config.line.baudRate, config, answers.rate)
    checkNetwork(notes.network, answers, checkSim(notes.network, answers, config.modem.pin, pinTrials(config)))
  }
  checkApn(notes.context, config)
  const stack = answers && !isFault(answers) ? answers.stack : live ? 'CONNECT OK' : 'IP INITIAL'
  checkRoutesOf(notes.context, status, config)
  checkContext(notes.context, stack, status.context.address)
  if (!order.dial) skipDials(notes.context)
  else if (live) skipDials(notes.context, 'a session is live: nobody else can dial now')
  else await dialThroughDaemon(notes.context, socket, config)
  if (answers && !isFault(answers)) checkSupply(notes.supply, answers.supplyMv, undefined)
  else {
    notes.supply.unchecked('modem', live ? 'a session is live; --in-session asks' : 'needs a modem that can be asked')
  }
  checkPastSupply(notes.supply, status)
}

async function answersThrough(modem: Interviewee): Promise<Answers | Fault> {
  try {
    return await interview(modem)
  } catch (error) {
    if (!(error instanceof VerbError)) throw error
    return new Fault('no-answer', error.message)
  }
}

/** What the daemon remembers of the PIN; not to be read, it knows of none. */
function pinTrials(config: Config): PinTrials {
  return new PinTrials(new Memory(stateFolder(config), new Journal('error', 'json', () => undefined)))
}
