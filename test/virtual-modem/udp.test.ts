/** UDP in transparent mode (app note 2.1.2, 2.2.3): what CIPCCFG puts together is one datagram. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openUdp } from '../../src/virtual-modem/udp-network.ts'
import type { MemoryUdpPeer } from '../support/memory-udp.ts'
import { pass, type Rig, type RigOptions, rig } from './rig.ts'

async function dialled(options: RigOptions = {}): Promise<{ r: Rig; peer: MemoryUdpPeer }> {
  const r = await rig(options)
  for (const line of ['ATE0', 'AT+CIPMODE=1', 'AT+CSTT="internet"']) await r.ask(line, 50)
  await r.ask('AT+CIICR', 2000)
  await r.ask('AT+CIFSR', 50)
  expect(await r.ask('AT+CIPSTART="UDP","192.0.2.1","53"', 1000)).toBe('\r\nOK\r\n\r\nCONNECT\r\n')
  return { r, peer: r.network.udpPeers.at(-1)! }
}

async function escape(r: Rig): Promise<void> {
  await pass(1001)
  r.write('+++')
  await pass(1100)
  expect(r.heard()).toBe('\r\nOK\r\n')
}

describe('in virtual time', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test.each([
    [200, 400],
    [100, 200],
  ])('with steps of %i ms, a silence of %i ms ends a datagram and a shorter one does not', async (packUnit, ms) => {
    const { r, peer } = await dialled({ knobs: { packUnit } })
    r.write('one,')
    await pass(ms - 10)
    r.write('and its rest')
    await pass(ms + 10)
    r.write('two')
    await pass(ms + 10)
    expect(peer.texts).toEqual(['one,and its rest', 'two'])
    expect(r.modem.record.packets.map(({ size }) => size)).toEqual([16, 3])
  })

  test('SendSz bytes are a datagram without any silence, what is more begins the next one', async () => {
    const { r, peer } = await dialled()
    r.write('x'.repeat(1024 + 1024 + 30))
    await pass(1000)
    expect(peer.sizes).toEqual([1024, 1024, 30])
  })

  test('what is complete stays a datagram of its own while the air is busy', async () => {
    const { r, peer } = await dialled({ knobs: { airRate: 800 } })
    for (const text of ['a'.repeat(90), 'b'.repeat(90), 'c']) {
      r.write(text)
      await pass(420)
    }
    expect(peer.sizes).toEqual([90])
    await pass(5000)
    expect(peer.sizes).toEqual([90, 90, 1])
  })

  test('the states have the names of UDP, nothing is acknowledged, and another dial may follow', async () => {
    const { r, peer } = await dialled()
    r.write('hello')
    await pass(500)
    await escape(r)
    expect(await r.ask('AT+CIPSTATUS')).toContain('STATE: CONNECT OK')
    expect(await r.ask('AT+CIPACK')).toContain('+CIPACK: 5,0,5')
    expect(await r.ask('AT+CIPCLOSE')).toContain('CLOSE OK')
    expect(peer.socket.destroyed).toBe(true)
    expect(await r.ask('AT+CIPSTATUS')).toContain('STATE: UDP CLOSED')
    expect(await r.ask('AT+CIPSTART="UDP","192.0.2.1","53"', 1000)).toContain('CONNECT')
  })

  test('or all of it is called acknowledged', async () => {
    const { r } = await dialled({ knobs: { udpAcked: 'all' } })
    r.write('hello')
    await pass(500)
    await escape(r)
    expect(await r.ask('AT+CIPACK')).toContain('+CIPACK: 5,5,0')
  })

  test('a name without an address fails, in the state of UDP', async () => {
    const r = await rig()
    r.network.answer = 'refuse'
    expect(await r.ask('AT+CIPSTART="UDP","nowhere","53"', 3000)).toContain('STATE: UDP CLOSED\r\n\r\nCONNECT FAIL')
  })

  test('datagrams of the peer come out as bytes, one after the other; one that finds no room is lost as a whole', async () => {
    const { r, peer } = await dialled()
    peer.say('first')
    peer.say('second')
    await pass(50)
    expect(r.heard()).toBe('firstsecond')
    await escape(r)
    peer.say(Buffer.alloc(3000, 'a'))
    peer.say(Buffer.alloc(3000, 'b'))
    peer.say('c')
    await pass(50)
    await r.ask('ATO', 50)
    await pass(1000)
    expect(r.modem.record.lost.datagrams).toBe(3000)
    expect(r.modem.record.fromPeer).toBe(11 + 3000 + 1)
  })

  test('a peer that nobody reaches ends nothing', async () => {
    const { r, peer } = await dialled({ knobs: { giveUpTime: 5000 } })
    await r.modem.during({ type: 'peer-silent' }, async () => {
      r.write('lost')
      await pass(60_000)
    })
    expect(peer.packets).toEqual([])
    expect(r.heard()).toBe('')
    r.write('seen')
    await pass(500)
    expect(peer.texts).toEqual(['seen'])
  })
})

test('on the real network a datagram is a datagram, both ways, and a peer that is not there is none of its business', async () => {
  const server = createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  server.on('message', (bytes, { port }) => server.send(`<${bytes.toString()}>`, port, '127.0.0.1'))
  const stream = await openUdp('localhost', server.address().port, new AbortController().signal)
  stream.write(Buffer.from('one'))
  stream.write(Buffer.from('two'))
  const got: string[] = []
  stream.on('data', (bytes: Buffer) => got.push(bytes.toString()))
  await vi.waitUntil(() => got.length === 2)
  expect(got).toEqual(['<one>', '<two>'])
  server.close()
  await once(server, 'close')
  stream.write(Buffer.from('nobody'))
  await new Promise<void>((resolve) => void stream.write(Buffer.from('hears this'), () => resolve()))
  expect(stream.destroyed).toBe(false)
  stream.destroy()
})
