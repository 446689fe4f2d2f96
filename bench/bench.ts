/**
 * Measures the product: `npm run bench` for figures, `npm run bench -- --quick` to see that everything works. It fails on
 * wrong bytes and broken function, never on a clock.
 *   --out FILE   where the results go (default dist/bench.json)
 *   --only NAME  one of the workloads below; the figures of the others stay as they are in FILE
 *   --run MIN    minutes of the run at full load
 */
import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hasNative } from '../src/core/native.ts'
import { now } from '../src/core/time.ts'
import { missingPeers } from './bridges.ts'
import { copies, garbage } from './copy.ts'
import { type Effort, FULL, QUICK } from './effort.ts'
import { growth, lifeCycle } from './life-cycle.ts'
import { lineRates } from './line-rates.ts'
import { liveSessions } from './live-sessions.ts'
import { realRun, virtualDay } from './memory-over-time.ts'
import { recoveryRows } from './recovery.ts'
import { newResults, type Results, readResults, record } from './results.ts'
import { tableOf } from './table.ts'

const WORKLOADS: Readonly<Record<string, (results: Results, effort: Effort) => Promise<void>>> = {
  copies,
  garbage,
  lifeCycle,
  growth,
  lineRates,
  liveSessions,
  realRun,
  // The last two replace the timers of this process.
  virtualDay,
  recovery,
}

async function recovery(results: Results): Promise<void> {
  const rows = await recoveryRows()
  for (const { ratio } of rows) record(results, 'recovery', 'cipbridge', ratio)
  results.series.recovery = rows.map(({ fault, wires, offlineMs, modemMs, pausesMs }) => ({
    name: `${fault}${wires ? '' : ', no wires'}`,
    points: [[modemMs + pausesMs, offlineMs]],
  }))
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: 'dist/bench.json' },
    only: { type: 'string' },
    run: { type: 'string' },
  },
})

const base = values.quick ? QUICK : FULL
const effort: Effort = values.run === undefined ? base : { ...base, runMs: Number(values.run) * 60_000 }
const results = newResults(missingPeers())
if (!hasNative()) throw new Error('the bench needs the optional package koffi')
for (const peer of results.missing) process.stdout.write(`not installed, so not compared with: ${peer}\n`)
for (const [name, work] of Object.entries(WORKLOADS)) {
  if (values.only !== undefined && values.only !== name) continue
  const since = now()
  await work(results, effort)
  process.stdout.write(`${name.padEnd(14)} ${((now() - since) / 1000).toFixed(0)} s\n`)
}
const before = values.only === undefined || !existsSync(values.out) ? undefined : readResults(values.out)
const all = { ...results, rows: { ...before?.rows, ...results.rows }, series: { ...before?.series, ...results.series } }
writeFileSync(values.out, `${JSON.stringify(all)}\n`)
process.stdout.write(`\n${tableOf(all)}\n\nin ${values.out}\n`)
