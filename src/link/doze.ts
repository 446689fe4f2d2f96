/** Dozing: between sessions the modem sleeps while DTR is off, where that wire is there and `modem.sleep` wants it. */
import { sleepByDtr } from '../at/sleep.ts'
import type { Journal } from '../core/log.ts'
import { now, sleep } from '../core/time.ts'
import { CommandFault } from '../dte/command-fault.ts'
import { say, settle } from '../dte/dialogue.ts'
import type { Dte } from '../dte/dte.ts'

/** DTR is on for 50 ms before the modem hears again (app note 6, modem-facts 5); some more is for the wire. */
const WAKE_MS = 100

/** What dozing needs to know of the modem. */
export interface Dozing {
  /** Whether DTR can be driven. */
  readonly hasDtr: boolean
  /** The modem may be asleep: it hears nothing. */
  asleep: boolean
}

export class Doze {
  readonly #wanted: boolean
  readonly #facts: Dozing
  readonly #journal: Journal
  /** It was told to sleep whenever DTR is off. */
  #armed = false
  /** It was told once that there is no sleep here. */
  #told = false
  #refused = false

  constructor(wanted: boolean, facts: Dozing, journal: Journal) {
    this.#wanted = wanted
    this.#facts = facts
    this.#journal = journal
  }

  /** Whether the modem sleeps when nobody needs it. */
  get possible(): boolean {
    return this.#wanted && this.#facts.hasDtr && !this.#refused
  }

  /** Nobody needs the modem. @throws Fault no-answer */
  async begin(dte: Dte, signal: AbortSignal): Promise<void> {
    if (this.#facts.asleep || !this.#wanted) return
    if (!this.possible) {
      if (!this.#told && !this.#facts.hasDtr) this.#tell('modem.sleep has no wire: no DTR can be driven here')
      return
    }
    if (!this.#armed && !(await this.#arm(dte, signal))) return
    this.#facts.asleep = true
    await dte.line.setSignals({ dtr: false })
    this.#journal.tell('debug', 'sleep', 'the modem may sleep')
  }

  /** Somebody needs it: afterwards it hears, for it has answered. @throws Fault no-answer */
  async rouse(dte: Dte, signal: AbortSignal): Promise<void> {
    if (!this.#facts.asleep) return
    await this.end(dte)
    // A dial that it does not hear would be waited for much longer.
    await settle(dte, signal)
  }

  /** DTR is on again, and has been for long enough. */
  async end(dte: Dte | undefined): Promise<void> {
    if (!this.#facts.asleep) return
    this.#facts.asleep = false
    await dte?.line.setSignals({ dtr: true })
    const since = now()
    await sleep(WAKE_MS)
    this.#journal.tell('debug', 'sleep', 'awake', { durationMs: Math.round(now() - since) })
  }

  /** The modem is looked for: it may have restarted. */
  forget(): void {
    this.#armed = false
  }

  /** The daemon goes: whoever comes next may have no DTR. */
  async leave(dte: Dte, signal: AbortSignal): Promise<void> {
    if (!this.#armed) return
    this.#armed = false
    await say(dte, sleepByDtr(false), signal)
  }

  async #arm(dte: Dte, signal: AbortSignal): Promise<boolean> {
    try {
      await say(dte, sleepByDtr(true), signal)
      this.#armed = true
    } catch (error) {
      if (!(error instanceof CommandFault)) throw error
      this.#refused = true
      this.#tell('the modem refuses AT+CSCLK=1: it does not sleep')
    }
    return this.#armed
  }

  #tell(why: string): void {
    this.#told = true
    this.#journal.tell('warn', 'sleep', why)
  }
}
