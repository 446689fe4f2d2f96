/** TLS from the daemon to the server: whom it believes, what it costs when it does not, and honest ends. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, rig } from '../support/rig.ts'
import { TlsEnd, type TlsPeerOptions, tlsFile } from '../support/tls-peer.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]
type TlsInput = RouteInput['tls']

interface Scene {
  readonly r: Rig
  /** As the servers see their clients. */
  readonly ends: TlsEnd[]
}

async function scene(tls: TlsInput, server: TlsPeerOptions = {}, own: Partial<RouteInput> = {}): Promise<Scene> {
  const ends: TlsEnd[] = []
  const r = await rig({
    config: {
      routes: [
        { name: 'broker', listen: '127.0.0.1:1883', to: 'tls://broker.example.com:8883', linger: '500ms', tls, ...own },
      ],
      recovery: { firstPause: '10s', maxPause: '1m' },
    },
    peer: (far) => ends.push(new TlsEnd(far, server)),
  })
  await r.until(() => r.link.usable, 'the link')
  return { r, ends }
}

const TRUSTED = { ca: tlsFile('ca.pem') }

describe('a server that is believed', () => {
  test('P1 every byte arrives, both ways, and on the air there is none of it in clear', async () => {
    const { r, ends } = await scene(TRUSTED)
    const app = r.connect()
    const sent = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * 7) % 256))
    app.socket.write('a secret,')
    app.socket.write(sent)
    await r.until(() => ends[0]?.bytes.length === sent.length + 9, 'the way up')
    expect(ends[0]?.bytes.subarray(9).equals(sent)).toBe(true)
    ends[0]?.socket.write(sent)
    await r.until(() => app.bytes.length === sent.length, 'the way down')
    expect(app.bytes.equals(sent)).toBe(true)
    expect(r.peer.text).not.toContain('a secret')
    // What the status counts is the client's, and does not shrink when the session is over.
    const counted = { bytesUp: sent.length + 9, bytesDown: sent.length }
    expect(statusOf(r.link, r.bridge, []).routes[0]).toMatchObject(counted)
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    expect(statusOf(r.link, r.bridge, []).routes[0]).toMatchObject({ ...counted, holder: null })
    expect(r.told('tls')[0]?.message).toMatch(/^TLSv1\.3, /)
  })

  test('P2 it says goodbye and closes: the client reads all of it and then its end', async () => {
    const { r, ends } = await scene(TRUSTED)
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => ends[0]?.text === '?', 'the question')
    const bytes = Buffer.alloc(20_000, 'abc')
    ends[0]?.socket.end(bytes)
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.end).toBe('fin')
    expect(app.bytes.equals(bytes)).toBe(true)
  })

  test('P2 it closes without a goodbye: the client is reset, for somebody may have cut off the rest', async () => {
    const { r, ends } = await scene(TRUSTED)
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => ends[0]?.text === '?', 'the question')
    ends[0]?.socket.write('half of it')
    await r.until(() => app.text === 'half of it', 'half of it')
    r.peer.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.end).toBe('rst')
    expect(r.told('session-end')[0]?.message).toContain('without a goodbye in TLS')
  })

  test('P2 a record that was changed on the way is not handed over, and ends the session', async () => {
    const { r, ends } = await scene(TRUSTED)
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => ends[0]?.text === '?', 'the question')
    r.peer.socket.write(Buffer.from('170303001300000000000000000000000000000000000000', 'hex'))
    await r.until(() => app.end !== 'open', 'the end')
    expect([app.end, app.text]).toEqual(['rst', ''])
    expect(r.told('session-end')[0]?.message).toContain('TLS failed')
  })

  test('P3 the client finishes: its bytes and the goodbye are acknowledged before the hang-up', async () => {
    const { r, ends } = await scene(TRUSTED, {}, { linger: '3s' })
    const app = r.connect()
    const sent = Buffer.alloc(50_000, 'x')
    app.socket.end(sent)
    await r.until(() => ends[0]?.bytes.length === sent.length, 'the way up')
    await r.pass(2_000)
    ends[0]?.socket.write('thanks')
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('thanks')
    expect(ends[0]?.end).toBe('goodbye')
    expect(r.told('hung-up')[0]).toMatchObject({ unacked: 0 })
    expect(r.told('session-end')[0]).toMatchObject({ message: 'closed by client', bytesUp: 50_000, bytesDown: 6 })
  })

  test('P5 a client that does not read stops the server; nothing is lost when it goes on', async () => {
    const { r, ends } = await scene(TRUSTED)
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => ends[0]?.text === '?', 'the question')
    app.socket.pause()
    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, at) => at % 251))
    ends[0]?.socket.end(bytes)
    await r.pass(120_000)
    expect(r.peer.socket.writableLength).toBeGreaterThan(100_000)
    app.socket.resume()
    await r.until(() => app.end !== 'open', 'the end', 200_000)
    expect(app.bytes.equals(bytes)).toBe(true)
    expect(app.end).toBe('fin')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'the second handshake goes on where the first one ended (%s)',
    async (maxVersion) => {
      const { r, ends } = await scene(TRUSTED, { maxVersion })
      const wire: number[] = []
      for (const index of [0, 1]) {
        const app = r.connect()
        app.socket.write('?')
        await r.until(() => ends[index]?.text === '?', 'the question')
        wire.push(r.bridge.carrier?.bytesDown ?? 0)
        app.socket.end()
        await r.until(() => app.end !== 'open' && r.link.state === 'ready', 'the end')
      }
      expect(r.told('tls').map(({ message }) => message.endsWith('resumed'))).toEqual([false, true])
      // Its certificates are not sent again.
      expect(wire[1]).toBeLessThan((wire[0] ?? 0) / 1.5)
    },
  )

  test('it asks for a certificate, and gets it', async () => {
    const own = { cert: tlsFile('client.pem'), key: tlsFile('client.key') }
    const asking = { requestCert: true, rejectUnauthorized: true }
    const { r, ends } = await scene({ ...TRUSTED, ...own }, asking)
    r.connect().socket.write('?')
    await r.until(() => ends[0]?.text === '?', 'the question')
    expect(ends[0]?.socket.getPeerCertificate().subject.CN).toBe('client')
  })

  test('its public key is pinned', async () => {
    const { publicKey } = new X509Certificate(readFileSync(tlsFile('server.pem')))
    const hash = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64')
    const { r, ends } = await scene({ ...TRUSTED, pins: [`sha256//${hash}`] })
    r.connect().socket.write('?')
    await r.until(() => ends[0]?.text === '?', 'the question')
  })
})

