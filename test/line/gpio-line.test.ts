/** GPIO lines of the kernel: what is wrong with one is said in words. A real chip is tried in the lab's VM. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasNative } from '../../src/core/native.ts'
import { readGpio, takeGpioEdges, writeGpio } from '../../src/core/native-gpio.ts'
import { type GpioUse, openGpioLine } from '../../src/line/gpio-line.ts'

const USES: readonly GpioUse[] = ['input', 'pulses', 'output-on', 'output-off']
const at = (chip: string): { chip: string; line: number; activeLow: boolean } => ({ chip, line: 3, activeLow: true })

test.each(USES)('a chip that is not there (%s)', (use) => {
  expect(() => openGpioLine(at('/dev/gpiochip77'), use)).toThrow('there is no GPIO chip /dev/gpiochip77')
})

test.runIf(hasNative()).each(USES)('a file that is no chip (%s)', (use) => {
  const folder = mkdtempSync(join(tmpdir(), 'cipbridge-gpio-'))
  const path = join(folder, 'chip')
  writeFileSync(path, '')
  try {
    expect(() => openGpioLine(at(path), use)).toThrow(`${path} is no GPIO chip`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.runIf(process.getuid?.() !== 0)('a chip that one may not use', () => {
  expect(() => openGpioLine(at('/dev/mem'), 'input')).toThrow('add the user to the group gpio')
})

test.runIf(hasNative())('a descriptor that is no line any more throws, and is no crash', () => {
  const fd = openSync('/dev/null', 'r')
  try {
    expect(() => readGpio(fd)).toThrow('GPIO_V2_LINE_GET_VALUES: ENOTTY')
    expect(() => writeGpio(fd, true)).toThrow('GPIO_V2_LINE_SET_VALUES: ENOTTY')
    expect(takeGpioEdges(fd)).toBe(0)
  } finally {
    closeSync(fd)
  }
})
