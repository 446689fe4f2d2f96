/** The daemon: link, bridge, front door and control socket of one configuration, from start to an orderly stop. */
import { Bridge } from '../bridge/bridge.ts'
import { FrontDoor } from '../bridge/front-door.ts'
import type { Config } from '../config/schema.ts'
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
import { type Status, statusOf } from './status.ts'

/** Where a service keeps its state unless it is told otherwise (systemd.exec(5), StateDirectory=). */
const STATE_FOLDER = '/var/lib/cipbridge'

export class Daemon {
  readonly link: Link
  readonly bridge: Bridge
  readonly #memory: Memory
  readonly #watch: LineWatch
  readonly #frontDoor: FrontDoor
  readonly #control: ControlServer
  readonly #metrics: MetricsServer
  readonly #counters: Counters
  readonly #bug: Promise<never>

  constructor(config: Config, openPort: OpenPort, journal: Journal) {
    let onBug: (error: unknown) => void = () => undefined
    this.#bug = new Promise<never>((_resolve, reject) => {
      onBug = reject
    })
    // Nobody may be waiting yet; `run` does.
    this.#bug.catch(() => undefined)
    this.#memory = new Memory(stateFolder(config), journal)
    this.#watch = new LineWatch(config.log, stateFolder(config), journal)
    this.link = new Link(config, openPort, journal, this.#memory, undefined, this.#watch.tap)
    this.bridge = new Bridge(config, this.link, journal, onBug)
    this.#frontDoor = new FrontDoor(this.bridge, this.link, journal, onBug)
    this.#counters = new Counters(journal, this.link)
    const controlled = {
      status: () => this.status,
      metrics: () => this.metrics,
      ask: (command: string) => this.link.ask(command),
      redial: () => this.link.redial(),
      reset: () => this.link.reset(),
    }
    this.#control = new ControlServer(config.control.socket, controlled, journal)
    this.#metrics = new MetricsServer(config.metrics, controlled, journal)
  }

  /** What it is doing, and why. */
  get status(): Status {
    return statusOf(this.link, this.bridge, this.#counters.faults.list, this.#frontDoor.trouble)
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
