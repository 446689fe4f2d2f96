/**
 * The control lines DCD, DTR and RI, wherever they lead over: the tty's own, a GPIO line, or none. They are laid over the
 * port, so that nobody above has to know.
 */
import type { Config } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'
import type { ModemSignals, OpenPort, Port, TerminalSignals } from '../core/port.ts'
import type { GpioLine, GpioPin, GpioUse, OpenGpio } from './gpio-line.ts'

export type WireName = 'dcd' | 'dtr' | 'ri'

/** Told why a wire that is configured cannot be used; it counts as not there. */
export type OnMissingWire = (wire: WireName, reason: string) => void

/** DTR is raised from the first moment on: a drop on the way would be an escape, or a hang-up (AT&D). */
const USE: Readonly<Record<WireName, GpioUse>> = { dcd: 'input', dtr: 'output-on', ri: 'pulses' }

/** The wires of one opening of the line. */
export class Wires {
  readonly #wanted: Config['line']
  readonly #openGpio: OpenGpio
  readonly #onMissing: OnMissingWire
  #there: Readonly<Record<WireName, boolean>> = { dcd: false, dtr: false, ri: false }

  constructor(wanted: Config['line'], openGpio: OpenGpio, onMissing: OnMissingWire) {
    this.#wanted = wanted
    this.#openGpio = openGpio
    this.#onMissing = onMissing
  }

  /** Which of them can be used; known once the port is open. */
  get there(): Readonly<Record<WireName, boolean>> {
    return this.#there
  }

  /** Ports as `openPort` opens them, with these wires. */
  over(openPort: OpenPort): OpenPort {
    return async (device, settings) => {
      const port = await openPort(device, settings)
      try {
        const own = await port.signals()
        const gpio = { dcd: this.#open('dcd'), dtr: this.#open('dtr'), ri: this.#open('ri') }
        this.#there = {
          dcd: gpio.dcd !== undefined || (this.#wanted.dcd === 'auto' && own !== undefined),
          dtr: gpio.dtr !== undefined || (this.#wanted.dtr === 'auto' && own !== undefined),
          ri: gpio.ri !== undefined || (this.#wanted.ri === 'auto' && own?.ri !== undefined),
        }
        return new WiredPort(port, gpio, this.#wanted.dtr === 'auto')
      } catch (error) {
        await port.close()
        throw error
      }
    }
  }

  #open(wire: WireName): GpioLine | undefined {
    const source: GpioPin | string = this.#wanted[wire]
    if (typeof source === 'string') return undefined
    try {
      return this.#openGpio(source, USE[wire])
    } catch (error) {
      this.#onMissing(wire, (error as Error).message)
      return undefined
    }
  }
}

class WiredPort implements Port {
  readonly stream: Port['stream']
  readonly #port: Port
  readonly #gpio: Readonly<Record<WireName, GpioLine | undefined>>
  readonly #drivesDtr: boolean

  constructor(port: Port, gpio: Readonly<Record<WireName, GpioLine | undefined>>, drivesDtr: boolean) {
    this.stream = port.stream
    this.#port = port
    this.#gpio = gpio
    this.#drivesDtr = drivesDtr
    // The GPIO lines go with the tty, however it goes.
    this.stream.once('close', () => this.#letGo())
  }

  async signals(): Promise<ModemSignals | undefined> {
    const own = await this.#port.signals()
    const { dcd, ri } = this.#gpio
    if (!dcd && !ri) return own
    // Where the tty has no lines, nothing is known of CTS and DSR: a modem that is there has them on.
    return sure(() => ({
      ...(own ?? { dcd: false, cts: true, dsr: true }),
      ...(dcd ? { dcd: dcd.read() } : {}),
      ...(ri ? { ri: ri.pulsed() } : {}),
    }))
  }

  async setSignals({ dtr, ...rest }: TerminalSignals): Promise<void> {
    const line = this.#gpio.dtr
    if (dtr !== undefined && line) sure(() => line.write(dtr))
    await this.#port.setSignals(dtr !== undefined && this.#drivesDtr ? { ...rest, dtr } : rest)
  }

  setBaudRate(baudRate: number): Promise<void> {
    return this.#port.setBaudRate(baudRate)
  }

  unsentBytes(): number | undefined {
    return this.#port.unsentBytes()
  }

  discard(): Promise<void> {
    return this.#port.discard()
  }

  async close(): Promise<void> {
    await this.#port.close()
    this.#letGo()
  }

  #letGo(): void {
    for (const line of Object.values(this.#gpio)) line?.close()
  }
}

/** A wire that vanishes with its chip: the line is opened anew, and then without it. */
function sure<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new Fault('line-gone', `a GPIO line cannot be used any more: ${(error as Error).message}`, { cause: error })
  }
}
