/** The proxy: programs that choose their own server, by SOCKS5 or HTTP CONNECT, through the same one carrier. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { sleep } from '../../src/core/time.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

const ALLOW = ['*.example.com:80', '192.0.2.0/24']

async function proxied(own: Partial<NonNullable<ConfigInput['proxy']>> = {}): Promise<Rig> {
  const r = await rig({ config: { proxy: { listen: '127.0.0.1:1080', allow: ALLOW, linger: '200ms', ...own } } })
  await r.reach('ready')
  return r
}

const PROXY = 1

/** A client of the proxy that says `first`. */
function client(r: Rig, first: Buffer | string): Witness {
  const app = r.connect(PROXY)
  app.socket.write(first)
  return app
}

function socks(host: string, port: number): Buffer {
  const head = [5, 1, 0, 5, 1, 0, 3, host.length]
  return Buffer.concat([Buffer.from(head), Buffer.from(host), Buffer.from([port >> 8, port & 255])])
}

function connect(host: string, port: number): string {
  return `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`
}

const GREETED = '0500'
const ACCEPTED = '05000001000000000000'
const hex = (app: Witness): string => app.bytes.toString('hex')

test('P4 SOCKS5: the modem resolves the name, and what is glued to the request arrives', async () => {
  const r = await proxied()
  const app = client(r, Buffer.concat([socks('www.example.com', 80), Buffer.from('early')]))
  await r.until(() => r.peers[0]?.text === 'early', 'the bytes')
  expect(r.dialled).toEqual(['www.example.com:80'])
  r.peer.socket.end('answer')
  await r.until(() => app.end === 'fin', 'the end')
  expect(hex(app)).toBe(`${GREETED}${ACCEPTED}${Buffer.from('answer').toString('hex')}`)
})

test('SOCKS5 step by step, byte by byte', async () => {
  const r = await proxied()
  const app = r.connect(PROXY)
  for (const byte of socks('192.0.2.7', 8080)) {
    app.socket.write(Buffer.from([byte]))
    await r.pass(100)
  }
  await r.until(() => hex(app) === `${GREETED}${ACCEPTED}`, 'the answer')
  expect(r.dialled).toEqual(['192.0.2.7:8080'])
})

test('P1 HTTP CONNECT: the answer, then every byte unchanged, both ways', async () => {
  const r = await proxied()
  const app = client(r, connect('www.example.com', 80))
  await r.until(() => app.text === 'HTTP/1.1 200 Connection established\r\n\r\n', 'the answer')
  const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, at) => at % 256))
  app.socket.write(bytes)
  await r.until(() => r.peer.bytes.length === bytes.length, 'the way up')
  r.peer.socket.end(bytes)
  await r.until(() => app.end === 'fin', 'the end')
  expect(r.peer.bytes.equals(bytes)).toBe(true)
  expect(app.bytes.subarray(39).equals(bytes)).toBe(true)
})

test('a client that finishes right behind its request is served', async () => {
  const r = await proxied()
  const app = r.connect(PROXY)
  app.socket.end(`${connect('www.example.com', 80)}GET /`)
  await r.until(() => r.peers[0]?.text === 'GET /', 'the bytes')
  r.peer.socket.end('page')
  await r.until(() => app.end === 'fin', 'the end')
  expect(app.text).toMatch(/\r\n\r\npage$/)
})

const NO: readonly [string, (r: Rig) => void, string, string][] = [
  ['a server that refuses', (r) => (r.accept = () => Promise.resolve(false)), '05', '502'],
  ['a server that does not answer', (r) => (r.accept = () => sleep(40_000).then(() => false)), '04', '504'],
]

