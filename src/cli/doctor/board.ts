/**
 * Which board this is, and what is behind a tty of it. The names of the UARTs and what the firmware reads stand in
 * Raspberry Pi's documentation, "Configure UARTs", and in the README of the device tree overlays.
 */
import { basename } from 'node:path'
import type { Machine } from './machine.ts'

/** How the header's UART is named and switched on a family of boards. */
export type Family = 'pi5' | 'pi' | 'other'

export interface Board {
  readonly family: Family
  /** `Raspberry Pi 4 Model B Rev 1.4`; undefined where there is no device tree. */
  readonly model: string | undefined
}

/** What is behind a tty. */
export type Uart =
  /** PL011 at GPIO 14/15: the good one. */
  | 'pl011'
  /** The mini UART at GPIO 14/15: its rate hangs on the clock of the core. */
  | 'mini'
  /** The PL011 leads to the Bluetooth chip. */
  | 'bluetooth'
  /** The debug connector of a Pi 5, between the HDMI sockets: not the header. */
  | 'debug'
  /** One of the further UARTs of a Pi 4 or 5. */
  | 'extra'
  | 'usb'
  | 'pseudo'
  | 'other'

export function boardOf(machine: Machine): Board {
  const model = machine.text('/proc/device-tree/model')
  if (model === undefined || !model.startsWith('Raspberry Pi')) return { family: 'other', model }
  return { family: /Raspberry Pi (5|500|Compute Module 5)\b/.test(model) ? 'pi5' : 'pi', model }
}

/** @param path of the tty, symlinks followed */
export function uartOf(machine: Machine, { family }: Board, path: string): Uart {
  const name = basename(path)
  if (path.startsWith('/dev/pts/')) return 'pseudo'
  if (/^tty(USB|ACM)\d/.test(name)) return 'usb'
  if (family === 'other') return 'other'
  if (name === 'ttyAMA10') return 'debug'
  if (/^ttyAMA[1-9]/.test(name)) return 'extra'
  if (name === 'ttyS0') return 'mini'
  if (name !== 'ttyAMA0') return 'other'
  // The second of the two is the one that the Bluetooth chip has.
  return family === 'pi' && machine.real('/dev/serial1') === path ? 'bluetooth' : 'pl011'
}

/** What config.txt says, as far as it counts for this board. */
export class BootConfig {
  /** undefined: there is none. */
  readonly path: string | undefined
  readonly #lines: readonly string[]

  constructor(machine: Machine, { model = '' }: Board) {
    this.path = ['/boot/firmware/config.txt', '/boot/config.txt'].find(
      (path) => machine.text(path)?.includes('DO NOT EDIT') === false,
    )
    this.#lines = this.path === undefined ? [] : countedLines(machine.text(this.path) ?? '', model)
  }

  /** Whether a line matches; blanks and comments are gone from it. */
  has(pattern: RegExp): boolean {
    return this.#lines.some((line) => pattern.test(line))
  }
}

/** What a section in brackets asks of the board; what is not listed here is taken not to be met. */
const FILTERS: Readonly<Record<string, RegExp>> = {
  all: /^/,
  pi0: /Pi Zero/,
  pi0w: /Pi Zero( 2)? W/,
  pi02: /Pi Zero 2/,
  pi1: /Pi Model/,
  pi2: /Pi 2/,
  pi3: /Pi 3|Compute Module 3|Pi Zero 2/,
  'pi3+': /Pi 3.*Plus/,
  pi4: /Pi 4|Compute Module 4/,
  pi400: /Pi 400/,
  pi5: /Pi 5|Compute Module 5/,
  pi500: /Pi 500/,
  cm4: /Compute Module 4/,
  cm5: /Compute Module 5/,
}

function countedLines(text: string, model: string): string[] {
  let counts = true
  return text.split('\n').flatMap((raw) => {
    const line = raw.replace(/#.*/, '').replaceAll(/\s/g, '')
    const filter = /^\[(.*)\]$/.exec(line)?.[1]
    if (filter === undefined) return counts && line !== '' ? [line] : []
    counts = FILTERS[filter.toLowerCase()]?.test(model) ?? false
    return []
  })
}

/** cmdline.txt of the next boot. */
export function bootCommandLine(machine: Machine): { readonly path: string; readonly text: string } | undefined {
  const path = ['/boot/firmware/cmdline.txt', '/boot/cmdline.txt'].find(
    (file) => machine.text(file)?.includes('DO NOT EDIT') === false,
  )
  return path === undefined ? undefined : { path, text: machine.text(path) ?? '' }
}
