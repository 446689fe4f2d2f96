/** Reset pin, power key and power command of the modem: what helps a modem that no longer listens. */
import type { Config } from '../config/schema.ts'
import { runProgram } from '../core/program.ts'
import { reasonOf, sleep } from '../core/time.ts'
import type { GpioLine, OpenGpio } from './gpio-line.ts'

/** What can be done to the power, weakest first. */
export const POWER_MEANS = ['reset', 'powerKey', 'command'] as const
export type PowerMeans = (typeof POWER_MEANS)[number]
export type PowerPin = Exclude<PowerMeans, 'command'>

/** Longest run of `modem.power.command`, in ms: a relay or a USB hub needs seconds. */
const COMMAND_LIMIT_MS = 60_000

/** A modem that was on is off after the first press of its key, and on after the second. */
const FIRST_AIDS = 2

/** Told what is done, and what cannot be done and why. */
export type OnPower = (level: 'info' | 'warn', message: string) => void

/**
 * The lines are held from `open` to `close`, switched off: what is wrong with them shows at the start and not in the
 * night they are needed, and nobody else can press the key of a running modem.
 */
export class Power {
  readonly #config: Config['modem']['power']
  readonly #openGpio: OpenGpio
  readonly #tell: OnPower
  readonly #lines = new Map<PowerPin, GpioLine>()
  readonly #problems = new Map<PowerPin, string>()
  /** How often one of the means was used in this row of failures: each time it is the next one's turn. */
  used = 0
  #aids = FIRST_AIDS

  constructor(config: Config['modem']['power'], openGpio: OpenGpio, tell: OnPower) {
    this.#config = config
    this.#openGpio = openGpio
    this.#tell = tell
  }

  /** What is configured, weakest first. */
  get means(): readonly PowerMeans[] {
    const { reset, powerKey, command } = this.#config
    const wanted = { reset: reset !== undefined, powerKey: powerKey !== undefined, command: (command ?? []).length > 0 }
    return POWER_MEANS.filter((means) => wanted[means])
  }

  /** Whether the power key may be all that it takes: nothing was heard of the modem yet, or it said good-bye. */
  get mayBeOff(): boolean {
    return this.#aids > 0 && this.#config.powerKey !== undefined
  }

  /** The modem answers. */
  noteAnswer(): void {
    this.#aids = 0
  }

  /** The modem says that it switches itself off. */
  noteGoodBye(): void {
    this.#aids = FIRST_AIDS
  }

  /** The key was pressed for a modem that may be off. */
  noteFirstAid(): void {
    this.#aids -= 1
  }

  /** Takes the lines that are not held yet. */
  open(): void {
    this.#line('reset')
    this.#line('powerKey')
  }

  close(): void {
    for (const line of this.#lines.values()) line.close()
    this.#lines.clear()
  }

  /**
   * Holds a pin on for `ms` milliseconds; it is let go whatever happens.
   * @returns false if there is no such wire
   */
  async pulse(pin: PowerPin, ms: number, signal: AbortSignal): Promise<boolean> {
    const line = this.#line(pin)
    if (!line) return false
    this.#tell('info', `modem.power.${pin} is on for ${ms} ms`)
    try {
      line.write(true)
      await sleep(ms, signal)
    } catch (error) {
      if (signal.aborted) throw reasonOf(signal)
      this.#give(pin, error)
      return false
    } finally {
      this.#release(pin, line)
    }
    return true
  }

  /** Runs the command to its end. @returns whether it succeeded */
  async command(signal: AbortSignal): Promise<boolean> {
    const words = this.#config.command
    if (!words) return false
    this.#tell('info', `modem.power.command runs: ${words.join(' ')}`)
    const { succeeded, outcome, lastLine } = await runProgram(words, COMMAND_LIMIT_MS, signal)
    const said = lastLine === '' ? '' : `: ${lastLine}`
    this.#tell(succeeded ? 'info' : 'warn', `modem.power.command ${outcome}${said}`)
    return succeeded
  }

  #line(pin: PowerPin): GpioLine | undefined {
    const wanted = this.#config[pin]
    if (!wanted) return undefined
    const held = this.#lines.get(pin)
    if (held) return held
    try {
      const line = this.#openGpio(wanted, 'output-off')
      this.#lines.set(pin, line)
      this.#problems.delete(pin)
      return line
    } catch (error) {
      this.#complain(pin, error)
      return undefined
    }
  }

  #release(pin: PowerPin, line: GpioLine): void {
    try {
      line.write(false)
    } catch (error) {
      this.#give(pin, error)
    }
  }

  /** The chip went away under the line; it may come back. */
  #give(pin: PowerPin, error: unknown): void {
    this.#lines.get(pin)?.close()
    this.#lines.delete(pin)
    this.#complain(pin, error)
  }

  /** The same complaint is made once. */
  #complain(pin: PowerPin, error: unknown): void {
    const { message } = error as Error
    if (this.#problems.get(pin) === message) return
    this.#problems.set(pin, message)
    this.#tell('warn', `modem.power.${pin} cannot be used: ${message}`)
  }
}
