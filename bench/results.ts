/** What was measured: figures of every repetition by row, series for the plots, and what comes of them. */
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { ROWS, type Target } from './rows.ts'

export interface Measured {
  /** One figure per repetition. */
  readonly ours: number[]
  /** Of the peers, taken in turn with ours. */
  readonly peers: Record<string, number[]>
}

/** A line of a plot. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Results {
  readonly machine: string
  readonly node: string
  readonly missing: readonly string[]
  readonly rows: Record<string, Measured>
  readonly series: Record<string, Series[]>
}

export function newResults(missing: readonly string[]): Results {
  const [cpu] = cpus()
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  return { machine, node: process.version, missing, rows: {}, series: {} }
}

/** One repetition of a row: ours, or a peer's. */
export function record(results: Results, row: string, who: string, value: number): void {
  if (ROWS[row] === undefined) throw new Error(`there is no row ${row}`)
  const measured = (results.rows[row] ??= { ours: [], peers: {} })
  if (who === 'cipbridge') measured.ours.push(value)
  else (measured.peers[who] ??= []).push(value)
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Ours by the peer's, each repetition by the peer's of the same round; undefined without a peer. */
export function ratioOf({ ours, peers }: Measured, peer: string | undefined): number | undefined {
  const theirs = peers[peer ?? ''] ?? []
  // Of a peer that needs nothing at all there are no multiples.
  if (theirs.length === 0 || median(theirs) === 0) return undefined
  return median(ours.map((value, round) => value / (theirs[round] ?? median(theirs))))
}

export interface Verdict {
  readonly figure: number
  readonly ratio: number | undefined
  /** undefined: there is no target, or no peer to compare with. */
  readonly met: boolean | undefined
}

export function judge(row: string, measured: Measured): Verdict {
  const kind = ROWS[row]
  const figure = median(measured.ours)
  const ratio = ratioOf(measured, kind?.against)
  return { figure, ratio, met: meets(kind?.target, figure, ratio) }
}

function meets(target: Target | undefined, figure: number, ratio: number | undefined): boolean | undefined {
  const value = target?.of === 'ratio' ? ratio : figure
  if (!target || value === undefined) return undefined
  return value <= (target.most ?? Number.POSITIVE_INFINITY) && value >= (target.least ?? Number.NEGATIVE_INFINITY)
}

/** Least squares: how much y grows per x; 0 of a single point. */
export function slope(points: Series['points']): number {
  const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / points.length
  const [x0, y0] = [mean(0), mean(1)]
  const over = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0)
  return over / (points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0) || 1)
}

export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results
}

/** Several runs as one with the repetitions of all; series are those of the last run that has them. */
export function mergedResults(runs: readonly Results[]): Results {
  const [first] = runs
  if (!first) throw new Error('there is no run to merge')
  const rows: Record<string, Measured> = {}
  for (const run of runs) {
    for (const [row, { ours, peers }] of Object.entries(run.rows)) {
      const all = (rows[row] ??= { ours: [], peers: {} })
      all.ours.push(...ours)
      for (const [peer, values] of Object.entries(peers)) (all.peers[peer] ??= []).push(...values)
    }
  }
  return { ...first, rows, series: Object.assign({}, ...runs.map(({ series }) => series)) as Results['series'] }
}
