/** A GPIO chip in memory whose lines lead to the pins of the virtual modem, which are all on at 0 V. */
import { now } from '../../src/core/time.ts'
import type { GpioLine, GpioPin, GpioUse, OpenGpio } from '../../src/line/gpio-line.ts'
import type { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'

/** Where the lines of the chip lead. */
export const LINE = { reset: 17, powerKey: 18, dcd: 22, dtr: 23, ri: 24, behindTransistor: 25 } as const
export const CHIP = '/dev/gpiochip0'

/** A line of the chip as the configuration names it. */
export function pin(name: keyof typeof LINE, activeLow = true): GpioPin {
  return { chip: CHIP, line: LINE[name], activeLow }
}

export interface Pulse {
  readonly line: keyof typeof LINE
  /** on `now()`'s clock */
  readonly at: number
  readonly ms: number
}

export class MemoryChip {
  readonly #modem: VirtualModem
  readonly #pressedAt = new Map<number, number>()
  /** Presses of reset pin and power key that are over. */
  readonly pulses: Pulse[] = []
  /** Lines that are held now, and for what. */
  readonly held = new Map<number, GpioUse>()
  /** Lines that cannot be had, and why. */
  readonly refused = new Map<number, string>()
  /** The chip is pulled out. */
  gone = false

  constructor(modem: VirtualModem) {
    this.#modem = modem
  }

  readonly open: OpenGpio = (wanted, use) => {
    const reason = this.refused.get(wanted.line)
    if (reason !== undefined) throw new Error(reason)
    if (this.held.has(wanted.line)) throw new Error(`line ${wanted.line} of ${wanted.chip} is used by "cipbridge"`)
    this.held.set(wanted.line, use)
    if (use === 'output-on' || use === 'output-off') this.#drive(wanted, use === 'output-on')
    return this.#line(wanted)
  }

  #line(wanted: GpioPin): GpioLine {
    return {
      read: () => this.#sense(wanted),
      pulsed: () => this.#sense(wanted),
      write: (on) => this.#drive(wanted, on),
      close: () => void this.held.delete(wanted.line),
    }
  }

  #sense({ line, activeLow }: GpioPin): boolean {
    if (this.gone) throw new Error('ENODEV')
    const { dcd, ri } = this.#modem.wire.lines
    const low = line === LINE.dcd ? dcd : line === LINE.ri ? ri : false
    return low === activeLow
  }

  #drive({ line, activeLow }: GpioPin, on: boolean): void {
    if (this.gone) throw new Error('ENODEV')
    const low = on === activeLow
    if (line === LINE.dtr) this.#modem.wire.setDtr(low)
    if (line === LINE.reset) this.#press('reset', low)
    if (line === LINE.powerKey) this.#press('powerKey', low)
    if (line === LINE.behindTransistor) this.#press('behindTransistor', !low)
  }

  #press(name: 'reset' | 'powerKey' | 'behindTransistor', pressed: boolean): void {
    const since = this.#pressedAt.get(LINE[name])
    if (pressed) this.#pressedAt.set(LINE[name], since ?? now())
    else this.#pressedAt.delete(LINE[name])
    if (!pressed && since !== undefined) this.pulses.push({ line: name, at: since, ms: now() - since })
    if (name === 'reset') this.#modem.power.setReset(pressed)
    else this.#modem.power.setKey(pressed)
  }
}
