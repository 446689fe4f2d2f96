/** What is said before a dial (a fixed port, TLS of the modem's own) and after one that failed (is there such a name?). */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { CONFIG, type Rig, rig } from '../support/rig.ts'
import { TlsEnd } from '../support/tls-peer.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

/** A route to the broker, and a plain one. */
function routes(own: Partial<RouteInput>): Partial<ConfigInput> {
  const [route] = CONFIG.routes
  if (!route) throw new Error('no route')
  return {
    routes: [
      { ...route, ...own },
      { ...route, name: 'plain', listen: '127.0.0.1:1884', to: 'tcp://192.0.2.7:80' },
    ],
  }
}

/** A client of a route says something, its peer hears it, and it leaves. */
async function visit(r: Rig, route: number): Promise<void> {
  const before = r.peers.length
  const app = r.connect(route)
  app.socket.write('hello')
  await r.until(() => r.peers[before]?.text === 'hello', 'the peer hears it')
  app.socket.end()
  await r.until(() => app.end !== 'open', 'the end')
  await r.reach('ready')
}

function said(r: Rig, part: string): string[] {
  return r.modem.record.commands.map(({ line }) => line).filter((line) => line.includes(part))
}

describe('a port to dial from', () => {
  test('goes with the dials of its route and no other, and is said only when it changes', async () => {
    const r = await rig({ config: routes({ localPort: 5000 }) })
    await r.reach('ready')
    for (const route of [0, 0, 1, 1, 0]) await visit(r, route)
    expect(r.dialledFrom).toEqual([5000, 5000, undefined, undefined, 5000])
    expect(said(r, 'CLPORT')).toEqual(['AT+CLPORT="TCP",5000', 'AT+CLPORT="TCP",0', 'AT+CLPORT="TCP",5000'])
  })

  test('is said anew after a restart of the modem, which has forgotten it', async () => {
    const r = await rig({ config: routes({ localPort: 5000 }) })
    await r.reach('ready')
    await visit(r, 0)
    r.modem.begin({ type: 'reboot' })
    await r.reach('recovering')
    await r.reach('ready')
    await visit(r, 0)
    expect(r.dialledFrom).toEqual([5000, 5000])
  })

  test('is given back when the daemon stops: the next one dials as if nobody had been here', async () => {
    const first = await rig({ config: routes({ localPort: 5000 }) })
    await first.reach('ready')
    await visit(first, 0)
    await first.stop()
    expect(first.modem.settings.passing.clport).toEqual([0, 0])
  })

  test('that the modem refuses is told, and nothing is reset for it', async () => {
    const r = await rig({ config: routes({ localPort: 5000 }) })
    await r.reach('ready')
    r.modem.begin({ type: 'command-failed', command: '+CLPORT' })
    const app = r.connect(0)
    app.socket.write('hello')
    await r.until(() => app.end === 'rst', 'the refusal')
    expect(r.told('dial-failed')[0]).toMatchObject({
      fault: 'config-invalid',
      message: expect.stringContaining('CLPORT') as string,
    })
    expect(r.told('rung')).toEqual([])
    await r.reach('ready')
    await visit(r, 1)
  })

  test('costs nothing where no route wants one', async () => {
    const r = await rig()
    await r.reach('ready')
    await visit(r, 0)
    expect([...said(r, 'CLPORT'), ...said(r, 'CIPSSL'), ...said(r, 'CDNSGIP')]).toEqual([])
  })
})

describe('TLS of the modem', () => {
  test('P1 is on for its route and off for the others; the server gets a TLS client of the modem’s age', async () => {
    const ends: TlsEnd[] = []
    const r = await rig({
      config: routes({ modemTls: true }),
      knobs: { sslVersion: 'TLSv1.2' },
      peer: (socket) => {
        if (r.dialled.at(-1)?.startsWith('broker') === true) ends.push(new TlsEnd(socket))
      },
    })
    await r.reach('ready')
    const app = r.connect(0)
    app.socket.write('hello')
    await r.until(() => ends[0]?.text === 'hello', 'the server hears it in TLS')
    ends[0]?.socket.write('well')
    await r.until(() => app.text === 'well', 'its answer')
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    await visit(r, 1)
    expect(said(r, 'CIPSSL')).toEqual(['AT+CIPSSL=1', 'AT+CIPSSL=0'])
  })

  test('a server that wants more than TLS 1.0 is one that cannot be reached', async () => {
    const r = await rig({
      config: routes({ modemTls: true }),
      peer: (socket) => {
        new TlsEnd(socket, { minVersion: 'TLSv1.2' })
      },
    })
    await r.reach('ready')
    const app = r.connect(0)
    app.socket.write('hello')
    await r.until(() => app.end === 'rst', 'the refusal')
    expect(r.told('dial-failed')[0]).toMatchObject({ fault: 'peer-refused' })
  })

  test('a modem without it says so in words that tell what to do; nothing is sent in the clear', async () => {
    const r = await rig({ config: routes({ modemTls: true }), knobs: { sslKnown: false } })
    await r.reach('ready')
    const app = r.connect(0)
    app.socket.write('secret')
    await r.until(() => app.end === 'rst', 'the refusal')
    const [told] = r.told('dial-failed')
    expect(told).toMatchObject({ fault: 'config-invalid', message: expect.stringContaining('AT+CIPSSL') as string })
    expect(told?.message).toContain('tls://')
    expect(r.dialled).toEqual([])
    await visit(r, 1)
  })
})

describe('a name without an address', () => {
  test.each([
    [8, 'the name server does not know it'],
    [3, 'no name server can be asked'],
  ])('+CDNSGIP: 0,%i is told instead of a server that refuses', async (error, words) => {
    const r = await rig()
    await r.reach('ready')
    r.modem.begin({ type: 'name-unknown', error })
    const app = r.connect(0)
    app.socket.write('hello')
    await r.until(() => app.end === 'rst', 'the refusal')
    const [told] = r.told('dial-failed')
    expect(told).toMatchObject({ fault: 'peer-refused', message: expect.stringContaining(words) as string })
    expect(told?.message).toContain('broker.example.com has no address')
  })

  test('is not asked for where the server refuses at a known address, and changes nothing where it is known', async () => {
    const r = await rig({ config: routes({}) })
    await r.reach('ready')
    r.modem.begin({ type: 'peer-refused' })
    for (const route of [0, 1]) {
      const app = r.connect(route)
      app.socket.write('hello')
      await r.until(() => app.end === 'rst', 'the refusal')
      await r.reach('ready')
    }
    expect(said(r, 'CDNSGIP')).toEqual(['AT+CDNSGIP="broker.example.com"'])
    expect(r.told('dial-failed').map(({ message }) => message.includes('no address'))).toEqual([false, false])
  })

  test('a modem that does not answer the question costs the reason only', async () => {
    const r = await rig()
    await r.reach('ready')
    r.modem.begin({ type: 'peer-refused' })
    const end = r.modem.begin({ type: 'lost-result', command: '+CDNSGIP' })
    r.modem.behave((_, { name }) => (name === '+CDNSGIP' ? { result: 'none' } : undefined))
    const app = r.connect(0)
    app.socket.write('hello')
    await r.until(() => app.end === 'rst', 'the refusal')
    end()
    await r.reach('ready')
    expect(r.told('rung')).toEqual([])
  })
})
