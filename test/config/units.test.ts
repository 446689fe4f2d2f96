import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  LONGEST_DURATION,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from '../../src/config/units.ts'

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['0s', 0],
    ['1.5h', 5_400_000],
    ['1.1s', 1_100],
    ['576h', LONGEST_DURATION],
  ])('%s is %i ms', (text, value) => {
    expect(parseDuration(text)).toEqual({ value })
    expect(text).toMatch(new RegExp(DURATION_PATTERN))
  })

  test.each([
    ['30', 'has no unit'],
    ['0', 'has no unit'],
    ['30 s', 'has a space between number and unit'],
    ['3d', 'has the unknown unit "d"'],
    ['5S', 'has the unknown unit "S"'],
    ['0.5ms', 'is finer than a millisecond'],
    ['-5s', 'is not a duration'],
    ['1e3s', 'is not a duration'],
    ['', 'is not a duration'],
    ['5m30s', 'is not a duration'],
    ['577h', 'is longer than a timer can wait'],
    [`${'9'.repeat(400)}h`, 'is too large'],
  ])('%j %s', (text, problem) => {
    expect(parseDuration(text)).toEqual({ problem })
  })

  test('every duration is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_DURATION }), (value) => {
        expect(parseDuration(formatDuration(value))).toEqual({ value })
      }),
    )
  })

  test.each([
    [120_000, '2m'],
    [7_200_000, '2h'],
    [90_000, '90s'],
    [1_500, '1500ms'],
    [0, '0s'],
  ])('%i ms are written as %s', (value, text) => {
    expect(formatDuration(value)).toBe(text)
  })
})

describe('sizes', () => {
  test.each([
    ['512B', 512],
    ['64KiB', 65_536],
    ['20MB', 20_000_000],
    ['1.5kB', 1_500],
    ['2GiB', 2_147_483_648],
  ])('%s is %i bytes', (text, value) => {
    expect(parseSize(text)).toEqual({ value })
    expect(text).toMatch(new RegExp(SIZE_PATTERN))
  })

  test.each([
    ['64', 'has no unit'],
    ['64K', 'has the unknown unit "K"'],
    ['20mb', 'has the unknown unit "mb"'],
    ['0.5B', 'is finer than a byte'],
    ['many', 'is not a size'],
  ])('%j %s', (text, problem) => {
    expect(parseSize(text)).toEqual({ problem })
  })

  test('every size is read back as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(parseSize(formatSize(value))).toEqual({ value })
      }),
    )
  })
})

test('no text makes the readers of units throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseDuration(text)
      parseSize(text)
    }),
  )
})
