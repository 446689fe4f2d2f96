/** What the peer sends while the modem is in command mode: kept until ATO, between the answers, or lost (modem-facts 9). */
import { describe, expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

const BYTES = ['x', 'one\r\ntwo\r\n', '\r\nhello\r\n', '\r\n', 'a\rb\nc', '\0\x01\xff\r']

describe.each(['kept', 'delivered'] as const)(
  'a modem whose network bytes are %s while it is escaped',
  (escapedData) => {
    test.each(BYTES)('P11 %j of the peer in the middle of a window arrives exactly, in order', async (bytes) => {
      // Slow answers make the window long: every phase of it gets some of the bytes.
      const r = await rig({ knobs: { escapedData, quickTime: 300 } })
      await r.reach('ready')
      const app = r.connect()
      app.socket.write('>')
      await r.until(() => r.peers[0]?.text === '>', 'the session')
      let expected = ''
      for (let i = 0; i < 3; i += 1) {
        const before = r.told('resumed').length
        r.link.ask('AT+CSQ').catch(() => undefined)
        await r.reach('escaping')
        while (r.told('resumed').length === before) {
          r.peer.socket.write(Buffer.from(bytes, 'latin1'))
          expected += bytes
          await r.pass(170)
        }
      }
      await r.until(
        () => app.text.length >= expected.length,
        () => JSON.stringify(app.text),
        10_000,
      )
      expect(app.text).toBe(expected)
    })
  },
)
