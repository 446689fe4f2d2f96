/** `open: always`: a carrier that is up before the first client, between clients, and for one after the other. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

const ALWAYS: RouteInput = {
  name: 'always',
  listen: '127.0.0.1:1001',
  to: 'tcp://server.example.com:1',
  open: 'always',
  linger: '1s',
  busy: 'queue',
}
const OTHER: RouteInput = { name: 'other', listen: '127.0.0.1:1002', to: 'tcp://other.example.com:2', linger: '100ms' }

function standing(own: Partial<RouteInput> = {}): Promise<Rig> {
  return rig({ config: { routes: [{ ...ALWAYS, ...own }, OTHER] } })
}

async function up(own?: Partial<RouteInput>): Promise<Rig> {
  const r = await standing(own)
  await r.until(() => r.bridge.standing, 'the carrier')
  return r
}

function client(r: Rig, text: string, route = 0): Witness {
  const app = r.connect(route)
  app.socket.write(text)
  return app
}

test('P4 the carrier is up before anybody comes, and what the peer says first is kept for the first client', async () => {
  const r = await up()
  expect(statusOf(r.link, r.bridge, []).routes).toMatchObject([{ standing: true, holder: null }, { standing: null }])
  r.peer.socket.write('welcome')
  await r.pass(60_000)
  const app = client(r, 'hello')
  await r.until(() => app.text === 'welcome' && r.peer.text === 'hello', 'both', 2_000)
  expect(r.dialled).toHaveLength(1)
})

test('the next client gets the same carrier, without a dial', async () => {
  const r = await up()
  for (const text of ['one', 'two', 'three']) {
    const app = client(r, text)
    await r.until(() => r.peer.text.endsWith(text), text)
    r.peer.socket.write(`for ${text}`)
    await r.until(() => app.text === `for ${text}`, 'the answer')
    expect(statusOf(r.link, r.bridge, []).routes[0]?.bytesUp).toBe(r.peer.text.length)
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
  }
  expect(r.peer.text).toBe('onetwothree')
  expect(r.dialled).toHaveLength(1)
  expect(r.told('session-end').map(({ bytesUp, bytesDown }) => [bytesUp, bytesDown])).toEqual([
    [3, 7],
    [3, 7],
    [5, 9],
  ])
})

test('P1 meanwhile: drop: what comes when a client has gone reaches no other one, and is counted', async () => {
  const r = await up()
  const one = client(r, 'one')
  await r.until(() => r.peer.text === 'one', 'the first')
  one.socket.end()
  await r.until(() => one.end !== 'open', 'the end of the first')
  r.peer.socket.write('too late')
  await r.pass(5_000)
  const two = client(r, 'two')
  await r.until(() => r.peer.text === 'onetwo', 'the second')
  r.peer.socket.end('in time')
  await r.until(() => two.end === 'fin', 'the end of the second')
  expect(two.text).toBe('in time')
  expect(r.told('standing-end')[0]?.message).toContain('8 bytes came while there was no client')
})

test('meanwhile: keep: it is kept for the next one, in order, and more than 64 KiB waits at the peer', async () => {
  const r = await up({ meanwhile: 'keep' })
  const one = client(r, 'one')
  await r.until(() => r.peer.text === 'one', 'the first')
  one.socket.end()
  await r.until(() => one.end !== 'open', 'the end of the first')
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 253))
  r.peer.socket.write(sent)
  await r.pass(120_000)
  expect(r.peer.socket.writableLength).toBeGreaterThan(100_000)
  const two = client(r, 'two')
  await r.until(() => two.bytes.length === sent.length, 'all of it')
  expect(two.bytes.equals(sent)).toBe(true)
})

test('P1 a client that goes without order takes the carrier with it: its answers reach nobody else', async () => {
  const r = await up()
  const one = client(r, 'a question')
  const two = client(r, 'two')
  await r.until(() => r.peer.text === 'a question', 'the first')
  one.socket.resetAndDestroy()
  r.peer.socket.write('the answer to it')
  await r.until(() => r.peers[1]?.text === 'two', 'the second')
  await r.pass(5_000)
  expect(two.text).toBe('')
  expect(r.peers[0]?.end).not.toBe('open')
})

test('P1 an answer that follows the end of the client goes to that client, however soon the next one waits', async () => {
  const r = await up()
  const one = client(r, 'one')
  const two = client(r, 'two')
  await r.until(() => r.peer.text === 'one', 'the first')
  one.socket.end()
  await r.pass(700)
  r.peer.socket.write('for one')
  await r.until(() => r.peer.text === 'onetwo', 'the second')
  expect([one.text, two.text]).toEqual(['for one', ''])
})

test('a peer that closes is dialled again, with pauses that grow: nobody is dialled in circles', async () => {
  const r = await rig({ config: { routes: [ALWAYS, OTHER] }, peer: (socket) => socket.end() })
  await r.pass(20 * 60_000)
  expect(r.dialled.length).toBeGreaterThan(5)
  expect(r.dialled.length).toBeLessThan(16)
  expect(r.link.usable).toBe(true)
})

test('a peer that lives is dialled again soon after it closed', async () => {
  const r = await up()
  await r.pass(120_000)
  r.peer.socket.end()
  await r.until(() => r.peers.length === 2 && r.bridge.standing, 'the next carrier', 10_000)
})

test('another route has its turn: the carrier is closed for it, and comes back afterwards', async () => {
  const r = await up()
  const app = client(r, 'other', 1)
  await r.until(() => r.peers[1]?.text === 'other', 'the other peer')
  expect(r.bridge.standing).toBe(false)
  expect(r.dialled).toEqual(['server.example.com:1', 'other.example.com:2'])
  app.socket.end()
  await r.until(() => r.peers.length === 3 && r.bridge.standing, 'the carrier again')
  expect(r.dialled.at(-1)).toBe('server.example.com:1')
})

test('a client that comes while the carrier is being dialled gets that one', async () => {
  const r = await rig({ config: { routes: [ALWAYS, OTHER] }, knobs: { connectTime: 5_000 } })
  await r.reach('dialing')
  await r.pass(1_000)
  const app = client(r, 'early')
  await r.until(() => r.peers[0]?.text === 'early', 'the bytes')
  expect(r.dialled).toHaveLength(1)
  expect(app.end).toBe('open')
})

test('another route’s client that comes meanwhile has its own', async () => {
  const r = await rig({ config: { routes: [ALWAYS, OTHER] }, knobs: { connectTime: 5_000 } })
  await r.reach('dialing')
  await r.pass(1_000)
  client(r, 'other', 1)
  await r.until(() => r.peers.at(-1)?.text === 'other', 'the bytes')
  expect(r.dialled.at(-1)).toBe('other.example.com:2')
  expect(r.peers.map(({ text }) => text).join('')).toBe('other')
})

test('P7 the network takes the context down: the client knows, the carrier comes back by itself', async () => {
  const r = await up()
  const app = client(r, 'hello')
  await r.until(() => r.peer.text === 'hello', 'the bytes')
  r.modem.begin({ type: 'context-lost' })
  await r.until(() => app.end === 'rst', 'the reset')
  await r.until(() => r.bridge.standing, 'the carrier again')
  expect(r.peers).toHaveLength(2)
})
