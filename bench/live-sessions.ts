/** A live session of the real daemon on the built-in modem, in real time, with and without DCD and DTR. */
import { connect, type Socket } from 'node:net'
import { openStage, type Stage } from '../src/cli/demo-stage.ts'
import { Journal } from '../src/core/log.ts'
import { now, sleep } from '../src/core/time.ts'
import type { Effort } from './effort.ts'
import { type Results, record } from './results.ts'

/** Between two windows or drops, in ms. */
const REST_MS = 300
const CHUNK = Buffer.alloc(256, 'load')
const CHUNK_EVERY_MS = 30

type Blow = (stage: Stage) => void

/** Fewer repetitions than elsewhere: each takes seconds. */
export async function liveSessions(results: Results, effort: Effort): Promise<void> {
  const rounds = Math.min(3, effort.rounds)
  const never = new AbortController().signal
  for (const lines of [true, false]) {
    const stage = await openStage(new Journal('error', 'json', () => undefined), lines)
    stage.start()
    try {
      await stage.ready(never)
      await windows(stage, rounds, (ms) => record(results, lines ? 'window-dtr' : 'window-plus', 'cipbridge', ms))
      const blows: Record<string, Blow> = lines
        ? { 'drop-dcd': ({ modem }) => modem.begin({ type: 'carrier-drops', how: 'dcd' }) }
        : {
            'drop-word': ({ modem }) => modem.begin({ type: 'context-lost' }),
            'drop-closed': ({ peer }) => peer.hangUp('fin'),
          }
      for (const [row, blow] of Object.entries(blows)) {
        for (let round = 0; round < rounds; round += 1) {
          await stage.ready(never)
          record(results, row, 'cipbridge', await drop(stage, blow))
        }
      }
    } finally {
      await stage.clear()
    }
  }
}

/** Command windows while bytes go both ways. */
async function windows(stage: Stage, rounds: number, note: (ms: number) => void): Promise<void> {
  const client = await joined(stage)
  let sent = 0
  let back = 0
  client.on('data', (chunk) => (back += chunk.length))
  const load = setInterval(() => {
    client.write(CHUNK)
    sent += CHUNK.length
  }, CHUNK_EVERY_MS)
  for (let round = 0; round < rounds; round += 1) {
    await sleep(REST_MS)
    note((await stage.link.ask('AT+CSQ')).windowMs)
  }
  clearInterval(load)
  await waitFor(() => back === sent, 'the bytes that were sent beside the commands')
  client.end()
  await firstOf(client, 'close')
}

/** From the blow to the end that the client sees, in ms. */
async function drop(stage: Stage, blow: Blow): Promise<number> {
  const client = await joined(stage)
  await sleep(REST_MS)
  const since = now()
  blow(stage)
  await firstOf(client, 'end', 'close')
  const seen = now() - since
  client.destroy()
  return seen
}

/** A client whose bytes have come back: the carrier is up. */
async function joined({ host, port, link }: Stage): Promise<Socket> {
  for (;;) {
    await waitFor(() => link.usable, 'a usable link')
    const client = connect({ host, port, noDelay: true })
    client.on('error', () => undefined)
    client.write('hello')
    if ((await firstOf(client, 'data', 'close')) === 'data') return client
    await sleep(REST_MS)
  }
}

/** Errors are no surprise here: `close` follows them. */
function firstOf(client: Socket, ...events: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    for (const event of events) client.once(event, () => resolve(event))
  })
}

async function waitFor(condition: () => boolean, what: string): Promise<void> {
  const since = now()
  while (!condition()) {
    await sleep(5)
    if (now() - since > 60_000) throw new Error(`not within a minute: ${what}`)
  }
}
