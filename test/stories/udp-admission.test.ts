/** Routes over UDP beside others: who has the carrier, who waits, and how it ends. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, rig } from '../support/rig.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

async function scene(udp: Partial<RouteInput> = {}, tcp: Partial<RouteInput> = {}): Promise<Rig> {
  const r = await rig({
    config: {
      routes: [
        { name: 'web', listen: '127.0.0.1:80', to: 'tcp://web.example.com:80', linger: '300ms', ...tcp },
        { name: 'sensor', listen: 'udp://127.0.0.1:53', to: 'udp://dns.example.com:53', idleTimeout: '10s', ...udp },
      ],
    },
  })
  await r.until(() => r.link.usable, 'the link')
  return r
}

test('busy: refuse: while another program has the carrier datagrams are dropped and counted, and it is asked again later', async () => {
  const r = await scene()
  const app = r.connect(0)
  app.socket.write('x')
  await r.reach('online')
  const at = r.datagramsAt(1)
  for (let tick = 0; tick < 30; tick += 1) {
    at.send('level 17')
    await r.pass(100)
  }
  const [, figures] = r.bridge.figures
  expect(figures?.drops.of('unsent')).toBe(30)
  // Once a second, however often it sends.
  expect(figures?.refused).toBeGreaterThan(1)
  expect(figures?.refused).toBeLessThan(5)
  expect(statusOf(r.link, r.bridge, []).routes.map(({ dropped }) => dropped?.unsent)).toEqual([undefined, 30])
  app.socket.end()
  await r.until(() => r.bridge.holder === undefined, 'the end')
  at.send('level 18')
  await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the packet')
  expect(r.udpPeer.texts).toEqual(['level 18'])
})

test('busy: queue: what was sent meanwhile waits for its turn, in order, and reaches no other peer', async () => {
  const r = await scene({ busy: 'queue' })
  const app = r.connect(0)
  app.socket.write('tcp')
  await r.reach('online')
  const at = r.datagramsAt(1)
  const sent = Array.from({ length: 10 }, (_, index) => `datagram ${index}`)
  for (const text of sent) at.send(text)
  await r.pass(5000)
  expect(r.bridge.queue).toMatchObject([{ route: 'sensor' }])
  app.socket.end()
  await r.until(() => r.udpPeers[0]?.packets.length === sent.length, 'the packets')
  expect(r.udpPeer.texts).toEqual(sent)
  expect(r.peer.text).toBe('tcp')
})

test('busy: queue with a TCP client: it has its turn when the datagrams have stopped', async () => {
  const r = await scene({}, { busy: 'queue' })
  const at = r.datagramsAt(1)
  at.send('level 17')
  await r.reach('online')
  const app = r.connect(0)
  app.socket.write('GET /')
  await r.until(() => r.peers[0]?.text === 'GET /', 'the turn')
  expect(r.udpPeer.texts).toEqual(['level 17'])
})

test('busy: preempt: datagrams take the carrier of a TCP client, which is reset', async () => {
  const r = await scene({ busy: 'preempt' })
  const app = r.connect(0)
  app.socket.write('tcp')
  await r.reach('online')
  const at = r.datagramsAt(1)
  at.send('alarm')
  await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the packet')
  expect(app.end).toBe('rst')
  expect(r.udpPeer.texts).toEqual(['alarm'])
})

test('busy: preempt against it: the session of datagrams ends, and the sender waits for another one', async () => {
  const r = await scene({ busy: 'queue' }, { busy: 'preempt' })
  const at = r.datagramsAt(1)
  for (let index = 0; index < 5; index += 1) at.send(`before ${index}`)
  await r.until(() => r.udpPeers[0]?.packets.length === 2, 'two packets')
  const app = r.connect(0)
  app.socket.write('urgent')
  await r.until(() => r.peers[0]?.text === 'urgent', 'the turn')
  expect(r.told('session-end')[0]).toMatchObject({ route: 'sensor', outcome: 'preempted' })
  at.send('after')
  app.socket.end()
  await r.until(() => r.udpPeers.length === 2 && r.udpPeer.texts.includes('after'), 'the next turn')
  const [, figures] = r.bridge.figures
  const lost = (figures?.drops.of('unsent') ?? 0) + (r.udpPeers[0]?.packets.length ?? 0) + r.udpPeer.packets.length
  expect(lost).toBe(6)
})

test('open: always: the carrier is there before the first datagram, and outlives a silence', async () => {
  const r = await scene({ open: 'always', idleTimeout: '5s' })
  await r.until(() => r.udpPeers.length === 1, 'the dial')
  const at = r.datagramsAt(1)
  at.send('one')
  await r.until(() => r.udpPeer.packets.length === 1, 'the packet')
  await r.until(() => !at.isTaken, 'the silence')
  at.send('two')
  await r.until(() => r.udpPeer.packets.length === 2, 'the second session')
  expect(r.udpPeer.texts).toEqual(['one', 'two'])
  expect(r.udpPeers).toHaveLength(1)
})

test('P2 a modem that says CLOSED of a UDP connection is not believed to speak of the peer', async () => {
  const r = await scene()
  const at = r.datagramsAt(1)
  at.send('one')
  await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the packet')
  r.modem.stack.breakCarrier()
  await r.until(() => !at.isTaken, 'the end')
  expect(r.told('session-end')[0]).toMatchObject({ outcome: 'broken', fault: 'carrier-lost' })
})

test('a TCP client of a UDP server: its stream arrives complete, AT+CIPACK is not asked, and its end is no clean one', async () => {
  const r = await rig({
    config: { routes: [{ name: 'mixed', listen: '/run/x.sock', to: 'udp://dns.example.com:53', linger: '300ms' }] },
  })
  await r.until(() => r.link.usable, 'the link')
  const app = r.connect()
  app.socket.end(Buffer.alloc(3000, 'abc'))
  await r.until(() => app.end !== 'open', 'the end')
  expect(app.end).toBe('rst')
  expect(r.udpPeer.texts.join('')).toBe('abc'.repeat(1000))
  expect(r.modem.record.saw(/CIPACK/)).toBe(false)
  expect(r.modem.record.saw(/CIPCLOSE/)).toBe(true)
})
