/** A line that is slower than its rate and whose queue does not tell: what was written is not yet what the modem has seen. */
import { expect, test } from 'vitest'
import { now } from '../../src/core/time.ts'
import type { Asked } from '../../src/link/orders.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

const SENT = Buffer.alloc(50_000, 'abcdefghijklmno\n')

/** A session in the middle of a long burst upwards, and its peer says the modem's last words. */
async function burst(lineShare: number, lines = false): Promise<[Rig, Witness]> {
  const r = await rig({ knobs: { lineShare }, lines })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write(SENT)
  await r.until(() => (r.peers[0]?.bytes.length ?? 0) > 20_000, 'the middle of it')
  r.peer.socket.write('\r\nCLOSED\r\n')
  return [r, app]
}

test.each([1, 0.8, 0.6, 0.5])(
  'P1 words of the peer in a burst over a line at %d of its rate: both ends read everything and nothing else',
  async (lineShare) => {
    const [r, app] = await burst(lineShare)
    await r.until(() => r.peer.bytes.length >= SENT.length, 'the rest')
    expect(r.peer.bytes.equals(SENT)).toBe(true)
    expect([app.text, app.end]).toEqual(['\r\nCLOSED\r\n', 'open'])
  },
)

test.each([1, 0.99, 0.8, 0.6, 0.5])(
  'P1 P8 the same where DTR escapes, over a line at %d of its rate: no byte of the client is under way when the mode changes',
  async (lineShare) => {
    const [r, app] = await burst(lineShare, true)
    for (let windows = 0; windows < 3; windows += 1) await asked(r)
    await r.until(() => r.peer.bytes.length >= SENT.length, 'the rest')
    expect(r.peer.bytes.equals(SENT)).toBe(true)
    expect([app.text, app.end]).toEqual(['\r\nCLOSED\r\n', 'open'])
    expect(r.modem.record.stray).toEqual([])
  },
)

test.each([0.3, 0.2])(
  'P1 over a line at %d of its rate an escape may be taken for data: then the session is reset, and never does a command follow it',
  async (lineShare) => {
    const [r, app] = await burst(lineShare)
    await r.until(() => app.end !== 'open' || r.peer.bytes.length >= SENT.length, 'the end, or the rest')
    const read = r.peer.text.replace(/\++$/, '')
    expect(read).toBe(SENT.toString('latin1', 0, read.length))
    expect([app.text, app.end]).toEqual(read === r.peer.text ? ['\r\nCLOSED\r\n', 'open'] : ['', 'rst'])
    if (app.end !== 'open') await r.reach('ready', 300_000)
    expect(r.peer.text).not.toContain('AT')
  },
)

/** Time from `blow` in the middle of an upload to the end at the client, in ms. */
async function dropInUpload(r: Rig, blow: () => void): Promise<number> {
  await r.reach('ready')
  const app = r.connect()
  app.socket.write(Buffer.alloc(200_000, 'x'))
  await r.until(() => (r.peers[0]?.bytes.length ?? 0) > 30_000, 'the middle of it')
  const struckAt = now()
  blow()
  await r.until(() => app.end !== 'open', 'the end')
  return now() - struckAt
}

test('P2 the network takes the context in the middle of an upload, without wires: the client knows within three seconds', async () => {
  const r = await rig()
  expect(await dropInUpload(r, () => r.modem.begin({ type: 'context-lost' }))).toBeLessThan(3000)
})

test('P2 on a line that hides its queue it is known as soon as the line cannot lag behind any more', async () => {
  const r = await rig({ knobs: { lineShare: 0.99 } })
  const took = await dropInUpload(r, () => r.modem.begin({ type: 'context-lost' }))
  expect(took).toBeGreaterThan(5000)
  expect(took).toBeLessThan(6700)
})

/** How long a command holds up the data of a client that has sent `pieces`, one each second, in ms. */
async function windowAfter(r: Rig, pieces: readonly number[]): Promise<number> {
  await r.reach('ready')
  const app = r.connect()
  for (const bytes of pieces) {
    app.socket.write(Buffer.alloc(bytes, 'x'))
    await r.pass(1000)
  }
  app.socket.write('.')
  const { windowMs } = await asked(r)
  return windowMs
}

async function asked(r: Rig): Promise<Asked> {
  let answer: Asked | undefined
  r.link.ask('AT+CSQ').then(
    (one) => (answer = one),
    () => undefined,
  )
  await r.until(() => answer !== undefined, 'the answer')
  if (!answer) throw new Error('no answer')
  return answer
}

const BURST = Array.from({ length: 4 }, () => 11_000)
const CHAT = Array.from({ length: 60 }, () => 300)

test.each([
  ['a burst, a line that tells its queue', 1, BURST, 2470],
  ['a chat, a line that hides its queue', 0.99, CHAT, 2470],
  ['a burst, a line that hides its queue', 0.99, BURST, 3300],
])('P11 %s: a command window by +++ is no longer than it must be', async (_what, lineShare, pieces, mostMs) => {
  expect(await windowAfter(await rig({ knobs: { lineShare } }), pieces)).toBeLessThan(mostMs)
})
