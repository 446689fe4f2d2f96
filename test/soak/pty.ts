/**
 * The soak in real time: the built daemon on real pseudo-terminals, several side by side.
 *   SOAK_FAULTS=1000 SOAK_SEED=1 SOAK_PAIRS=6 SOAK_MINUTES=60 node dist/soak-pty.mjs
 */
import { every, now } from '../../src/core/time.ts'
import { Figures } from './figures.ts'
import type { Daemon } from './pty-daemon.ts'
import { PtyLife } from './pty-life.ts'

const given = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const seed = given('SOAK_SEED', 1)
const faults = given('SOAK_FAULTS', 1_000)
const pairs = given('SOAK_PAIRS', 6)
const minutes = given('SOAK_MINUTES', 60)
const WEIGH_EVERY_MS = 5_000
/** A process grows while it is young. */
const YOUNG_MS = 120_000
const TELL_EVERY_MS = 60_000

async function soak(): Promise<boolean> {
  const figures = new Figures()
  const started = now()
  const lives: PtyLife[] = []
  let failed = 0
  const more = (): boolean => failed === 0 && figures.faults < faults && now() - started < minutes * 60_000
  const weighing = every(WEIGH_EVERY_MS, () => {
    for (const { world } of lives) world.daemon.weigh()
  })
  const telling = every(TELL_EVERY_MS, () => {
    process.stdout.write(`${Math.round((now() - started) / 1000)} s: ${figures.faults} faults\n`)
  })
  await Promise.all(
    Array.from({ length: pairs }, async (_, index) => {
      const life = await PtyLife.begin(
        { program: 'dist/main.js', seed, life: index + 1, killsDaemon: index % 2 === 1 },
        figures,
      )
      lives.push(life)
      try {
        await life.run(more)
      } catch (error) {
        failed += 1
        process.stdout.write(`\n${life.world.log.join('\n')}\n\nseed ${seed} life ${index + 1}: ${String(error)}\n`)
        if (error instanceof TypeError) process.stdout.write(`${error.stack ?? ''}\n`)
      }
    }),
  )
  weighing.cancel()
  telling.cancel()
  process.stdout.write(`${figures.report(now() - started)}\n${memory(lives.flatMap(({ world }) => world.daemons))}\n`)
  return failed === 0
}

/** How memory went with the processes that grew old: by least squares over everything but their youth. */
function memory(daemons: readonly Daemon[]): string {
  const old = daemons
    .map(({ resident }) => resident.filter(({ at }) => at >= YOUNG_MS))
    .filter((samples) => samples.length >= 10)
  const lines = old.map((samples) => {
    const mean = (of: (sample: (typeof samples)[number]) => number): number =>
      samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
    const [at, size] = [mean((sample) => sample.at), mean((sample) => sample.kibibytes)]
    const slope =
      mean((sample) => (sample.at - at) * (sample.kibibytes - size)) /
      Math.max(
        1,
        mean((sample) => (sample.at - at) ** 2),
      )
    const age = Math.round((samples.at(-1)?.at ?? 0) / 1000)
    const most = Math.max(...samples.map(({ kibibytes }) => kibibytes))
    return `  resident memory over ${age} s: ${mega(size)} on average, ${mega(most)} at most, slope ${((slope * 3_600_000) / 1024).toFixed(1)} MiB per hour`
  })
  return lines.length > 0 ? lines.join('\n') : '  no process became old enough for a curve of its memory'
}

function mega(kibibytes: number): string {
  return `${(kibibytes / 1024).toFixed(1)} MiB`
}

process.exitCode = (await soak()) ? 0 : 1
