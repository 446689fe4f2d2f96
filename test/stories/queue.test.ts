/** Several clients and one carrier: who waits, who is served next, and who is turned away. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

const COMMON = { closeTimeout: '10s', linger: '100ms', busy: 'queue' } as const
const A: RouteInput = { name: 'a', listen: '127.0.0.1:1001', to: 'tcp://a.example.com:1', ...COMMON }
const B: RouteInput = { name: 'b', listen: '127.0.0.1:1002', to: 'tcp://b.example.com:2', ...COMMON }

async function ready(...routes: RouteInput[]): Promise<Rig> {
  const r = await rig({ config: { routes } })
  await r.reach('ready')
  return r
}

/** A client that says its name; what it says is all that its peer may ever read. */
function client(r: Rig, name: string, route = 0): Witness {
  const app = r.connect(route)
  app.socket.write(name)
  return app
}

/** The texts that the peers got, in the order of the dials. */
function heard(r: Rig): string[] {
  return r.peers.map(({ text }) => text)
}

test('refuse: of three clients the first has the carrier, the others are reset at once', async () => {
  const r = await ready({ ...A, busy: 'refuse' })
  client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  const others = [client(r, 'two'), client(r, 'three')]
  await r.until(() => others.every(({ end }) => end === 'rst'), 'two resets', 200)
  expect(r.told('busy').map(({ message }) => message)).toEqual(
    Array.from(others, () => 'refused: session 1 of a has the carrier'),
  )
  expect(statusOf(r.link, r.bridge, []).routes[0]).toMatchObject({ holder: 1, waiting: 0, refused: 2 })
})

test('P1 queue: three clients are served one after the other, each with its own bytes and nobody else’s', async () => {
  const r = await ready(A)
  const [one, two, three] = [client(r, 'one'), client(r, 'two'), client(r, 'three')]
  await r.until(() => heard(r)[0] === 'one', 'the first')
  expect(statusOf(r.link, r.bridge, [])).toMatchObject({
    routes: [{ holder: 1, waiting: 2 }],
    queue: [
      { route: 'a', session: 2, priority: 0 },
      { route: 'a', session: 3, priority: 0 },
    ],
  })
  // Bytes of the peer that nobody has asked for any more stay with the session they were meant for.
  r.peer.socket.write('for one')
  await r.until(() => one.text === 'for one', 'the answer')
  one.socket.end()
  r.peer.socket.write(' and too late')
  await r.until(() => r.peers.length === 2 && heard(r)[1] === 'two', 'the second')
  r.peer.socket.end('for two')
  await r.until(() => r.peers.length === 3 && heard(r)[2] === 'three', 'the third')
  r.peer.socket.end('for three')
  await r.until(() => three.end === 'fin', 'the end')
  expect(heard(r)).toEqual(['one', 'two', 'three'])
  expect([two.text, three.text]).toEqual(['for two', 'for three'])
  expect(one.text.startsWith('for one')).toBe(true)
  expect(r.told('queued')).toHaveLength(2)
})

test('P4 queue: what waits is bounded, and arrives whole', async () => {
  const r = await ready(A)
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  const sent = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251))
  const two = r.connect()
  two.socket.write(sent)
  await r.pass(5_000)
  expect(two.socket.writableLength).toBeGreaterThan(50_000)
  one.socket.end()
  await r.until(() => r.peers[1]?.bytes.length === sent.length, 'all of it')
  expect(r.peers[1]?.bytes.equals(sent)).toBe(true)
})

test('queue: a client that waits too long is reset and told about, the others keep their place', async () => {
  const r = await ready({ ...A, queueTimeout: '30s' })
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  const two = client(r, 'two')
  await r.pass(20_000)
  const three = client(r, 'three')
  await r.pass(9_900)
  expect(two.end).toBe('open')
  await r.until(() => two.end === 'rst', 'the reset', 200)
  expect(three.end).toBe('open')
  expect(r.told('busy')[0]?.message).toBe('refused: waited 30 s: session 1 of a has the carrier')
  one.socket.end()
  await r.until(() => r.peers[1]?.text === 'three', 'the third')
  expect(statusOf(r.link, r.bridge, [])).toMatchObject({ routes: [{ holder: 3, waiting: 0, refused: 1 }], queue: [] })
})

