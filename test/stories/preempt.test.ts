/** Preemption: a client takes the carrier from another one, whatever the link is doing for that one. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import type { LinkState } from '../../src/link/states.ts'
import { type Rig, type RigOptions, rig, type Witness } from '../support/rig.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

const LOW: RouteInput = { name: 'low', listen: '127.0.0.1:1001', to: 'tcp://low.example.com:1', linger: '5s' }
const HIGH: RouteInput = {
  ...LOW,
  name: 'high',
  listen: '127.0.0.1:1002',
  to: 'tcp://high.example.com:2',
  busy: 'preempt',
}

function staged(options: RigOptions = {}, high: Partial<RouteInput> = {}): Promise<Rig> {
  return rig({ ...options, config: { routes: [LOW, { ...HIGH, ...high }] } })
}

/** The client of the lower route, with the carrier. */
async function holding(r: Rig): Promise<Witness> {
  await r.reach('ready')
  const app = r.connect(0)
  app.socket.write('low')
  await r.until(() => r.peers[0]?.text === 'low', 'the first')
  return app
}

function urgent(r: Rig, text = 'urgent'): Witness {
  const app = r.connect(1)
  app.socket.write(text)
  return app
}

/** The urgent bytes arrive at their own peer and nowhere else, and the other client knows that it was cut off. */
async function isServed(r: Rig, low: Witness, text = 'urgent'): Promise<void> {
  const served = (): boolean => r.dialled.at(-1) === 'high.example.com:2' && r.peers.at(-1)?.text === text
  await r.until(served, 'the urgent one')
  expect(low.end).toBe('rst')
  expect(r.peers.filter((peer) => peer.text.includes(text))).toHaveLength(1)
  expect(r.modem.record.stray).toEqual([])
}

describe('P1 a client takes the place of another one', () => {
  test('that talks', async () => {
    const r = await staged()
    const low = await holding(r)
    urgent(r)
    await r.until(() => low.end === 'rst', 'the reset', 100)
    await isServed(r, low)
    expect(r.told('session-end')[0]?.message).toBe('preempted: session 2 of high took its place')
  })

  test('that sends at full speed', async () => {
    const r = await staged()
    const low = await holding(r)
    low.socket.write(Buffer.alloc(100_000, 'x'))
    await r.pass(2_000)
    urgent(r)
    await isServed(r, low)
    expect(r.peers[0]?.bytes.length).toBeLessThan(100_000)
  })

  test('that is being dialled: the modem’s answer is waited for, its carrier is closed', async () => {
    const r = await staged({ knobs: { connectTime: 20_000 } })
    await r.reach('ready')
    const low = r.connect(0)
    low.socket.write('low')
    await r.reach('dialing')
    await r.pass(1_000)
    urgent(r)
    await isServed(r, low)
    expect(r.peers[0]?.text).toBe('')
  })

  test('that waits for the link', async () => {
    const r = await rig({
      knobs: { start: 'booting' },
      config: {
        routes: [
          { ...LOW, whenDown: 'hold' },
          { ...HIGH, whenDown: 'hold' },
        ],
      },
    })
    const low = r.connect(0)
    low.socket.write('low')
    await r.pass(100)
    urgent(r)
    await r.until(() => low.end === 'rst', 'the reset', 100)
    await isServed(r, low)
    expect(r.dialled).toHaveLength(1)
  })

  test.each<LinkState>(['escaping', 'commanding', 'resuming'])('in a command window (%s)', async (state) => {
    const r = await staged({ knobs: { quickTime: 200 } })
    const low = await holding(r)
    const asked = r.link.ask('AT+CSQ')
    await r.reach(state)
    urgent(r)
    await isServed(r, low)
    expect(await asked).toMatchObject({ ok: true })
  })

  test('that has finished and is being hung up: what it sent is still delivered', async () => {
    const r = await staged({ knobs: { ackDelay: 3_000 } })
    const low = await holding(r)
    low.socket.end(', and the rest')
    await r.pass(500)
    urgent(r)
    await isServed(r, low)
    expect(r.peers[0]?.text).toBe('low, and the rest')
    expect(r.told('hung-up')[0]).toMatchObject({ unacked: 0 })
  })

  test('in the moment of its hang-up', async () => {
    const r = await staged({ knobs: { closeTime: 2_000 } })
    const low = await holding(r)
    low.socket.end()
    await r.reach('closing')
    urgent(r)
    await isServed(r, low)
  })

  test('that does not read', async () => {
    const r = await staged()
    const low = await holding(r)
    low.socket.pause()
    r.peer.socket.write(Buffer.alloc(300_000))
    await r.pass(30_000)
    urgent(r)
    await r.until(() => r.peers.at(-1)?.text === 'urgent', 'the urgent one')
    low.socket.resume()
    await r.until(() => low.end === 'rst', 'the reset', 100)
    await isServed(r, low)
  })
})

test('of three clients of one route the newest has the carrier', async () => {
  const r = await staged()
  await r.reach('ready')
  const [one, two, three] = [urgent(r, 'one'), urgent(r, 'two'), urgent(r, 'three')]
  await r.until(() => r.peers.at(-1)?.text === 'three', 'the third')
  expect([one.end, two.end, three.end]).toEqual(['rst', 'rst', 'open'])
})

test('a higher priority keeps its place: the client that would take it waits for its turn', async () => {
  const r = await rig({
    config: {
      routes: [
        { ...LOW, priority: 5 },
        { ...HIGH, priority: 4, queueTimeout: '20s' },
      ],
    },
  })
  const low = await holding(r)
  const first = urgent(r, 'first')
  await r.until(() => first.end === 'rst', 'the end of its patience', 21_000)
  expect(low.end).toBe('open')
  urgent(r, 'second')
  await r.pass(100)
  low.socket.end()
  await r.until(() => r.peers.at(-1)?.text === 'second', 'its turn')
})

test('a client of the route that refuses is refused as ever, also while the holder is on its way out', async () => {
  const r = await staged()
  const low = await holding(r)
  const high = urgent(r)
  await r.pass(1)
  const late = r.connect(0)
  await r.until(() => late.end === 'rst', 'the refusal', 100)
  await isServed(r, low)
  expect(high.end).toBe('open')
})
