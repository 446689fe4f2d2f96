/** A link on which nothing but a keep-alive moves, and command windows that fall into it. */
import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

const PINGREQ = '\xc0\0'
const PINGRESP = '\xd0\0'
const KEEP_ALIVE_MS = 20_000
/** A broker lets a client go that is silent for one and a half of its keep-alive times (MQTT 3.1.1, 3.1.2.10). */
const BROKER_MS = 1.5 * KEEP_ALIVE_MS

test.each([
  ['+++', false],
  ['DTR', true],
])(
  'P11 an MQTT link with a keep-alive of 20 s survives ten command windows by %s, wherever they fall',
  async (_way, lines) => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('CONNECT')
    await r.until(() => r.peers[0]?.text === 'CONNECT', 'the session')
    let sent = 0
    let heard = 0
    let longest = 0
    for (let second = 0; second <= 240; second += 1) {
      if (second % 20 === 0) {
        app.socket.write(Buffer.from(PINGREQ, 'latin1'))
        sent += 1
      }
      // Ten of them, each at another distance from the ping.
      if (second % 22 === 10 && second < 220) r.link.ask('AT+CSQ').catch(() => undefined)
      for (let tenth = 0; tenth < 10; tenth += 1) {
        await r.pass(100)
        const pings = r.peer.text.split(PINGREQ).length - 1
        longest = pings > heard ? 0 : longest + 100
        expect(longest).toBeLessThan(BROKER_MS)
        for (; heard < pings; heard += 1) r.peer.socket.write(Buffer.from(PINGRESP, 'latin1'))
      }
    }
    await r.pass(5000)
    expect(r.told('resumed')).toHaveLength(10)
    expect([r.peer.text, app.text, app.end]).toEqual([`CONNECT${PINGREQ.repeat(sent)}`, PINGRESP.repeat(sent), 'open'])
    expect(r.dialled).toHaveLength(1)
  },
)
