/** Bulk transfer at the rate of a line: `simulate` paces its pseudo-terminal, `run` bridges, the bytes are compared. */
import type { Socket } from 'node:net'
import { now } from '../src/core/time.ts'
import type { Knobs } from '../src/virtual-modem/knobs.ts'
import { type Stage, type StageOptions, stage } from '../test/support/built-program-stage.ts'
import type { Conversation } from '../test/support/real-peer.ts'
import type { Effort } from './effort.ts'
import { type Results, record } from './results.ts'
import { PAYLOAD } from './yardstick.ts'

/** A network that is no bottleneck. */
const WIDE: Partial<Knobs> = { maxBaudRate: 921_600, window: 65_536, ackDelay: 0 }
const BITS_PER_BYTE = 10
/** `transparent.sendSize`: the modem would wait some time for the rest of a last packet that is not full. */
const PACKET = 1024
const LIMIT_MS = 120_000

type BaudRate = NonNullable<StageOptions['baudRate']>

export async function lineRates(results: Results, effort: Effort): Promise<void> {
  const ways = ['up', 'down', 'both'] as const
  const shares = new Map<string, [number, number][]>(ways.map((way) => [way, []]))
  for (const rate of effort.rates) {
    await using set = await stage({ baudRate: rate as BaudRate, knobs: { ...WIDE, baudRate: rate } })
    const app = set.connect()
    await set.until(() => set.peer.conversations.length === 1, 'the connection to the peer')
    const packets = Math.ceil(((rate / BITS_PER_BYTE) * effort.goodputMs) / 1000 / PACKET)
    const bytes = packets * PACKET
    const ends = { up: [app.socket, set.peer.latest], down: [set.peer.latest.socket, app] } as const
    for (const way of ways) {
      const copies = way === 'both' ? [ends.up, ends.down] : [ends[way]]
      const speeds = await Promise.all(copies.map(([from, to]) => transfer(set, from, to, bytes)))
      const share = (Math.min(...speeds) * 1000 * BITS_PER_BYTE * 100) / rate
      record(results, `goodput-${way}-${rate}`, 'cipbridge', share)
      shares.get(way)?.push([rate, share])
    }
  }
  results.series.goodput = [...shares].map(([name, points]) => ({ name, points }))
}

/** Bytes per ms, from the first that arrives to the last: how long the way is does not count. */
async function transfer(set: Stage, from: Socket, to: Conversation, bytes: number): Promise<number> {
  const before = to.length
  const times = { first: 0, firstBytes: 0, last: 0 }
  const note = (chunk: Buffer): void => {
    times.last = now()
    if (times.first !== 0) return
    times.first = times.last
    times.firstBytes = chunk.length
  }
  to.socket.on('data', note)
  const sent = Buffer.concat(Array.from({ length: Math.ceil(bytes / PAYLOAD.length) }, () => PAYLOAD)).subarray(
    0,
    bytes,
  )
  from.write(sent)
  await set.until(() => to.length - before >= bytes, `${bytes} bytes`, LIMIT_MS)
  to.socket.off('data', note)
  if (!to.bytes.subarray(before).equals(sent)) throw new Error('the bytes that came are not those that were sent')
  return (bytes - times.firstBytes) / (times.last - times.first)
}
