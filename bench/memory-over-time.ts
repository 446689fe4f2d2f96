/** Memory over a day of virtual time, and over a run of real time at full load. */
import { now, sleep } from '../src/core/time.ts'
import { Clock } from '../test/soak/clock.ts'
import { World } from '../test/soak/world.ts'
import { cipbridge } from './bridges.ts'
import type { Effort } from './effort.ts'
import { rssMib } from './process-cost.ts'
import { type Results, record, slope } from './results.ts'
import { PAYLOAD } from './yardstick.ts'

const HOUR_MS = 3_600_000
const SESSIONS_PER_HOUR = 12
const SESSION_BYTES = 20_000
/** Faults per hour; the whole life is lived once for each. */
const FAULT_RATES = [0, 4] as const

/** Replaces the timers of this process while it runs: nothing else may be under way. */
export async function virtualDay(results: Results, { hours }: Effort): Promise<void> {
  results.series.heap = []
  for (const faults of FAULT_RATES) {
    const points = await lived(hours, faults)
    results.series.heap.push({ name: faults === 0 ? 'no faults' : `${faults} faults an hour`, points })
    // What is compiled and cached in the first hours is no growth.
    const settled = points.slice(Math.floor(points.length / 3))
    record(results, 'slope-day', 'cipbridge', slope(settled) * 1024)
  }
}

/** @returns the heap after a full collection, in MiB, by the hour */
async function lived(hours: number, faultsPerHour: number): Promise<[number, number][]> {
  const clock = new Clock()
  clock.install(Math.random)
  const world = new World(clock, { knobs: {}, lines: true, config: {} })
  const points: [number, number][] = []
  world.onPeer = (socket) => socket.pipe(socket)
  try {
    await clock.passUntil(() => world.link.usable, HOUR_MS)
    for (let hour = 1; hour <= hours; hour += 1) {
      for (let session = 0; session < SESSIONS_PER_HOUR; session += 1) {
        await talk(world, clock)
        if (session < faultsPerHour) world.modem.begin({ type: 'carrier-drops', how: 'both' })
        await clock.pass(HOUR_MS / SESSIONS_PER_HOUR)
        if (world.bug !== undefined) throw world.bug as Error
      }
      // What the modem writes down for tests (20,000 lines of it) is no memory of the daemon's.
      const { commands, dtr, resets, stray } = world.modem.record
      for (const list of [commands, dtr, resets, stray]) list.length = 0
      globalThis.gc?.()
      points.push([hour, process.memoryUsage().heapUsed / 2 ** 20])
    }
    world.link.stop()
    await clock.passUntil(() => world.link.state === 'stopped', HOUR_MS)
  } finally {
    clock.uninstall()
  }
  return points
}

/** A session that sends, gets everything back, and is left open for the fault or closed. */
async function talk(world: World, clock: Clock): Promise<void> {
  await clock.passUntil(() => world.link.usable, HOUR_MS)
  const [app] = world.connect()
  let back = 0
  app.on('error', () => undefined)
  app.on('data', (chunk: Buffer) => (back += chunk.length))
  app.write(PAYLOAD.subarray(0, SESSION_BYTES))
  if (!(await clock.passUntil(() => back === SESSION_BYTES, HOUR_MS))) throw new Error('bytes did not come back')
  app.end()
}

/** The daemon's resident memory while bytes go both ways as fast as they can. */
export async function realRun(results: Results, { runMs }: Effort): Promise<void> {
  await using daemon = await cipbridge(921_600)
  const points: [number, number][] = []
  const since = now()
  while (now() - since < runMs) {
    daemon.yardstick.pumpAll({ up: 50_000, down: 5_000_000 })
    points.push([(now() - since) / HOUR_MS, rssMib(daemon.pid)])
    await sleep(1)
  }
  results.series.resident = [{ name: 'resident', points: points.map(([hours, mib]) => [hours * 60, mib]) }]
  record(results, 'slope-run', 'cipbridge', slope(points.slice(Math.floor(points.length / 3))))
}
