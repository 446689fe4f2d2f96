import { expect, test, vi } from 'vitest'

vi.mock('node:module', () => ({
  createRequire: () => () => {
    throw new Error("Cannot find module 'koffi'")
  },
}))

const { openGpioLine } = await import('../../src/line/gpio-line.ts')

test('without koffi a GPIO line says what is missing', () => {
  expect(() => openGpioLine({ chip: '/dev/null', line: 3, activeLow: false }, 'input')).toThrow(
    'line 3 of /dev/null: the optional package koffi is not installed (npm install koffi)',
  )
})
