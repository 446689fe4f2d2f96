/**
 * A look at the modem without the daemon: the port is taken as the daemon would take it, with its lock, and everything is
 * left as it was. Nothing is set in the modem. Where a connection may be alive, an escape comes before the first `AT`,
 * and `ATO` after the last; with DCD on, nothing is written at all.
 */
import type { AtCommand } from '../../at/command.ts'
import { attention } from '../../at/commands.ts'
import type { Config } from '../../config/schema.ts'
import { isFault } from '../../core/fault.ts'
import type { ModemSignals, OpenPort } from '../../core/port.ts'
import { CommandFault } from '../../dte/command-fault.ts'
import { resume, settle } from '../../dte/dialogue.ts'
import { Dte } from '../../dte/dte.ts'
import { escape } from '../../dte/escape.ts'
import type { OpenGpio } from '../../line/gpio-line.ts'
import { SerialLine } from '../../line/serial-line.ts'
import { type WireName, Wires } from '../../line/wires.ts'
import { type Interviewee, Refusal } from './questions.ts'

/** As the daemon looks for the modem: own rate first, the others by how often modems are found at them. */
const OTHER_RATES = [115_200, 9_600, 57_600, 38_400, 19_200, 460_800, 230_400, 4_800, 2_400, 1_200]
const TRIES_AT_OWN_RATE = 4
const TRIES_AT_OTHER_RATES = 2
const ANSWER_MS = 400
/** Question, echo and answer back and forth. */
const ANSWER_BYTES = 32
const ESCAPE_PATIENCE_MS = 500
const MOST_HEARD = 5

/** How the port was found. */
export interface Sight {
  /** undefined: this port has no lines to see. */
  readonly signals: ModemSignals | undefined
  /** Whether DCD is among them, by the configuration. */
  readonly hasDcd: boolean
  readonly missingWires: readonly string[]
}

export class PortLook implements Interviewee {
  readonly sight: Sight
  /** What nobody asked for, or no question of ours explains: the first lines of it. */
  readonly heard: string[]
  /** It was in data mode, with a connection that no program has. */
  wasInDataMode = false
  /** `UNDER-VOLTAGE WARNNING` and the like, if the modem says so meanwhile. */
  voltageWarning: string | undefined
  readonly #dte: Dte
  readonly #line: SerialLine
  readonly #config: Config
  #queue: Promise<unknown> = Promise.resolve()
  readonly #over = new AbortController()

  private constructor(config: Config, line: SerialLine, dte: Dte, sight: Sight, heard: string[]) {
    this.#config = config
    this.#line = line
    this.#dte = dte
    this.sight = sight
    this.heard = heard
    dte.on('urc', (urc) => {
      if (urc.kind === 'voltage-warning') this.voltageWarning = urc.line
    })
  }

  /**
   * Opens the port, without flow control: a missing CTS must not keep the doctor from asking.
   * @throws Fault line-missing, line-busy
   */
  static async open(config: Config, openPort: OpenPort, openGpio: OpenGpio): Promise<PortLook> {
    const missingWires: string[] = []
    const onMissing = (wire: WireName, reason: string): void => {
      missingWires.push(`line.${wire}: ${reason}`)
    }
    const wires = new Wires(config.line, openGpio, onMissing)
    const { device, baudRate } = config.line
    const line = await SerialLine.open(wires.over(openPort), device, { baudRate, flowControl: 'none' })
    const heard: string[] = []
    const received = (text: string): void => {
      if (heard.length < MOST_HEARD) heard.push(text)
    }
    const dte = new Dte(line, { sent: () => undefined, received })
    const sight = { signals: await line.signals(), hasDcd: wires.there.dcd, missingWires }
    return new PortLook(config, line, dte, sight, heard)
  }

  /** Goes back to a connection that was escaped. @returns whether everything is as it was */
  async goBack(): Promise<boolean> {
    if (!this.wasInDataMode || this.#line.gone) return true
    return resume(this.#dte).then(
      () => true,
      () => false,
    )
  }

  async close(): Promise<void> {
    this.#over.abort()
    await this.#line.close()
  }

  /**
   * Finds the modem. Only to be called with DCD off, or not seen: then an escape comes first.
   * @returns the rate that it answers at; undefined: at none
   * @throws Fault line-gone
   */
  async find(): Promise<number | undefined> {
    if (!this.sight.hasDcd && !(await this.#leaveDataMode())) return undefined
    const own = this.#config.line.baudRate
    if (await this.#answers(TRIES_AT_OWN_RATE)) return own
    for (const rate of OTHER_RATES.filter((other) => other !== own)) {
      await this.#line.setBaudRate(rate)
      if (await this.#answers(TRIES_AT_OTHER_RATES)) return rate
    }
    await this.#line.setBaudRate(own)
    return undefined
  }

  /** @returns whether an `AT` may be written: it is not where even the escape could not leave */
  async #leaveDataMode(): Promise<boolean> {
    const { guardTime } = this.#config.escape
    const options = { guardMs: guardTime, patienceMs: ESCAPE_PATIENCE_MS, backlogMs: ESCAPE_PATIENCE_MS }
    this.#dte.assumeDataMode()
    const escaped = await escape(this.#dte, { ...options, method: 'plus' }, this.#over.signal)
    this.wasInDataMode = escaped === 'answered'
    if (!this.wasInDataMode) this.#dte.endCarrier({ kind: 'hung-up', unacknowledged: null })
    return escaped !== 'stalled'
  }

  async #answers(times: number): Promise<boolean> {
    for (let attempt = 0; attempt < times; attempt += 1) {
      try {
        await this.#dte.execute(attention, undefined, ANSWER_MS + this.#line.lineTime(ANSWER_BYTES))
        await settle(this.#dte)
        return true
      } catch (error) {
        if (!isFault(error, 'no-answer', 'command-failed', 'modem-rebooted')) throw error
        await this.#line.discard()
      }
    }
    return false
  }

  /** One at a time, whoever asks; after a question without an answer the rest is not asked. */
  ask<T>(command: AtCommand<T>): Promise<T | Refusal> {
    const asked = this.#queue.then(() => this.#askNow(command))
    this.#queue = asked
    return asked
  }

  async #askNow<T>(command: AtCommand<T>): Promise<T | Refusal> {
    try {
      return await this.#dte.execute(command)
    } catch (error) {
      if (error instanceof CommandFault) return new Refusal(error.result)
      throw error
    }
  }
}
