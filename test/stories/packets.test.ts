/** Registration and heartbeat: the only bytes that the daemon adds to a connection, where a route wants them. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { CONFIG, type Rig, rig } from '../support/rig.ts'
import { TlsEnd, tlsFile } from '../support/tls-peer.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

function config(own: Partial<RouteInput>): Partial<ConfigInput> {
  const [route] = CONFIG.routes
  if (!route) throw new Error('no route')
  return { routes: [{ ...route, ...own }], limits: { bytesPerDay: '1MB' } }
}

function heartbeats(r: Rig): number | null | undefined {
  return statusOf(r.link, r.bridge, []).routes[0]?.heartbeats
}

test('P4 the registration comes first after every CONNECT, before what the client wrote long ago', async () => {
  const r = await rig({ config: config({ registration: { text: 'pump-17\r\n' } }) })
  await r.reach('ready')
  for (const visit of [0, 1]) {
    const app = r.connect()
    app.socket.write('early')
    await r.until(() => r.peers[visit]?.text === 'pump-17\r\nearly', 'both, in order')
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    await r.reach('ready')
  }
  expect(r.told('session-end').map(({ bytesUp }) => bytesUp)).toEqual([5, 5])
})

test('the registration goes in TLS where the daemon speaks it', async () => {
  const ends: TlsEnd[] = []
  const tls = { ca: tlsFile('ca.pem') }
  const own = { to: 'tls://localhost:8883', tls, registration: { hex: '00 ff 2B' } }
  const r = await rig({ config: config(own), peer: (socket) => ends.push(new TlsEnd(socket)) })
  await r.reach('ready')
  r.connect().socket.write('hello')
  await r.until(() => ends[0]?.text === '\0\xff+hello', 'both, in order')
})

describe('a heartbeat', () => {
  const HEARTBEAT = { every: '10s', text: '[alive]' } as const

  test('goes after silence of the client and again, never while it talks, and never when it has finished', async () => {
    const r = await rig({ config: config({ heartbeat: HEARTBEAT, linger: '60s', closeTimeout: '5m' }) })
    await r.reach('ready')
    const app = r.connect()
    for (let second = 0; second < 30; second += 3) {
      app.socket.write(`${second};`)
      await r.pass(3_000)
    }
    expect(r.peer.text).toBe('0;3;6;9;12;15;18;21;24;27;')
    await r.pass(20_000)
    expect(r.peer.text).toBe('0;3;6;9;12;15;18;21;24;27;[alive][alive]')
    expect(heartbeats(r)).toBe(2)
    app.socket.end()
    await r.pass(50_000)
    expect(r.peer.text.endsWith('27;[alive][alive]')).toBe(true)
    await r.until(() => app.end !== 'open', 'the end')
    expect(r.told('session-end')[0]).toMatchObject({ bytesUp: 26, outcome: 'closed-by-client' })
  })

  test('counts in the budget', async () => {
    const spent = async (own: Partial<RouteInput>): Promise<number> => {
      const r = await rig({ config: config(own) })
      await r.reach('ready')
      r.connect().socket.write('hello')
      await r.pass(60_000)
      return r.link.budget?.bytesToday ?? 0
    }
    const without = await spent({})
    expect(await spent({ heartbeat: HEARTBEAT })).toBeGreaterThanOrEqual(without + 5 * '[alive]'.length)
  })

  test('goes on while no client has the carrier of a route with open: always', async () => {
    const r = await rig({
      config: config({ open: 'always', linger: '1s', heartbeat: HEARTBEAT, registration: { text: '[reg]' } }),
    })
    await r.until(() => r.bridge.standing, 'the carrier')
    await r.pass(25_000)
    expect(r.peer.text).toBe('[reg][alive][alive]')
    const app = r.connect()
    app.socket.write('hello')
    await r.until(() => r.peer.text.endsWith('hello'), 'the client')
    app.socket.end()
    await r.until(() => app.end !== 'open', 'its end')
    await r.pass(20_500)
    expect(r.peer.text).toBe('[reg][alive][alive]hello[alive][alive]')
    expect(r.told('session-end')[0]).toMatchObject({ bytesUp: 5 })
    expect(r.dialled).toHaveLength(1)
  })

  test('P1 of three pluses is no escape, and one during a command window waits for its end', async () => {
    const r = await rig({ config: config({ heartbeat: { every: '3s', text: '+++' }, linger: '1s' }) })
    await r.reach('ready')
    r.connect().socket.write('hello')
    await r.until(() => r.peers[0]?.text === 'hello', 'the client')
    await r.pass(10_000)
    expect(r.peer.text).toMatch(/^hello(\+\+\+){2,3}\+*$/)
    expect(r.modem.record.escapes).toBe(0)
    let ok = false
    r.link.ask('AT+CSQ').then(
      (answer) => (ok = answer.ok),
      () => undefined,
    )
    await r.until(() => ok, 'the answer')
    await r.pass(10_000)
    expect(r.peer.text).toMatch(/^hello\+*$/)
    expect(r.modem.record.escapes).toBe(1)
    expect(r.told('session-end')).toEqual([])
  })

  test('P5 is left out while the peer takes nothing: they do not pile up', async () => {
    const r = await rig({ config: { ...config({ heartbeat: HEARTBEAT }), liveness: { probeAfter: '0s' } } })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('hello')
    await r.until(() => r.peers[0]?.text === 'hello', 'the client')
    const end = r.modem.begin({ type: 'cts-stuck' })
    await r.pass(600_000)
    const before = heartbeats(r) ?? 0
    expect(before).toBeLessThan(3)
    end()
    await r.pass(25_000)
    expect(r.peer.text).toBe(`hello${'[alive]'.repeat(heartbeats(r) ?? 0)}`)
  })
})
