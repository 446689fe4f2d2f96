/**
 * GPIO lines over the kernel's character device: version 2 of its interface (<linux/gpio.h>, kernel 5.10 and later), so
 * that no libgpiod is needed. Everything here throws a system error with its code, and an error of its own without koffi.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { control, unblock } from './native.ts'

/** How a line is requested. Levels are logical: `true` = on, whatever the voltage is. */
export interface GpioRequest {
  /** the number of the line on its chip */
  readonly line: number
  /** who is named to others as the user of the line; at most 31 bytes */
  readonly consumer: string
  readonly activeLow: boolean
  /** `edges`: an input that counts how often it goes on */
  readonly direction: 'input' | 'edges' | 'output'
  /** the level of an output from the first moment */
  readonly initial?: boolean
}

/** ioctl requests of <linux/gpio.h>: the same on x64, arm64 and armhf. */
const REQUEST = {
  lineInfo: 0xc100b405, // GPIO_V2_GET_LINEINFO_IOCTL
  line: 0xc250b407, // GPIO_V2_GET_LINE_IOCTL
  getValues: 0xc010b40e, // GPIO_V2_LINE_GET_VALUES_IOCTL
  setValues: 0xc010b40f, // GPIO_V2_LINE_SET_VALUES_IOCTL
} as const

/** enum gpio_v2_line_flag */
const FLAG = { used: 1, activeLow: 2, input: 4, output: 8, risingEdge: 16 } as const

/** struct gpio_v2_line_request, for one line with at most one attribute. */
const LINE = { bytes: 592, consumer: 256, flags: 288, attributeCount: 296, attribute: 320, lineCount: 560, fd: 588 }
/** struct gpio_v2_line_config_attribute */
const ATTRIBUTE = { id: 0, values: 8, mask: 16 } as const
const OUTPUT_VALUES = 2

/** struct gpio_v2_line_info */
const INFO = { bytes: 256, consumer: 32, consumerBytes: 32, offset: 64, flags: 72 } as const
/** struct gpio_v2_line_values: bits, and which of them count. */
const VALUES = { bytes: 16, bits: 0, mask: 8 } as const
/** struct gpio_v2_line_event, of which the kernel keeps 16 for a line. */
const EVENT_BYTES = 48
const EVENTS_KEPT = 16

/** Takes a line of the chip (`/dev/gpiochip0`) for as long as the descriptor that is returned stays open. */
export function requestGpio(chip: string, wanted: GpioRequest): number {
  const request = Buffer.alloc(LINE.bytes)
  request.writeUInt32LE(wanted.line, 0)
  request.write(wanted.consumer, LINE.consumer, 31, 'latin1')
  request.writeBigUInt64LE(BigInt(flagsOf(wanted)), LINE.flags)
  request.writeUInt32LE(1, LINE.lineCount)
  if (wanted.direction === 'output') {
    request.writeUInt32LE(1, LINE.attributeCount)
    request.writeUInt32LE(OUTPUT_VALUES, LINE.attribute + ATTRIBUTE.id)
    request.writeBigUInt64LE(wanted.initial ? 1n : 0n, LINE.attribute + ATTRIBUTE.values)
    request.writeBigUInt64LE(1n, LINE.attribute + ATTRIBUTE.mask)
  }
  withChip(chip, (fd) => control(fd, 'GPIO_V2_GET_LINE', REQUEST.line, request))
  const fd = request.readInt32LE(LINE.fd)
  if (wanted.direction === 'edges') unblockOrClose(fd)
  return fd
}

function flagsOf({ activeLow, direction }: GpioRequest): number {
  const way = direction === 'output' ? FLAG.output : FLAG.input
  return way | (activeLow ? FLAG.activeLow : 0) | (direction === 'edges' ? FLAG.risingEdge : 0)
}

function unblockOrClose(fd: number): void {
  try {
    unblock(fd)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Who uses the line now, by the name it gave; undefined if nobody does. */
export function gpioUser(chip: string, line: number): string | undefined {
  const info = Buffer.alloc(INFO.bytes)
  info.writeUInt32LE(line, INFO.offset)
  withChip(chip, (fd) => control(fd, 'GPIO_V2_GET_LINEINFO', REQUEST.lineInfo, info))
  if ((info.readBigUInt64LE(INFO.flags) & BigInt(FLAG.used)) === 0n) return undefined
  const name = info.toString('latin1', INFO.consumer, INFO.consumer + INFO.consumerBytes)
  return name.replace(/\0.*$/s, '')
}

function withChip(chip: string, use: (fd: number) => void): void {
  const fd = openSync(chip, constants.O_RDWR)
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
}

/** The level of a requested line; of an output, what it was set to. */
export function readGpio(fd: number): boolean {
  const values = Buffer.alloc(VALUES.bytes)
  values.writeBigUInt64LE(1n, VALUES.mask)
  control(fd, 'GPIO_V2_LINE_GET_VALUES', REQUEST.getValues, values)
  return (values.readBigUInt64LE(VALUES.bits) & 1n) === 1n
}

export function writeGpio(fd: number, on: boolean): void {
  const values = Buffer.alloc(VALUES.bytes)
  values.writeBigUInt64LE(on ? 1n : 0n, VALUES.bits)
  values.writeBigUInt64LE(1n, VALUES.mask)
  control(fd, 'GPIO_V2_LINE_SET_VALUES', REQUEST.setValues, values)
}

/** How often a line requested with `edges` went on since the last call, 16 at most; the kernel keeps count meanwhile. */
export function takeGpioEdges(fd: number): number {
  const events = Buffer.alloc(EVENT_BYTES * EVENTS_KEPT)
  try {
    return readSync(fd, events) / EVENT_BYTES
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}
