/** UDP: a datagram is a packet, whoever was first has the session, and what is not sent is counted. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import type { LocalDatagrams } from '../support/local-datagrams.ts'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

type RouteInput = NonNullable<ConfigInput['routes']>[number]

const UDP: RouteInput = {
  name: 'sensor',
  listen: 'udp://127.0.0.1:5353',
  to: 'udp://collector.example.com:9000',
  idleTimeout: '30s',
}

async function scene(own: Partial<RouteInput> = {}, options: RigOptions = {}): Promise<{ r: Rig; at: LocalDatagrams }> {
  const r = await rig({ ...options, config: { routes: [{ ...UDP, ...own }], ...options.config } })
  await r.until(() => r.link.usable, 'the link')
  return { r, at: r.datagramsAt() }
}

const drops = (r: Rig, route = 0): Record<string, number> => {
  const all = r.bridge.figures[route]?.drops
  return Object.fromEntries(
    (['size', 'escape', 'overflow', 'sender', 'unsent'] as const).map((why) => [why, all?.of(why) ?? 0]),
  )
}
const NONE = { size: 0, escape: 0, overflow: 0, sender: 0, unsent: 0 }
const commands = (r: Rig): string[] => r.modem.record.commands.map(({ line }) => line)

describe('from datagrams here to datagrams there', () => {
  test('P1 the first one dials, each leaves as one packet, and each answer comes back as one', async () => {
    const { r, at } = await scene()
    const sent = ['one', 'two\r\n', 'x'.repeat(1024), '\r\nCLOSED\r\n', 'three']
    for (const text of sent) at.send(text)
    await r.until(() => r.udpPeers[0]?.packets.length === sent.length, 'the packets')
    expect(r.dialled).toEqual(['udp://collector.example.com:9000'])
    expect(r.udpPeer.texts).toEqual(sent)
    r.udpPeer.say('first answer')
    await r.pass(500)
    r.udpPeer.say('second\r\n')
    await r.pass(500)
    expect(at.texts()).toEqual(['first answer', 'second\r\n'])
    expect(drops(r)).toEqual(NONE)
  })

  test('an answer that ends as the last words of a modem begin is one datagram all the same', async () => {
    const { r, at } = await scene()
    at.send('?')
    await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the question')
    r.udpPeer.say('level 17\r\nCLO')
    await r.until(() => at.texts().length > 0, 'the answer')
    await r.pass(1000)
    expect(at.texts()).toEqual(['level 17\r\nCLO'])
  })

  test('what is longer than a packet of the modem, or empty, is not sent, and never cut', async () => {
    const { r, at } = await scene()
    for (const size of [1025, 5000, 0, 7]) at.send(Buffer.alloc(size, 'a'))
    await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the packet')
    await r.pass(5000)
    expect(r.udpPeer.sizes).toEqual([7])
    expect(drops(r)).toEqual({ ...NONE, size: 3 })
    expect(r.told('dropped')[0]?.message).toMatch(/^1 datagram not sent: empty, or longer than one packet/)
  })

  test('transparent.sendSize says how long they may be', async () => {
    const { r, at } = await scene({}, { config: { transparent: { sendSize: 1460 } } })
    at.send(Buffer.alloc(1460, 'a'))
    at.send(Buffer.alloc(1460, 'b'))
    await r.until(() => r.udpPeers[0]?.packets.length === 2, 'the packets')
    expect(r.udpPeer.sizes).toEqual([1460, 1460])
  })

  test('a line that is slower than its rate and does not tell', async () => {
    const { r, at } = await scene(
      {},
      { knobs: { lineShare: 0.6 }, config: { line: { device: 'virtual', baudRate: 9600 } } },
    )
    const sent = [900, 10, 1024, 1, 800].map((size) => size)
    for (const size of sent) at.send(Buffer.alloc(size, 'a'))
    await r.until(() => (r.udpPeers[0]?.packets.length ?? 0) >= sent.length, 'the packets')
    expect(r.udpPeer.sizes).toEqual(sent)
  })
})

describe('pluses', () => {
  test('P1 with +++ alone as the way to escape, groups of pluses are kept whole, and a datagram of three is refused', async () => {
    const { r, at } = await scene()
    const sent = ['+', '++', '+++', '+', '+', '+', '++++', 'a+++', '+++\r\n', '++']
    for (const text of sent) at.send(text)
    await r.pass(60_000)
    expect(r.udpPeer.texts).toEqual(sent.filter((text) => text !== '+++'))
    expect(r.modem.record.escapes).toBe(1)
    expect(drops(r)).toEqual({ ...NONE, escape: 1 })
    expect(r.told('dropped')[0]?.message).toContain('+++')
  })

  test('P1 with a DTR wire nothing of the payload is an escape, and three pluses go as they are', async () => {
    const { r, at } = await scene({}, { lines: true })
    const sent = ['+++', '+', '++', '+++', '+++']
    for (const text of sent) at.send(text)
    await r.until(() => (r.udpPeers[0]?.packets.length ?? 0) >= sent.length, 'the packets')
    expect(r.udpPeer.texts).toEqual(sent)
    expect(r.modem.record.escapes).toBe(0)
    expect(drops(r)).toEqual(NONE)
  })
})

describe('the session', () => {
  test('a silence of idleTimeout ends it, with nothing that UDP cannot have: no AT+CIPACK', async () => {
    const { r, at } = await scene()
    at.send('hello')
    await r.reach('online')
    await r.until(() => !at.isTaken, 'the end', 45_000)
    expect(r.udpPeer.texts).toEqual(['hello'])
    expect(commands(r).some((line) => line.includes('CIPACK'))).toBe(false)
    expect(commands(r).some((line) => line.includes('CIPCLOSE'))).toBe(true)
    expect(r.told('session-end')[0]).toMatchObject({ outcome: 'hung-up', bytesUp: 5 })
    at.send('again', 40_001)
    await r.until(() => r.udpPeers.length === 2 && r.udpPeer.packets.length === 1, 'the next session')
    expect(r.udpPeer.texts).toEqual(['again'])
  })

  test('localPort is the port of UDP then', async () => {
    const { r, at } = await scene({ localPort: 4000 })
    at.send('hello')
    await r.until(() => r.udpPeers.length === 1, 'the dial')
    expect(r.dialledFrom).toEqual([4000])
    expect(commands(r).filter((line) => line.includes('CLPORT'))).toEqual(['AT+CLPORT="UDP",4000'])
  })

  test('without idleTimeout a minute is taken, for UDP has no end', async () => {
    const { r, at } = await scene({ idleTimeout: '0s' })
    at.send('hello')
    await r.reach('online')
    await r.pass(55_000)
    expect(at.isTaken).toBe(true)
    await r.until(() => !at.isTaken, 'the end', 20_000)
  })

  test('what comes during the hang-up is sent in the next session', async () => {
    const { r, at } = await scene()
    at.send('early')
    await r.reach('online')
    await r.reach('closing', 45_000)
    at.send('late')
    at.send('later')
    await r.until(() => r.udpPeers.length === 2 && r.udpPeer.packets.length === 2, 'the next session')
    expect(r.udpPeer.texts).toEqual(['late', 'later'])
    expect(drops(r)).toEqual(NONE)
  })

  test('the first sender has it; what others send is dropped and counted, and answers go to the first', async () => {
    const { r, at } = await scene()
    at.send('mine', 40_000)
    at.send('not mine', 40_001)
    await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the packet')
    at.send('nor this', 40_002)
    r.udpPeer.say('answer')
    await r.until(() => at.texts().length === 1, 'the answer')
    expect(r.udpPeer.texts).toEqual(['mine'])
    expect([at.texts(40_000), at.texts(40_001), at.texts(40_002)]).toEqual([['answer'], [], []])
    expect(drops(r)).toEqual({ ...NONE, sender: 2 })
  })

  test('P5 what waits while it is dialled is bounded, in order, and what is too much is counted', async () => {
    const { r, at } = await scene({}, { knobs: { connectTime: 20_000 } })
    for (let index = 0; index < 500; index += 1) at.send(`datagram ${index}`)
    await r.until(() => r.udpPeers.length === 1, 'the dial')
    await r.pass(90_000)
    const { overflow } = drops(r)
    expect(overflow).toBeGreaterThan(300)
    expect(r.udpPeer.texts).toEqual(Array.from({ length: 500 - (overflow ?? 0) }, (_, index) => `datagram ${index}`))
  })

  test('P10 a name that cannot be dialled is told, and a sender that goes on does not dial without a pause', async () => {
    const { r, at } = await scene()
    r.accept = () => Promise.resolve(false)
    at.send('first')
    for (let tick = 0; tick < 9; tick += 1) {
      at.send('again')
      await r.pass(100)
    }
    expect(r.dialled).toHaveLength(1)
    await r.until(() => !at.isTaken, 'the end')
    expect(r.told('session-end')[0]).toMatchObject({ outcome: 'broken', fault: 'peer-refused' })
    expect(drops(r).unsent).toBeGreaterThan(5)
  })

  test('P2 a lost context ends it, and the next datagram begins another one', async () => {
    const { r, at } = await scene()
    at.send('before')
    await r.until(() => r.udpPeers[0]?.packets.length === 1, 'the packet')
    r.modem.stack.deactivate()
    await r.until(() => !at.isTaken, 'the end')
    expect(r.told('session-end')[0]).toMatchObject({ outcome: 'broken', fault: 'context-lost' })
    await r.until(() => r.link.usable, 'recovery')
    at.send('after')
    await r.until(() => r.udpPeers.length === 2 && r.udpPeer.packets.length === 1, 'the packet')
    expect(r.udpPeer.texts).toEqual(['after'])
  })

  test('P11 an AT command in between cuts no datagram', async () => {
    const { r, at } = await scene({}, { config: { line: { device: 'virtual', baudRate: 9600 } } })
    const sent = Array.from({ length: 6 }, (_, index) => Buffer.alloc(900, String(index)))
    for (const datagram of sent) at.send(datagram)
    await r.reach('online')
    await r.pass(300)
    const asked = r.link.ask('AT+CSQ')
    await r.until(() => r.udpPeer.packets.length === sent.length, 'the packets')
    expect((await asked).ok).toBe(true)
    expect(r.udpPeer.packets.every(({ bytes }, index) => bytes.equals(sent[index] ?? bytes))).toBe(true)
  })
})
