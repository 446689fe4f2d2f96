/** The same copy by every bridge, in turn: delay, processor time, system calls. */
import { sleep } from '../src/core/time.ts'
import { type Bridge, cipbridge, peerBridge } from './bridges.ts'
import type { Effort } from './effort.ts'
import { cpuMs, rssMib, systemCalls } from './process-cost.ts'
import { median, quantile, type Results, record } from './results.ts'
import type { Way } from './yardstick.ts'

const WAYS: readonly Way[] = ['up', 'down']
/** Between two pings, in ms: the bridge goes to sleep. */
const PAUSE_MS = 1
const BYTES_PER_S = 11_520
const CHUNK = 16
const UP_BYTES_PER_S = 92_160
/** What a program writes at once, at most: a segment of TCP. */
const UP_CHUNK = 1460

type Note = (row: string, value: number) => void

/** Delays and unthrottled bulk at the highest rate, small chunks at 115200. */
export async function copies(results: Results, effort: Effort): Promise<void> {
  await inTurn(921_600, results, effort, async (bridge, note, first) => {
    if (first) note('rss-idle', rssMib(bridge.pid))
    await delays(bridge, effort, note, results)
    await asks(bridge, effort, note)
    bulk(bridge, effort, note)
    if (first) await counted(bridge, effort, note)
    note('rss-load', rssMib(bridge.pid))
  })
  await inTurn(115_200, results, effort, async (bridge, note) => {
    for (const way of WAYS) {
      const before = cpuMs(bridge.pid)
      bridge.yardstick.trickle(way, CHUNK, BYTES_PER_S, effort.spanMs)
      note(`small-${way}`, ((cpuMs(bridge.pid) - before) / effort.spanMs) * 100)
    }
    const before = cpuMs(bridge.pid)
    await sleep(effort.spanMs)
    note('idle-cpu', ((cpuMs(bridge.pid) - before) / effort.spanMs) * 3600)
  })
}

/** Ours and what is installed of the others take turns, so that whatever else the machine does meets all of them. */
async function inTurn(
  baudRate: number,
  results: Results,
  effort: Effort,
  work: (bridge: Bridge, note: Note, first: boolean) => Promise<void>,
): Promise<void> {
  const bridges: Bridge[] = [await cipbridge(baudRate)]
  try {
    for (const peer of effort.peers) if (!results.missing.includes(peer)) bridges.push(await peerBridge(peer))
    for (let round = 0; round < effort.rounds; round += 1) {
      for (const bridge of bridges) {
        await work(bridge, (row, value) => record(results, row, bridge.name, value), round === 0)
      }
    }
  } finally {
    for (const bridge of bridges) await bridge[Symbol.asyncDispose]()
  }
}

async function delays({ name, yardstick }: Bridge, effort: Effort, note: Note, results: Results): Promise<void> {
  for (const way of WAYS) {
    const found = await pinged(effort.pings, () => yardstick.delay(way, Buffer.from('A')))
    note(`delay-${way}-p50`, median(found))
    note(`delay-${way}-p99`, quantile(found, 0.99))
    const points = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99].map(
      (share) => [share * 100, quantile(found, share)] as const,
    )
    const label = `${name} ${way}`
    // Of the repetitions the last one is drawn.
    results.series.delay = [
      ...(results.series.delay ?? []).filter((one) => one.name !== label),
      { name: label, points },
    ]
  }
  const lines = { plain: 'temperature=21.5', crlf: 'temperature=21\r\n' }
  for (const [kind, line] of Object.entries(lines)) {
    note(`line-${kind}`, median(await pinged(effort.pings / 4, () => yardstick.delay('down', Buffer.from(line)))))
  }
}

async function asks({ yardstick }: Bridge, effort: Effort, note: Note): Promise<void> {
  for (const size of [1, 64, 1460]) {
    const bytes = Buffer.alloc(size, 'q')
    const both = (): number => yardstick.delay('up', bytes) + yardstick.delay('down', bytes)
    // The next one finds a line that is free again.
    note(`ask-${size}`, median(await pinged(effort.pings / 2, both, PAUSE_MS + (size * 1000) / UP_BYTES_PER_S)))
  }
}

async function pinged(times: number, ping: () => number, pauseMs = PAUSE_MS): Promise<number[]> {
  const found: number[] = []
  for (let count = 0; count < times; count += 1) {
    found.push(ping())
    await sleep(pauseMs)
  }
  return found
}

/** Down as fast as the bridge can; up at the pace of the line, which cipbridge keeps and the peers are fed at. */
const LOADS: Readonly<Record<Way, (bridge: Bridge, effort: Effort) => number>> = {
  up: ({ yardstick }, { spanMs }) => yardstick.trickle('up', UP_CHUNK, UP_BYTES_PER_S, spanMs) / 1e6,
  down: ({ yardstick }, { megabytes }) => {
    yardstick.pump('down', megabytes * 1e6)
    return megabytes
  },
}

function bulk(bridge: Bridge, effort: Effort, note: Note): void {
  for (const way of WAYS) {
    const before = cpuMs(bridge.pid)
    const megabytes = LOADS[way](bridge, effort)
    note(`cpu-${way}`, (cpuMs(bridge.pid) - before) / megabytes)
  }
}

async function counted(bridge: Bridge, effort: Effort, note: Note): Promise<void> {
  for (const way of WAYS) {
    let megabytes = 0
    const calls = await systemCalls(bridge.pid, () => {
      megabytes = LOADS[way](bridge, effort)
    })
    const total = calls?.get('total')
    if (total !== undefined) note(`calls-${way}`, total / megabytes)
  }
}

/** Garbage that a megabyte leaves, by what V8 itself tells of its collections. */
export async function garbage(results: Results, effort: Effort): Promise<void> {
  await using daemon = await cipbridge(921_600, ['--trace-gc'])
  for (const way of WAYS) {
    const before = daemon.log.length
    const megabytes = LOADS[way](daemon, effort)
    const collected = [...daemon.log.slice(before).matchAll(/: \S.*? ([\d.]+) \([\d.]+\) -> ([\d.]+) \(/g)]
    const kib = collected.reduce((sum, [, from, to]) => sum + (Number(from) - Number(to)) * 1024, 0)
    record(results, `heap-${way}`, 'cipbridge', kib / megabytes)
  }
}