describe('P10 the answer tells what went wrong', () => {
  test.each(NO)('%s', async (_name, arrange, code, status) => {
    const r = await proxied()
    arrange(r)
    const one = client(r, socks('www.example.com', 80))
    await r.until(() => one.end === 'fin', 'the end of the first')
    expect(hex(one).startsWith(`${GREETED}05${code}`)).toBe(true)
    await r.reach('ready')
    const two = client(r, connect('www.example.com', 80))
    await r.until(() => two.end === 'fin', 'the end of the second')
    expect(two.text).toMatch(new RegExp(`^HTTP/1.1 ${status} .*could not be reached`, 's'))
  })

  test('a destination that is not allowed: nothing is dialled', async () => {
    const r = await proxied()
    const apps = [client(r, socks('example.org', 80)), client(r, connect('www.example.com', 443))]
    await r.until(() => apps.every(({ end }) => end === 'fin'), 'the ends')
    expect(hex(apps[0] as Witness).startsWith(`${GREETED}0502`)).toBe(true)
    expect(apps[1]?.text).toMatch(/^HTTP\/1.1 403 .*www.example.com:443 is not in proxy.allow/s)
    expect(r.dialled).toEqual([])
    expect(r.told('proxy-refused')).toHaveLength(2)
  })

  test('the carrier is taken, and the proxy refuses then', async () => {
    const r = await proxied({ busy: 'refuse' })
    const app = r.connect(0)
    app.socket.write('x')
    await r.until(() => r.peers[0]?.text === 'x', 'the holder')
    const apps = [client(r, socks('www.example.com', 80)), client(r, connect('www.example.com', 80))]
    await r.until(() => apps.every(({ end }) => end === 'fin'), 'the ends')
    expect(hex(apps[0] as Witness).startsWith(`${GREETED}0501`)).toBe(true)
    expect(apps[1]?.text).toMatch(/^HTTP\/1.1 503 .*session 1 of broker has the carrier/s)
  })

  test('the network is gone while it waits', async () => {
    const r = await proxied()
    const app = r.connect(0)
    app.socket.write('x')
    await r.until(() => r.peers[0]?.text === 'x', 'the holder')
    const waiting = client(r, connect('www.example.com', 80))
    await r.pass(100)
    r.modem.begin({ type: 'sim-puk' })
    r.modem.begin({ type: 'reboot' })
    await r.until(() => waiting.end === 'fin', 'the end')
    expect(waiting.text).toMatch(/^HTTP\/1.1 503 /)
  })
})

test('queue: three clients of the proxy, one after the other, each at its own server', async () => {
  const r = await proxied()
  const texts = ['one', 'two', 'three']
  const apps = texts.map((text) => client(r, `${connect(`${text}.example.com`, 80)}${text}`))
  await r.until(() => r.peers[0]?.text === 'one', 'the first')
  for (const app of apps) app.socket.end()
  await r.until(() => r.peers.length === 3 && r.link.state === 'ready', 'all of them')
  expect(r.peers.map(({ text }) => text)).toEqual(texts)
  expect(r.dialled).toEqual(texts.map((text) => `${text}.example.com:80`))
})

test('P9 a client that says nothing useful is let go after ten seconds', async () => {
  const r = await proxied()
  const silent = r.connect(PROXY)
  const slow = client(r, 'CONNECT www.exa')
  await r.pass(9_900)
  expect([silent.end, slow.end]).toEqual(['open', 'open'])
  await r.pass(200)
  expect([silent.end, slow.end]).toEqual(['fin', 'fin'])
})

test('P5 not more than 64 are asked at once', async () => {
  const r = await proxied()
  const apps = Array.from({ length: 70 }, () => r.connect(PROXY))
  await r.pass(100)
  expect(apps.filter(({ end }) => end === 'rst')).toHaveLength(6)
})

test('a client that leaves in its request costs nothing', async () => {
  const r = await proxied()
  client(r, Buffer.from([5, 1])).socket.resetAndDestroy()
  client(r, 'CONNECT ').socket.end()
  await r.pass(1_000)
  expect(r.dialled).toEqual([])
  expect(r.told('proxy-refused')).toEqual([])
})
