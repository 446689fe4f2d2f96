/**
 * The results of a run as the README's table, between its markers, and as plots in bench/figures/:
 *   npm run bench:report [-- RESULTS.json ...]
 * Of several runs the repetitions count together.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { plot } from './plot.ts'
import { mergedResults, type Results, readResults } from './results.ts'
import { tableOf } from './table.ts'

const README = 'README.md'
const FIGURES = 'bench/figures'
const MARKED = /<!-- figures -->[\s\S]*<!-- \/figures -->/

/** Whether figures of the plot are bare numbers or go over powers of ten. */
const PLOTS = {
  goodput: { title: 'Goodput, % of the line rate', x: 'baud', y: '%', logX: true },
  delay: { title: 'Delay of a byte beside the line’s own time', x: '% of the bytes', y: 'µs', logY: true },
  heap: { title: 'Heap over a day of virtual time', x: 'hour', y: 'MiB' },
  resident: { title: 'Resident memory at full load', x: 'minute', y: 'MiB' },
  recovery: {
    title: 'Time offline over the modem’s own times and wanted pauses',
    x: 'ms',
    y: 'ms',
    logX: true,
    logY: true,
  },
} as const

function report(results: Results): void {
  mkdirSync(FIGURES, { recursive: true })
  for (const [name, axes] of Object.entries(PLOTS)) {
    const series = results.series[name]
    if (series !== undefined) writeFileSync(`${FIGURES}/${name}.svg`, plot(series, axes))
  }
  const readme = readFileSync(README, 'utf8')
  if (!MARKED.test(readme)) throw new Error(`${README} has no place for the figures`)
  // A function: `$` in the text means nothing.
  const text = `<!-- figures -->\n${tableOf(results)}\n<!-- /figures -->`
  writeFileSync(
    README,
    readme.replace(MARKED, () => text),
  )
}

const files = process.argv.slice(2)
report(mergedResults((files.length > 0 ? files : ['dist/bench.json']).map(readResults)))
