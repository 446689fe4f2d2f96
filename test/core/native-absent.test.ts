import { describe, expect, it, vi } from 'vitest'

vi.mock('node:module', () => ({
  createRequire: () => () => {
    throw new Error("Cannot find module 'koffi'")
  },
}))

const native = await import('../../src/core/native.ts')

describe('without koffi', () => {
  it('everything says that it does not know', () => {
    expect(native.hasNative()).toBe(false)
    expect(native.ttySettings(0)).toBeUndefined()
    expect(native.queuedBytes(0)).toBeUndefined()
    expect(native.modemLines(0)).toBeUndefined()
    expect(native.driveLines(0, { dtr: true })).toBe(false)
    expect(native.keepLinesOnClose(0)).toBe(false)
  })

  it('what has no other way says what is missing', () => {
    expect(() => native.openPtyMaster()).toThrow('koffi is not installed')
    expect(() => native.duplicate(0)).toThrow('koffi is not installed')
  })
})
