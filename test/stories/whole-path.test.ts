/** Properties over the whole path: app → bridge → line → modem → peer and back, whatever is sent, however it is cut and timed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Rig, rig, type Witness } from '../support/rig.ts'

/** Many in the night, few in the day. */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 40)

/** What modems and their drivers stumble over. */
const WORDS = [
  '+',
  '++',
  '+++',
  '++++',
  'ATO\r',
  'AT+CIPSHUT\r',
  '\r\nCLOSED\r\n',
  '\r\nCLOSED',
  '\r\n+PDP: DEACT\r\n',
  '\r\nNO CARRIER\r\n',
  '\r\nRDY\r\n',
  '\r\nUNDER-VOLTAGE POWER DOWN\r\n',
  '\r\nNORMAL POWER OFF\r\n',
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\0IIII\xff',
  '\x11\x13\x1a\x1b\xff',
  'payload',
]
/** Answers, which nobody can tell from the modem's own where the peer's bytes come between those. */
const ANSWERS = ['\r\nOK\r\n', '\r\nCONNECT\r\n']
const payloadOf = (words: readonly string[]): fc.Arbitrary<Buffer<ArrayBuffer>> => {
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...words).map((text) => Buffer.from(text, 'latin1')) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  )
  return fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => Buffer.concat(parts))
}
/** Pauses around everything that is timed: holds, guard times, packing. */
const pause = fc.constantFrom(0, 0, 0, 5, 25, 120, 210, 390, 450, 600, 980, 1000, 1020, 1080, 1110, 1200, 2300)
const stepOf = (payload: fc.Arbitrary<Buffer<ArrayBuffer>>, asks: number): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('up' as const), bytes: payload, then: pause }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('down' as const), bytes: payload, then: pause }) },
    { weight: asks, arbitrary: fc.record({ kind: fc.constant('ask' as const), then: pause }) },
  )
const worldOf = (words: readonly string[], asks: number, guards: readonly number[]) =>
  fc.record({
    lines: fc.boolean(),
    guard: fc.constantFrom(...guards),
    readBytes: fc.constantFrom(0, 0, 1, 7),
    steps: fc.array(stepOf(payloadOf(words), asks), { minLength: 1, maxLength: 12 }),
  })

test.each([
  ['kept', worldOf([...WORDS, ...ANSWERS], 1, [500, 1000])],
  // With bytes behind it, an answer to the escape before the guard time that is set has passed is not believed.
  ['delivered', worldOf(WORDS, 4, [1000])],
] as const)(
  'P1 P2 P11 what one end writes the other end reads, in both directions, with windows in between in which bytes are %s, to an honest end',
  async (escapedData, world) => {
    await fc.assert(
      fc.asyncProperty(world, async ({ lines, guard, readBytes, steps }) => {
        const knobs = {
          guardBefore: guard,
          guardAfter: guard,
          readBytes,
          escapedData,
          quickTime: 60,
          start: 'ready',
        } as const
        const r = await rig({ lines, knobs: escapedData === 'kept' ? { ...knobs, quickTime: 5 } : knobs })
        try {
          await life(r, steps)
        } finally {
          await r.stop()
        }
      }),
      { numRuns: RUNS, endOnFailure: process.env.PROPERTY_SHRINK === undefined, ...seed() },
    )
  },
  3_600_000,
)

function seed(): { seed?: number } {
  return process.env.PROPERTY_SEED === undefined ? {} : { seed: Number(process.env.PROPERTY_SEED) }
}

type Step = { kind: 'up' | 'down'; bytes: Buffer<ArrayBuffer>; then: number } | { kind: 'ask'; then: number }

async function life(r: Rig, steps: readonly Step[]): Promise<void> {
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('>')
  await r.until(() => r.peers.length === 1, 'the dial')
  const sent = { up: [Buffer.from('>')], down: new Array<Buffer>() }
  let asked = 0
  let answered = 0
  for (const one of steps) {
    if (one.kind === 'ask') {
      asked += 1
      r.link.ask('AT+CSQ').then(
        ({ ok }) => (answered += ok ? 1 : 0),
        () => undefined,
      )
    } else {
      sent[one.kind].push(one.bytes)
      ;(one.kind === 'up' ? app : r.peer).socket.write(one.bytes)
    }
    await r.pass(one.then)
  }
  const up = Buffer.concat(sent.up)
  const down = Buffer.concat(sent.down)
  await r.until(
    () => r.peer.bytes.length >= up.length && app.bytes.length >= down.length,
    () => difference(r.peer, up, app, down, r.modem.record.lost),
    60_000,
  )
  await r.until(() => answered === asked, 'the answers', 60_000)
  // An end that falls into a window may be told as a reset: nobody can say that nothing was on its way.
  await r.pass(400)
  await r.reach('online', 60_000)
  r.peer.socket.end()
  await r.until(() => app.end !== 'open', 'the end', 60_000)
  expect(app.end).toBe('fin')
  expect(r.peer.bytes.toString('latin1')).toBe(up.toString('latin1'))
  expect(app.bytes.toString('latin1')).toBe(down.toString('latin1'))
  expect(r.modem.record.stray).toEqual([])
}

function difference(peer: Witness, up: Buffer, app: Witness, down: Buffer, lost: unknown): string {
  const show = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1'))
  return `up ${show(peer.bytes)} of ${show(up)}, down ${show(app.bytes)} of ${show(down)}, lost ${JSON.stringify(lost)}`
}