test('queue: one more than the limit is reset at once', async () => {
  const r = await ready({ ...A, queueLimit: 1 })
  client(r, 'one')
  const two = client(r, 'two')
  const three = client(r, 'three')
  await r.until(() => three.end === 'rst', 'the reset', 200)
  expect(two.end).toBe('open')
  expect(r.told('busy')[0]?.message).toContain('1 of a wait already')
})

test('queue: whoever leaves while it waits costs no dial and no place', async () => {
  const r = await ready(A)
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  const two = client(r, 'two')
  client(r, 'three')
  await r.pass(100)
  two.socket.resetAndDestroy()
  await r.pass(100)
  expect(r.bridge.queue).toHaveLength(1)
  one.socket.end()
  await r.until(() => r.peers[1]?.text === 'three', 'the third')
  expect(r.dialled).toHaveLength(2)
})

test('queue: a route with many clients does not starve another one', async () => {
  const r = await ready(A, B)
  const first = client(r, 'a1')
  await r.until(() => heard(r)[0] === 'a1', 'the first')
  const more = [client(r, 'a2'), client(r, 'a3')]
  await r.pass(10)
  const other = client(r, 'b1', 1)
  await r.pass(10)
  for (const app of [first, ...more, other]) app.socket.end()
  await r.until(() => r.peers.length === 4 && r.link.state === 'ready', 'all of them')
  expect(heard(r)).toEqual(['a1', 'b1', 'a2', 'a3'])
})

test('queue: a higher priority is served first, whoever came before', async () => {
  const r = await ready(A, { ...B, priority: 3 })
  const apps = [client(r, 'a1'), client(r, 'a2'), client(r, 'b1', 1)]
  await r.until(() => heard(r)[0] === 'a1', 'the first')
  for (const app of apps) app.socket.end()
  await r.until(() => r.peers.length === 3 && r.link.state === 'ready', 'all of them')
  expect(heard(r)).toEqual(['a1', 'b1', 'a2'])
})

test('queue: a broken session hands over as well, and the next one waits for the link if its route says so', async () => {
  const r = await ready({ ...A, whenDown: 'hold' })
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  client(r, 'two')
  r.modem.begin({ type: 'context-lost' })
  await r.until(() => one.end === 'rst', 'the end of the first')
  await r.until(() => r.peers[1]?.text === 'two', 'the second')
})

test('P7 a holder that does not read loses its place to the one that waits', async () => {
  const r = await ready({ ...A, stalledTimeout: '30s' })
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  one.socket.pause()
  r.peer.socket.write(Buffer.alloc(400_000))
  await r.pass(60_000)
  // Nobody wants its place: it is waited for.
  expect(one.end).toBe('open')
  const two = client(r, 'two')
  await r.until(() => r.peers[1]?.text === 'two', 'the second', 20_000)
  expect(two.end).toBe('open')
  expect(r.told('session-end')[0]?.message).toMatch(/^stalled: read nothing for \d+ s, and session 2 of a wants/)
  one.socket.resume()
  await r.until(() => one.end === 'rst', 'the end of the first')
})

test('P7 a holder that stops reading while others wait is found out in time', async () => {
  const r = await ready({ ...A, stalledTimeout: '30s', queueTimeout: '10m' })
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  client(r, 'two')
  await r.pass(45_000)
  one.socket.pause()
  r.peer.socket.write(Buffer.alloc(400_000))
  await r.until(() => r.peers[1]?.text === 'two', 'the second', 80_000)
  expect(r.told('session-end')[0]?.message).toMatch(/^stalled: /)
})

test('idleTimeout: a silent holder makes room for whoever waits', async () => {
  const r = await ready({ ...A, idleTimeout: '20s' })
  const one = client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  client(r, 'two')
  await r.until(() => r.peers[1]?.text === 'two', 'the second', 40_000)
  expect(one.end).toBe('rst')
  expect(r.told('hung-up')[0]).toMatchObject({ unacked: 0 })
})

test('queue: the daemon stops, and whoever waits is reset', async () => {
  const r = await ready({ ...A, queueTimeout: '0s' })
  client(r, 'one')
  await r.until(() => heard(r)[0] === 'one', 'the first')
  const two = client(r, 'two')
  await r.pass(100)
  await r.stop()
  const over = r.bridge.allOver()
  await r.pass(10)
  await over
  expect(two.end).toBe('rst')
})
