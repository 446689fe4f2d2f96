/** What still waits for the wire when data mode is left for a while: it goes first, for a queue that CTS stops is no silence. */
import { expect, test } from 'vitest'
import { type Rig, type RigOptions, rig, type Witness } from '../support/rig.ts'

/** A session whose client has said `first`. */
async function session(options: RigOptions = {}): Promise<[Rig, Witness]> {
  const r = await rig(options)
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('first')
  await r.until(() => r.peers[0]?.text === 'first', 'a session')
  return [r, app]
}

test("P1 P11 a command that is asked while CTS holds bytes up: they go first, and the escape is none of the peer's", async () => {
  // The network takes so little that CTS is off for longer than the guard time.
  const r = await rig({ knobs: { airRate: 4800 } })
  await r.reach('ready')
  const app = r.connect()
  const sent = Buffer.alloc(16_000, 'abcdefg')
  app.socket.write(sent)
  await r.until(() => r.modem.wire.queuedToDce > 0 && !r.modem.wire.lines.cts, 'a modem that takes nothing')
  let answer: { ok: boolean } | undefined
  r.link.ask('AT+CSQ').then(
    (given) => (answer = given),
    () => undefined,
  )
  await r.reach('escaping')
  expect(r.modem.wire.queuedToDce).toBeGreaterThan(0)
  await r.until(() => answer !== undefined, 'the answer')
  expect(answer?.ok).toBe(true)
  expect(r.modem.record.escapes).toBe(1)
  await r.until(() => r.peer.bytes.length >= sent.length, 'the rest')
  await r.pass(5000)
  expect(r.peer.bytes.equals(sent)).toBe(true)
})

test("P1 what CTS held up until a moment ago is no silence: an escape right behind it is none of the peer's", async () => {
  const [r, app] = await session()
  const end = r.modem.begin({ type: 'cts-stuck' })
  app.socket.write(' held up')
  await r.pass(3_000)
  end()
  await r.pass(20)
  let asked = false
  r.link.ask('AT+CSQ').then(
    () => (asked = true),
    () => undefined,
  )
  await r.until(() => asked, 'the answer')
  expect(r.peer.text).toBe('first held up')
  expect(r.modem.record.escapes).toBe(1)
})

test.each([
  ['without', false],
  ['with', true],
])(
  'P8 a client that does not read and goes on writing, %s a DCD wire: nothing of it reaches a modem whose CLOSED waits unread',
  async (_with, lines) => {
    const [r, app] = await session({ lines })
    app.socket.pause()
    // So much that nobody reads its last bytes, and so little that the modem has handed all of it to the line.
    const said = Buffer.alloc(135_000, 'said ')
    r.peer.socket.write(said)
    await r.pass(40_000)
    app.socket.write('goes on\r')
    await r.pass(2_000)
    expect(r.peer.text).toBe('first')
    r.peer.socket.end()
    await r.pass(30_000)
    app.socket.write('AT+CFUN=0\r')
    await r.pass(5_000)
    expect(r.modem.record.stray).toEqual([])
    // It reads again, and what it wrote has waited: until everything is read that the modem had to say.
    app.socket.resume()
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.bytes.equals(said)).toBe(true)
    expect(r.modem.record.stray).toEqual([])
    expect(r.modem.record.commands.map(({ line }) => line)).not.toContain('AT+CFUN=0')
  },
)

test('P1 a client that reads again while the peer goes on without a pause: what it writes does not wait for the last byte', async () => {
  const [r, app] = await session()
  app.socket.pause()
  const said = Buffer.alloc(500_000, 'said ')
  r.peer.socket.write(said)
  await r.pass(20_000)
  app.socket.write(' stop!')
  await r.pass(1_000)
  expect(r.peer.text).toBe('first')
  app.socket.resume()
  await r.until(() => r.peer.text === 'first stop!', 'what it writes', 4_000)
  expect(app.bytes.length).toBeLessThan(said.length)
  await r.until(() => app.bytes.length === said.length, 'all of it', 60_000)
  expect(app.bytes.equals(said)).toBe(true)
})

test('P1 P3 an OK of the peer while CTS holds the escape up is no answer to it', async () => {
  const [r, app] = await session()
  const end = r.modem.begin({ type: 'cts-stuck' })
  await r.pass(3_000)
  let answer: { ok: boolean } | undefined
  r.link.ask('AT+CSQ').then(
    (given) => (answer = given),
    () => undefined,
  )
  await r.pass(800)
  r.peer.socket.write('\r\nOK\r\n')
  await r.pass(4_000)
  end()
  await r.until(() => answer !== undefined, 'the answer')
  expect(answer?.ok).toBe(true)
  await r.pass(2_000)
  expect(r.peer.text).toBe('first')
  expect(app.text).toBe('\r\nOK\r\n')
})

test('P1 an OK of the peer right behind a CONNECT that came too late is no answer to the escape before it', async () => {
  for (let ms = 11_000; ms <= 14_000; ms += 200) {
    const [r] = await session()
    r.modem.begin({ type: 'late-answer', command: 'ATO', ms })
    r.link.ask('AT+CSQ').catch(() => undefined)
    await r.reach('resuming')
    r.peer.socket.write('some\r\nOK\r\n')
    await r.reach('recovering', 30_000)
    await r.reach('ready', 120_000)
    expect(r.peers[0]?.text).toBe('first')
  }
})

test('P1 P2 a peer that goes on after an escape that nobody answered, and closes: no clean end, for it may have read the +++', async () => {
  const [r, app] = await session()
  r.modem.begin({ type: 'escape-swallowed' })
  r.link.ask('AT+CSQ').catch(() => undefined)
  await r.reach('escaping')
  // The second escape has left.
  await r.pass(4_800)
  r.peer.socket.end('more')
  await r.until(() => app.end !== 'open', 'the end', 60_000)
  expect(app.end).toBe('rst')
})

test('P1 P2 the same behind what looks like the last word of the modem: it has read a command, and what it goes on to say is missing', async () => {
  const [r, app] = await session({ lines: true })
  r.modem.begin({ type: 'escape-swallowed' })
  r.peer.socket.write('all\r\nCLOSED\r\n')
  await r.reach('escaping')
  await r.until(() => r.peer.text.includes('AT+'), 'a command that the peer reads')
  r.peer.socket.end('more')
  await r.until(() => app.end !== 'open', 'the end', 60_000)
  expect(app.end).toBe('rst')
})

test('P2 an escape by DTR that is obeyed and not answered, behind what looks like the last word: what the modem keeps is missing', async () => {
  const [r, app] = await session({ lines: true, knobs: { escapedData: 'kept', closeWhileEscaped: 'at-once' } })
  const end = r.modem.begin({ type: 'no-answer' })
  r.link.ask('AT+CSQ').catch(() => undefined)
  await r.reach('escaping')
  r.peer.socket.write('all\r\nCLOSED\r\n')
  await r.until(() => r.modem.mode === 'command', 'the escape')
  r.peer.socket.end('and more')
  await r.pass(6_000)
  end()
  await r.until(() => app.end !== 'open', 'the end', 60_000)
  expect(app.end).toBe('rst')
})