const DISBELIEF: readonly [string, TlsInput, TlsPeerOptions, Partial<RouteInput>, RegExp][] = [
  ['another authority', { ca: tlsFile('other-ca.pem') }, {}, {}, /self-signed certificate in certificate chain/],
  ['an authority that is not well known', {}, {}, {}, /self-signed certificate in certificate chain/],
  ['another name', TRUSTED, {}, { to: 'tls://evil.example.com:8883' }, /does not match certificate's altnames/],
  ['another name than the one asked for', { ...TRUSTED, serverName: 'x.org' }, {}, {}, /altnames/],
  ['a certificate of the past', TRUSTED, { shows: 'expired' }, {}, /certificate has expired/],
  ['another key', { ...TRUSTED, pins: [`sha256//${'A'.repeat(43)}=`] }, {}, {}, /another public key .* sha256\/\//],
  ['an old version', { ...TRUSTED, minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }, {}, /version/],
]

describe('P8 a server that is not believed gets not a byte of the client, which is reset', () => {
  test.each(DISBELIEF)('%s', async (_name, tls, server, own, reason) => {
    const { r, ends } = await scene(tls, server, own)
    const app = r.connect()
    app.socket.write('a secret')
    await r.until(() => app.end === 'rst', 'the reset')
    expect(ends[0]?.text).toBe('')
    expect(r.told('tls-failed')[0]?.message).toMatch(reason)
    expect(r.told('session-end')[0]?.message).toMatch(/^tls failed: /)
    // The modem is fine, and other routes have it.
    expect(r.link.usable).toBe(true)
    await r.reach('ready')
  })

  test('it is not dialled again and again: the pauses grow, and an honest one ends them', async () => {
    const server = { shows: 'expired' }
    const { r, ends } = await scene(TRUSTED, server)
    for (let second = 0; second < 600; second += 2) {
      const app = r.connect()
      app.socket.write('?')
      await r.pass(2_000)
      expect(app.end === 'open' && r.link.state === 'ready').toBe(false)
    }
    expect(r.dialled.length).toBeGreaterThan(8)
    expect(r.dialled.length).toBeLessThan(16)
    server.shows = 'server'
    await r.pass(60_000)
    const app = r.connect()
    app.socket.write('hello')
    await r.until(() => ends.at(-1)?.text === 'hello', 'the bytes')
  })

  test('a backup that is believed takes its place', async () => {
    const { r, ends } = await scene(TRUSTED, {}, { to: ['tls://evil.example.com:1', 'tls://broker.example.com:2'] })
    r.connect().socket.write('hello')
    await r.until(() => ends[1]?.text === 'hello', 'the bytes')
    expect(ends[0]?.text).toBe('')
  })
})

test('P9 a server that says nothing in the handshake is given up after a minute', async () => {
  const r = await rig({
    config: {
      routes: [{ name: 'broker', listen: '127.0.0.1:1883', to: 'tls://broker.example.com:8883', tls: TRUSTED }],
    },
  })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('?')
  await r.until(() => app.end === 'rst', 'the reset', 70_000)
  expect(r.told('session-end')[0]?.message).toContain('no handshake within 60 s')
  await r.reach('ready')
})

test('P7 the network goes in the handshake: the client hears of the network, and nobody is blamed', async () => {
  const { r, ends } = await scene(TRUSTED)
  const app = r.connect()
  app.socket.write('?')
  await r.until(() => ends.length === 1, 'the dial')
  r.modem.begin({ type: 'context-lost' })
  await r.until(() => app.end === 'rst', 'the reset')
  expect(r.told('session-end')[0]).toMatchObject({ fault: 'context-lost' })
  expect(r.told('tls-failed')).toEqual([])
})

test('a client that leaves in the handshake: the modem hangs up', async () => {
  const { r, ends } = await scene(TRUSTED)
  const app = r.connect()
  app.socket.write('?')
  await r.until(() => ends.length === 1, 'the dial')
  app.socket.resetAndDestroy()
  await r.reach('ready')
  expect(ends[0]?.text).toBe('')
})

test('open: always hands one TLS connection from client to client', async () => {
  const { r, ends } = await scene(TRUSTED, {}, { open: 'always' })
  for (const text of ['one', 'two']) {
    const app = r.connect()
    app.socket.write(text)
    await r.until(() => ends[0]?.text.endsWith(text) === true, text)
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
  }
  expect(ends).toHaveLength(1)
})
