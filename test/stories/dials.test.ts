import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

test('P4 a banner that comes in the same instant as CONNECT arrives whole', async () => {
  const r = await rig({ peer: (socket) => socket.write('220 ready\r\n') })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('HELO\r\n')
  await r.until(() => r.peers[0]?.text === 'HELO\r\n', 'the greeting')
  await r.pass(500)
  expect(app.text).toBe('220 ready\r\n')
})

test('the peer refuses: the client is reset, the log says so, the next client dials again', async () => {
  const r = await rig()
  await r.reach('ready')
  r.accept = () => Promise.resolve(false)
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => app.end !== 'open', 'the refusal')
  expect(app.end).toBe('rst')
  expect(r.told('dial-failed')[0]).toMatchObject({ fault: 'peer-refused' })
  await r.reach('ready')
  r.accept = () => Promise.resolve(true)
  const other = r.connect()
  other.socket.write('hello')
  await r.until(() => r.peers[0]?.text === 'hello', 'the second try')
})

test('no dial is spent on a client that says nothing and leaves at once', async () => {
  const r = await rig()
  await r.reach('ready')
  const scanner = r.connect()
  scanner.socket.end()
  const rude = r.connect()
  rude.socket.resetAndDestroy()
  await r.pass(10_000)
  expect(r.dialled).toEqual([])
  expect(r.link.state).toBe('ready')
})

test('a client that leaves while the modem dials costs no more than that dial, and the next one is served', async () => {
  const r = await rig()
  await r.reach('ready')
  let answer: (accepted: boolean) => void = () => undefined
  r.accept = () =>
    new Promise((resolve) => {
      answer = resolve
    })
  const app = r.connect()
  app.socket.write('hello')
  await r.reach('dialing')
  await r.pass(2000)
  app.socket.resetAndDestroy()
  await r.pass(100)
  answer(true)
  r.accept = () => Promise.resolve(true)
  await r.reach('ready')
  const other = r.connect()
  other.socket.write('again')
  await r.until(() => r.peers.at(-1)?.text === 'again', 'the next session')
  expect(r.modem.record.stray).toEqual([])
})

test('a second client is refused while the first has the carrier, and its bytes go nowhere', async () => {
  const r = await rig()
  await r.reach('ready')
  const first = r.connect()
  first.socket.write('first')
  await r.until(() => r.peers[0]?.text === 'first', 'the first session')
  const second = r.connect()
  second.socket.write('second')
  await r.until(() => second.end !== 'open', 'the refusal')
  expect(second.end).toBe('rst')
  expect(r.told('busy')[0]?.message).toContain('has the carrier')
  expect(r.peer.text).toBe('first')
})

test('a modem that takes a dial only from a fresh context gets one', async () => {
  const r = await rig({ knobs: { dialFromClosed: false } })
  await r.reach('ready')
  for (const word of ['one', 'two', 'three']) {
    const app = r.connect()
    app.socket.write(word)
    await r.until(() => r.peers.at(-1)?.text === word, word)
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    await r.reach('ready')
  }
  expect(r.dialled).toHaveLength(3)
})
