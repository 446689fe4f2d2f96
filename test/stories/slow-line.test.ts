/** A line that is slower than its rate and whose queue does not tell: what was written is not yet what the modem has seen. */
import { expect, test } from 'vitest'
import { type Rig, rig, type Witness } from '../support/rig.ts'

const SENT = Buffer.alloc(50_000, 'abcdefghijklmno\n')

/** A session in the middle of a long burst upwards, and its peer says the modem's last words. */
async function burst(lineShare: number): Promise<[Rig, Witness]> {
  const r = await rig({ knobs: { lineShare } })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write(SENT)
  await r.until(() => (r.peers[0]?.bytes.length ?? 0) > 20_000, 'the middle of it')
  r.peer.socket.write('\r\nCLOSED\r\n')
  return [r, app]
}

test.each([1, 0.8, 0.6, 0.5])(
  'P1 words of the peer in a burst over a line at %d of its rate: both ends read everything and nothing else',
  async (lineShare) => {
    const [r, app] = await burst(lineShare)
    await r.until(() => r.peer.bytes.length >= SENT.length, 'the rest')
    expect(r.peer.bytes.equals(SENT)).toBe(true)
    expect([app.text, app.end]).toEqual(['\r\nCLOSED\r\n', 'open'])
  },
)

test.each([0.3, 0.2])(
  'P1 over a line at %d of its rate an escape may be taken for data: no command follows it, and the session is reset',
  async (lineShare) => {
    const [r, app] = await burst(lineShare)
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.end).toBe('rst')
    expect(r.peer.text.replaceAll('+', '')).toBe(SENT.toString('latin1', 0, r.peer.text.replaceAll('+', '').length))
    await r.reach('ready', 300_000)
    expect(r.peer.text).not.toContain('AT')
  },
)

test('P1 an escape that is swallowed while words of the peer stand at the end and the client has more to send is repeated before any command', async () => {
  const r = await rig()
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('?')
  await r.until(() => r.peers[0]?.text === '?', 'the session')
  const end = r.modem.begin({ type: 'escape-swallowed', by: 'both' })
  r.peer.socket.write('\r\nCLOSED\r\n')
  await r.pass(100)
  app.socket.write('more')
  await r.reach('escaping')
  await r.pass(2400)
  end()
  await r.until(() => app.end !== 'open', 'the end')
  expect([r.peer.text, app.end]).toEqual(['?', 'rst'])
})
