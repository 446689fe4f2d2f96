/** The daemon: link, bridge and front door of one configuration, from start to an orderly stop. */
import { Bridge } from '../bridge/bridge.ts'
import { FrontDoor } from '../bridge/front-door.ts'
import type { Config } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import type { OpenPort } from '../core/port.ts'
import { Link } from '../link/link.ts'

export class Daemon {
  readonly link: Link
  readonly bridge: Bridge
  readonly #frontDoor: FrontDoor
  readonly #bug: Promise<never>

  constructor(config: Config, openPort: OpenPort, journal: Journal) {
    let onBug: (error: unknown) => void = () => undefined
    this.#bug = new Promise<never>((_resolve, reject) => {
      onBug = reject
    })
    // Nobody may be waiting yet; `run` does.
    this.#bug.catch(() => undefined)
    this.link = new Link(config, openPort, journal)
    this.bridge = new Bridge(config, this.link, journal, onBug)
    this.#frontDoor = new FrontDoor(this.bridge, this.link, journal, onBug)
  }

  /**
   * Runs until `stop`.
   * @throws Fault config-invalid if a listener cannot be had; anything else is a bug
   */
  async run(): Promise<void> {
    await this.#frontDoor.rehearse()
    await Promise.race([this.link.run(), this.#bug])
    await this.#frontDoor.shut()
    await this.bridge.allOver()
  }

  /** Hangs up in order; `run` returns when all is over. */
  stop(): void {
    this.link.stop()
  }
}
