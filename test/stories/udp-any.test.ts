/** Any datagrams with any pauses between them: the same packets at the peer, and what it answers comes back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

const MOST = 24

const payload = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 1460 })
      .map((size) => Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + size) & 0xff))),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('+', '++', '+++', '++++', 'a+++', '+++\r\n').map((text) => Buffer.from(text)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('\r\nCLOSED\r\n', '\r\n', '\r\nOK\r\n', '\x1a\0\x11\x13')
      .map((text) => Buffer.from(text, 'latin1')),
  },
)
const datagrams = fc.array(fc.record({ bytes: payload, pauseMs: fc.constantFrom(0, 0, 30, 390, 460, 1001, 1500) }), {
  minLength: 1,
  maxLength: MOST,
})
const circumstances = fc.record({
  lines: fc.boolean(),
  packUnit: fc.constantFrom(100, 200),
  waitTime: fc.constantFrom(1, 2, 5),
  lineShare: fc.constantFrom(1, 0.6),
  baudRate: fc.constantFrom(9600 as const, 115_200 as const),
})

test('P1 any sequence of datagrams arrives as the same sequence of packets, and the answers arrive complete', async () => {
  await fc.assert(
    fc.asyncProperty(datagrams, circumstances, async (sent, { lines, packUnit, waitTime, lineShare, baudRate }) => {
      const r = await rig({
        lines,
        udpPeer: (peer) => {
          peer.onPacket = (packet) => peer.say(packet)
        },
        knobs: { packUnit, lineShare, baudRate },
        config: {
          line: { device: 'virtual', baudRate },
          transparent: { waitTime, sendSize: 1460 },
          routes: [{ name: 'any', listen: 'udp://127.0.0.1:1', to: 'udp://peer.example.com:9', idleTimeout: '10m' }],
        },
      })
      await r.until(() => r.link.usable, 'the link')
      const at = r.datagramsAt()
      for (const { bytes, pauseMs } of sent) {
        at.send(bytes)
        await r.pass(pauseMs)
      }
      await r.until(() => r.udpPeers.length === 1, 'the dial')
      const refused = (): number => r.bridge.figures[0]?.drops.of('escape') ?? 0
      await r.until(() => r.udpPeer.packets.length + refused() >= sent.length, 'the packets', 300_000)
      const wanted = sent.map(({ bytes }) => bytes.toString('latin1'))
      const pluses = (texts: readonly string[]): number => texts.filter((text) => text === '+++').length
      const others = (texts: readonly string[]): string[] => texts.filter((text) => text !== '+++')
      expect(others(r.udpPeer.texts)).toEqual(others(wanted))
      expect(pluses(r.udpPeer.texts)).toBe(pluses(wanted) - refused())
      if (lines) expect(refused()).toBe(0)
      await r.pass(4000)
      expect(at.texts().join('')).toBe(r.udpPeer.texts.join(''))
      r.link.stop()
      await r.until(() => r.link.state === 'stopped', 'the end')
    }),
    { numRuns: 40 },
  )
}, 120_000)
