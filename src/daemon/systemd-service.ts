/** The daemon as a service: what the service manager hears of it, and when it is told that the daemon lives. */
import type { Journal } from '../core/log.ts'
import { every, monotonicMicroseconds, soon, type Timer } from '../core/time.ts'
import type { Link } from '../link/link.ts'
import type { Status } from './status.ts'
import { statusLine } from './status-line.ts'
import type { ServiceManager } from './systemd.ts'

/** So often within the watchdog's time; sd_watchdog_enabled(3) advises two at least. */
const FEEDS = 3

/** What is looked at. */
export interface Served {
  readonly link: Link
  readonly status: Status
}

export class Service {
  readonly #manager: ServiceManager | undefined
  readonly #served: Served
  readonly #journal: Journal
  readonly #follow = (): void => this.#tellSoon()
  #watchdog: Timer | undefined
  #told = ''
  #due = false
  #over = false
  #starved = false

  /** @param manager undefined: nobody wants to know, and nothing here does anything */
  constructor(manager: ServiceManager | undefined, served: Served, journal: Journal) {
    this.#manager = manager
    this.#served = served
    this.#journal = journal
    if (!manager) return
    served.link.on('transition', this.#follow).on('usable', this.#follow)
    const { watchdogMs } = manager
    if (watchdogMs !== undefined) this.#watchdog = every(watchdogMs / FEEDS, () => this.#feed())
  }

  /**
   * The configuration is good and every listener can be had, or a reload is over, whatever came of it. The link is the
   * STATUS line's business.
   */
  ready(): void {
    this.#manager?.tell({ READY: '1', ...this.#statusIfNew() })
  }

  /** SIGHUP has come; `ready` must follow. */
  reloading(): void {
    this.#manager?.tell({ RELOADING: '1', MONOTONIC_USEC: String(monotonicMicroseconds()) })
  }

  stopping(): void {
    this.#manager?.tell({ STOPPING: '1', ...this.#statusIfNew() })
  }

  /** Nothing is told any more. */
  close(): void {
    this.#over = true
    this.#watchdog?.cancel()
    this.#served.link.off('transition', this.#follow).off('usable', this.#follow)
  }

  /** This timer shows that the event loop turns, the link that its state machine does. */
  #feed(): void {
    const { alive, state } = this.#served.link
    if (alive) this.#manager?.tell({ WATCHDOG: '1', ...this.#statusIfNew() })
    else if (!this.#starved) {
      this.#journal.tell('error', 'watchdog', `"${state}" does not get on: the watchdog is left to restart the daemon`)
    }
    this.#starved = !alive
  }

  /** Several things change in one moment: what is true after it is told. */
  #tellSoon(): void {
    if (this.#due) return
    this.#due = true
    soon(() => {
      this.#due = false
      const status = this.#statusIfNew()
      if (status.STATUS !== undefined && !this.#over) this.#manager?.tell(status)
    })
  }

  #statusIfNew(): { STATUS?: string } {
    const status = statusLine(this.#served.status)
    if (status === this.#told) return {}
    this.#told = status
    return { STATUS: status }
  }
}
