/** The results as one table, in Markdown. */
import { judge, type Measured, type Results } from './results.ts'
import { ROWS, type Target } from './rows.ts'

export function tableOf(results: Results): string {
  const rows = Object.keys(ROWS).flatMap((row) => {
    const measured = results.rows[row]
    return measured === undefined || measured.ours.length === 0 ? [] : [line(row, measured)]
  })
  const peers = results.missing.length === 0 ? '' : `; not installed: ${results.missing.join(', ')}`
  return [
    '| figure | measured (spread) | beside it | ratio | target | |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `Measured on ${results.machine}, Node ${results.node}${peers}. The median of the repetitions, their spread behind it;`,
    'the ratio is taken to socat, or to bare Node, in the same run and in turn.',
  ].join('\n')
}

function line(row: string, measured: Measured): string {
  const { title, unit, target } = ROWS[row] ?? { title: row, unit: '' }
  const { figure, ratio, met } = judge(row, measured)
  const beside = Object.entries(measured.peers).map(([peer, values]) => `${peer} ${spread(values)}`)
  const verdict = met === undefined ? '' : met ? '✓' : '✗'
  const cells = [
    `${title}, ${unit}`,
    `${short(figure)} ${spreadOnly(measured.ours)}`.trim(),
    beside.join(', '),
    ratio === undefined ? '' : ratio.toFixed(2),
    wanted(target),
    verdict,
  ]
  return `| ${cells.join(' | ')} |`
}

function wanted(target: Target | undefined): string {
  if (!target) return ''
  const sign = target.most === undefined ? '≥' : '≤'
  return `${sign} ${target.most ?? target.least ?? ''}${target.of === 'ratio' ? ' ×' : ''}`
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return `${short(sorted[Math.floor(sorted.length / 2)] ?? 0)} ${spreadOnly(values)}`.trim()
}

function spreadOnly(values: readonly number[]): string {
  return values.length < 2 ? '' : `(${short(Math.min(...values))}–${short(Math.max(...values))})`
}

/** Three digits. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}
