/** What a client gets that comes while the link is down: a reset at once, or a place to wait. */
import { expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, rig } from '../support/rig.ts'

const ROUTE = { name: 'broker', listen: '127.0.0.1:1883', to: 'tcp://broker.example.com:1883' }

function down(own: Partial<NonNullable<ConfigInput['routes']>[number]>): Promise<Rig> {
  return rig({ knobs: { start: 'booting' }, config: { routes: [{ ...ROUTE, ...own }] } })
}

test('P10 refuse: a client that comes while the link is down is reset at once, with the reason', async () => {
  const r = await down({})
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => app.end === 'rst', 'a reset', 100)
  expect(r.told('session-end')[0]?.message).toContain('the link is not up yet')
})

test('P4 P10 hold: what a client writes meanwhile is bounded, and all of it arrives once the link is up', async () => {
  const r = await down({ whenDown: 'hold' })
  const app = r.connect()
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 253))
  app.socket.write(sent)
  await r.pass(1_000)
  expect(r.link.usable).toBe(false)
  expect(app.socket.writableLength).toBeGreaterThan(100_000)
  expect(statusOf(r.link, r.bridge, [])).toMatchObject({ usable: false, routes: [{ holder: null, waiting: 1 }] })
  expect(r.told('held')).toHaveLength(1)
  await r.until(() => r.peers[0]?.bytes.length === sent.length, 'the bytes')
  expect(r.peer.bytes.equals(sent)).toBe(true)
  expect(statusOf(r.link, r.bridge, [])).toMatchObject({ usable: true, routes: [{ holder: 1, waiting: 0 }] })
})

test('P10 hold ends after holdTimeout: the client is reset, and the log says what is in the way', async () => {
  const r = await down({ whenDown: 'hold', holdTimeout: '20s' })
  r.modem.begin({ type: 'sim-puk' })
  const app = r.connect()
  await r.pass(19_900)
  expect(app.end).toBe('open')
  await r.pass(200)
  expect(app.end).toBe('rst')
  expect(r.told('session-end')[0]).toMatchObject({ level: 'warn', fault: 'sim-locked' })
  expect(r.told('session-end')[0]?.message).toMatch(/^held for 20 s, and the link is still down: .*PUK/)
  expect(statusOf(r.link, r.bridge, [])).toMatchObject({ fault: 'sim-locked', routes: [{ holder: null, waiting: 0 }] })
})

test('hold: a client that leaves costs no dial; one that has finished is delivered', async () => {
  const r = await down({ whenDown: 'hold' })
  const left = r.connect()
  left.socket.write('no')
  await r.pass(100)
  left.socket.resetAndDestroy()
  await r.pass(100)
  const finished = r.connect()
  finished.socket.end('yes')
  await r.until(() => r.peers[0]?.text === 'yes' && r.link.state === 'ready', 'the bytes')
  expect(r.dialled).toHaveLength(1)
})

test('hold: one client has the place, the next is dealt with as if it had the carrier', async () => {
  const r = await down({ whenDown: 'hold' })
  const first = r.connect()
  first.socket.write('first')
  await r.pass(100)
  const second = r.connect()
  await r.until(() => second.end === 'rst', 'a reset', 100)
  expect(r.told('busy')).toHaveLength(1)
  await r.until(() => r.peers[0]?.text === 'first', 'the first one')
})

test('hold: whoever is held when the daemon stops is reset at once', async () => {
  const r = await down({ whenDown: 'hold', holdTimeout: '10m' })
  const app = r.connect()
  await r.pass(100)
  await r.stop()
  const over = r.bridge.allOver()
  await r.pass(10)
  await over
  expect(app.end).toBe('rst')
})
