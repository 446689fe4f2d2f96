import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Family, metricsText } from '../../src/daemon/metrics-text.ts'
import { readMetrics } from '../support/prometheus.ts'

const family = (labels: readonly string[], samples: Family['samples'], help = 'h'): Family => ({
  name: 'x_y',
  type: 'gauge',
  help,
  labels,
  samples,
})

test('a family is its help, its type and a line for each value', () => {
  expect(
    metricsText([
      family(
        ['a', 'b'],
        [
          { labels: ['1', '2'], value: 3 },
          { labels: ['"', '\\\n'], value: 0.5 },
        ],
        'what\\it\nis',
      ),
    ]),
  ).toBe('# HELP x_y what\\\\it\\nis\n# TYPE x_y gauge\nx_y{a="1",b="2"} 3\nx_y{a="\\"",b="\\\\\\n"} 0.5\n')
})

test('a family without values is left out', () => expect(metricsText([family([], [])])).toBe(''))

test('whatever stands in a label or is its value comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: false }),
      fc.string(),
      (a, b, value, help) => {
        const text = metricsText([family(['a', 'b'], [{ labels: [a, b], value }], help)])
        const read = readMetrics(text).get('x_y')
        expect(read?.samples).toEqual([{ name: 'x_y', labels: { a, b }, value: value === 0 ? 0 : value }])
      },
    ),
    { numRuns: 500 },
  )
})

describe('the reader takes nothing that Prometheus would not', () => {
  const head = '# HELP a_total b\n# TYPE a_total counter\n'
  test.each([
    ['no end', `${head}a_total 1`],
    ['no type', 'a_total 1\n'],
    ['no help', '# TYPE a_total counter\na_total 1\n'],
    ['a counter without _total', '# HELP a b\n# TYPE a counter\na 1\n'],
    ['a gauge with _total', '# HELP a_total b\n# TYPE a_total gauge\na_total 1\n'],
    ['a family that comes twice', `${head}a_total 1\n${head}a_total{b="c"} 1\n`],
    ['a sample that comes twice', `${head}a_total{b="c"} 1\na_total{b="c"} 2\n`],
    ['a sample of another family', `${head}b_total 1\n`],
    ['a bare quote', `${head}a_total{b="c"d"} 1\n`],
    ['an unknown escape', `${head}a_total{b="\\t"} 1\n`],
    ['a comma at the end', `${head}a_total{b="c",} 1\n`],
    ['a label twice', `${head}a_total{b="c",b="d"} 1\n`],
    ['no number', `${head}a_total one\n`],
    ['a count below zero', `${head}a_total -1\n`],
    ['a family without samples', head],
    ['an empty line', `${head}a_total 1\n\n`],
  ])('%s', (_what, text) => expect(() => readMetrics(text)).toThrow())
})
