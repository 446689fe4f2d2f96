/** One GPIO line of this machine as a wire to the modem. What is wrong with it is said in words that a person can act on. */
import { closeSync } from 'node:fs'
import { gpioUser, readGpio, requestGpio, takeGpioEdges, writeGpio } from '../core/native-gpio.ts'

/** Which line, as the configuration names it. */
export interface GpioPin {
  readonly chip: string
  readonly line: number
  readonly activeLow: boolean
}

/** A line that is held by us. Levels are logical: `true` = on, whatever the voltage is. Every call is over in µs. */
export interface GpioLine {
  /** @throws Error if the chip is gone */
  read(): boolean
  /** Of an input for pulses: whether it is on, or was for a moment since the last call. @throws Error likewise */
  pulsed(): boolean
  /** Of an output. @throws Error likewise */
  write(on: boolean): void
  /** Lets the line go; the driver decides what becomes of an output's level. Idempotent. */
  close(): void
}

/** `pulses`: an input whose pulses may be shorter than the time between two looks; an output says its first level. */
export type GpioUse = 'input' | 'pulses' | 'output-on' | 'output-off'

/** Takes a line. @throws Error that says why it cannot be had */
export type OpenGpio = (pin: GpioPin, use: GpioUse) => GpioLine

const CONSUMER = 'cipbridge'

export const openGpioLine: OpenGpio = (pin, use) => {
  try {
    return new KernelLine(request(pin, use))
  } catch (error) {
    throw new Error(reasonFor(pin, error), { cause: error })
  }
}

interface Requested {
  readonly fd: number
  readonly countsEdges: boolean
}

function request({ chip, line, activeLow }: GpioPin, use: GpioUse): Requested {
  const wanted = { line, activeLow, consumer: CONSUMER }
  if (use === 'output-on' || use === 'output-off') {
    const initial = use === 'output-on'
    return { fd: requestGpio(chip, { ...wanted, direction: 'output', initial }), countsEdges: false }
  }
  if (use === 'pulses') {
    try {
      return { fd: requestGpio(chip, { ...wanted, direction: 'edges' }), countsEdges: true }
    } catch (error) {
      // A line without an interrupt: its level is all there is. What else is wrong with it shows below.
      if (!['ENXIO', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error))) throw error
    }
  }
  return { fd: requestGpio(chip, { ...wanted, direction: 'input' }), countsEdges: false }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

function reasonFor({ chip, line }: GpioPin, error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return `there is no GPIO chip ${chip}`
    case 'EACCES':
    case 'EPERM':
      return `permission denied on ${chip}: add the user to the group gpio`
    case 'EBUSY':
      return `line ${line} of ${chip} is used by ${userOf(chip, line)}`
    case 'EINVAL':
      return `${chip} has no line ${line} that can be used so`
    case 'ENOTTY':
      return `${chip} is no GPIO chip, or the kernel is older than 5.10`
    default:
      return `line ${line} of ${chip}: ${(error as Error).message}`
  }
}

function userOf(chip: string, line: number): string {
  try {
    return `"${gpioUser(chip, line) ?? 'nobody any more'}"`
  } catch {
    return 'another program or driver'
  }
}

class KernelLine implements GpioLine {
  readonly #countsEdges: boolean
  #fd: number | undefined

  constructor({ fd, countsEdges }: Requested) {
    this.#fd = fd
    this.#countsEdges = countsEdges
  }

  read(): boolean {
    return readGpio(this.#descriptor())
  }

  pulsed(): boolean {
    const fd = this.#descriptor()
    const edges = this.#countsEdges ? takeGpioEdges(fd) : 0
    return edges > 0 || readGpio(fd)
  }

  write(on: boolean): void {
    writeGpio(this.#descriptor(), on)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #descriptor(): number {
    if (this.#fd === undefined) throw new Error('the GPIO line was let go')
    return this.#fd
  }
}
