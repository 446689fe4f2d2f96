/** The daemon: link, bridge, front door and control socket of one configuration, from start to an orderly stop. */
import { Bridge } from '../bridge/bridge.ts'
import { FrontDoor } from '../bridge/front-door.ts'
import type { Loaded } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { Memory } from '../core/memory.ts'
import type { OpenPort } from '../core/port.ts'
import { Link } from '../link/link.ts'
import { ControlServer } from './control-server.ts'
import { LineWatch } from './line-watch.ts'
import { Counters } from './metrics.ts'
import { familiesOf } from './metrics-families.ts'
import { MetricsServer } from './metrics-server.ts'
import { metricsText } from './metrics-text.ts'
import { changesBetween, describeChanges, describeProblems } from './reload.ts'
import { type Status, statusOf } from './status.ts'

/** Where a service keeps its state unless it is told otherwise (systemd.exec(5), StateDirectory=). */
const STATE_FOLDER = '/var/lib/cipbridge'

export class Daemon {
  readonly link: Link
  readonly bridge: Bridge
  readonly #started: Config
  readonly #journal: Journal
  readonly #memory: Memory
  readonly #watch: LineWatch
  readonly #frontDoor: FrontDoor
  readonly #control: ControlServer
  readonly #metrics: MetricsServer
  readonly #counters: Counters
  /** Told of an error that is no fault: `run` rejects with it. */
  readonly fail: (error: unknown) => void
  readonly #bug: Promise<never>
  /** What is in force, or will be as soon as there is no connection. */
  #config: Config
  /** Keys that wait for a restart. */
  #atStart: readonly string[] = []
  /** Why the last reload changed nothing; empty if it did. */
  #refusal = ''

  constructor(config: Config, openPort: OpenPort, journal: Journal) {
    let fail: (error: unknown) => void = () => undefined
    this.#bug = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    this.fail = fail
    // Nobody may be waiting yet; `run` does.
    this.#bug.catch(() => undefined)
    this.#started = config
    this.#config = config
    this.#journal = journal
    this.#memory = new Memory(stateFolder(config), journal)
    this.#watch = new LineWatch(config.log, stateFolder(config), journal)
    this.link = new Link(config, openPort, journal, this.#memory, undefined, this.#watch.tap)
    this.bridge = new Bridge(config, this.link, journal, fail)
    this.#frontDoor = new FrontDoor(this.bridge, this.link, journal, fail)
    this.#counters = new Counters(journal, this.link)
    const controlled = {
      status: () => this.status,
      metrics: () => this.metrics,
      ask: (command: string, gone: AbortSignal) => this.link.ask(command, gone),
      redial: () => this.link.redial(),
      reset: () => this.link.reset(),
    }
    this.#control = new ControlServer(config.control.socket, controlled, journal)
    this.#metrics = new MetricsServer(config.metrics, controlled, journal)
  }

  /** What it is doing, and why. */
  get status(): Status {
    const { trouble } = this.#frontDoor
    return statusOf(this.link, this.bridge, this.#counters.faults.list, { trouble, notice: this.#notice })
  }

  /** The same for Prometheus, with what was counted. */
  get metrics(): string {
    return metricsText(familiesOf(this.status, this.#counters))
  }

  /** How many follow its events over the control socket. */
  get eventReaders(): number {
    return this.#control.readers
  }

  /**
   * Runs until `stop`.
   * @param onReady called when it is sure that every listener can be had
   * @throws Fault config-invalid if a listener cannot be had, line-busy if another daemon has the control socket;
   * anything else is a bug
   */
  async run(onReady: () => void = () => undefined): Promise<void> {
    await this.#control.open()
    await this.#metrics.open()
    try {
      await this.#frontDoor.rehearse()
      onReady()
      await Promise.race([this.link.run(), this.#bug])
      await this.#frontDoor.shut()
      await this.bridge.allOver()
    } finally {
      this.#memory.close()
      this.#watch.close()
      await this.#metrics.close()
      await this.#control.close()
    }
  }

  /**
   * Goes over to another configuration. One with problems changes nothing, and every problem is told. Routes come and go
   * at once, sessions that are under way stay as they are; the link takes its settings as soon as there is no connection.
   */
  async reload(loaded: Loaded): Promise<void> {
    if ('problems' in loaded) {
      this.#refusal = describeProblems(loaded.problems)
      for (const problem of loaded.problems) this.#tellRefusal(formatProblem(problem))
      return
    }
    const { config } = loaded
    try {
      await this.#frontDoor.change(config.routes)
    } catch (error) {
      if (!isFault(error)) throw error
      this.#refusal = `reload refused: ${error.message}`
      this.#tellRefusal(error.message)
      return
    }
    const changes = changesBetween(this.#config, config, this.#started)
    this.#config = config
    this.#refusal = ''
    this.#atStart = changes.atStart
    this.#journal.level = config.log.level
    // Whoever takes callers was made at the start.
    this.link.reconfigure({ ...config, inbound: this.#started.inbound })
    this.bridge.makeWay()
    const waits = this.link.pending ? ' when the session under way is over' : ''
    this.#journal.tell('info', 'reload', `${describeChanges(changes)}${waits}`)
  }

  #tellRefusal(why: string): void {
    this.#journal.tell('error', 'reload', `nothing has changed: ${why}`, { fault: 'config-invalid' })
  }

  get #notice(): string {
    const waiting = this.link.pending ? 'new settings of the link wait for the end of the session' : ''
    const atStart = this.#atStart.length > 0 ? `${this.#atStart.join(', ')} changed: restart to apply` : ''
    return [this.#refusal, waiting, atStart].filter((text) => text !== '').join('; ')
  }

  /** Hangs up in order; `run` returns when all is over. */
  stop(): void {
    this.link.stop()
  }
}

/** Where what outlives a restart is kept: as configured, as systemd gives it, or in the usual place. */
export function stateFolder(config: Config): string {
  // systemd gives a list with colons if a unit asks for several.
  const [given = ''] = (process.env.STATE_DIRECTORY ?? '').split(':')
  return config.state.folder ?? (given === '' ? STATE_FOLDER : given)
}
