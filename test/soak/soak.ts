/**
 * The soak: weeks of link life in virtual time, life after life, each from its own seed.
 *   SOAK_FAULTS=100000 SOAK_SEED=1 node dist/soak.mjs [--seed N --life K]
 */
import { Figures } from './figures.ts'
import { Heap, MOST_GROWTH_PER_LIFE } from './heap.ts'
import { Life } from './life.ts'

const ROUNDS = 25
/** In lives. */
const LOOK_EVERY = 10
const given = (name: string): number | undefined => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : Number(process.argv[at + 1])
}
const seed = given('seed') ?? Number(process.env.SOAK_SEED ?? 1)
const only = given('life')
const wanted = Number(process.env.SOAK_FAULTS ?? 100_000)
/** Real time after which no further life begins. */
const minutes = Number(process.env.SOAK_MINUTES ?? Number.POSITIVE_INFINITY)
const failures = Number(process.env.SOAK_FAILURES ?? 1)

async function soak(): Promise<boolean> {
  const figures = new Figures()
  const started = performance.now()
  const heap = new Heap()
  let failed = 0
  for (let life = only ?? 1; figures.faults < wanted && performance.now() - started < minutes * 60_000; life += 1) {
    if (!(await lived(life, figures))) failed += 1
    if (only !== undefined || failed >= failures) break
    if (life % LOOK_EVERY === 0) {
      const bytes = heap.look(life)
      if (process.env.SOAK_QUIET === undefined)
        process.stdout.write(`life ${life}: ${figures.faults} faults, heap ${mega(bytes)}\n`)
    }
  }
  process.stdout.write(`${figures.report(performance.now() - started)}\n`)
  const grows = heap.growth > MOST_GROWTH_PER_LIFE
  process.stdout.write(`heap ${grows ? 'GROWS by' : 'changes by'} ${Math.round(heap.growth / 1024)} KiB a life\n`)
  return failed === 0 && !grows
}

async function lived(number: number, figures: Figures): Promise<boolean> {
  const life = new Life({ seed, life: number, rounds: ROUNDS }, figures)
  try {
    await life.run()
    return true
  } catch (error) {
    process.stdout.write(
      `\n${life.setup}\n${life.lastLines.join('\n')}\n\nseed ${seed} life ${number}: ${String(error)}\n`,
    )
    if (error instanceof Error && error.constructor === TypeError) process.stdout.write(`${error.stack ?? ''}\n`)
    process.stdout.write(`again with: node dist/soak.mjs --seed ${seed} --life ${number}\n`)
    figures.conversations = []
    return false
  }
}

function mega(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}

process.exitCode = (await soak()) ? 0 : 1
