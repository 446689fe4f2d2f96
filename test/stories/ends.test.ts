import { describe, expect, test } from 'vitest'
import { type Rig, rig, type Witness } from '../support/rig.ts'

const WIRING = [
  { wires: 'with a DCD wire', lines: true },
  { wires: 'without a DCD wire', lines: false },
]

describe.each(WIRING)('the end of a session $wires', ({ lines }) => {
  test('P2 the peer closes: the client gets the last byte and then FIN', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => r.peers[0]?.text === '?', 'the question')
    r.peer.socket.end('the last word\r\n')
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('the last word\r\n')
    expect(app.end).toBe('fin')
    await r.reach('ready')
    expect(r.modem.record.stray).toEqual([])
  })

  test('P2 the peer closes with 4 KiB on the way: every byte comes before the end', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => r.peers[0]?.text === '?', 'the question')
    const bytes = Buffer.alloc(4096, 'abcdefghi')
    r.peer.socket.end(bytes)
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.bytes.equals(bytes)).toBe(true)
    expect(app.end).toBe('fin')
  })

  test('P1 a payload that ends like the last words of the modem, and stays connected, is delivered whole', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => r.peers[0]?.text === '?', 'the question')
    r.peer.socket.write('see:\r\nCLOSED\r\n')
    await r.pass(10_000)
    expect(app.text).toBe('see:\r\nCLOSED\r\n')
    expect(app.end).toBe('open')
    app.socket.write('still here')
    await r.until(() => r.peer.text === '?still here', 'the way up')
    r.peer.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('see:\r\nCLOSED\r\n')
    expect(app.end).toBe('fin')
  })

  test('P1 a payload that ends like the last words of the modem, and really closes, is delivered whole', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => r.peers[0]?.text === '?', 'the question')
    r.peer.socket.end('see:\r\nCLOSED\r\n')
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('see:\r\nCLOSED\r\n')
    expect(app.end).toBe('fin')
  })

  test('P2 the network takes the context down: the client is reset, the next one is served', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => r.peers[0]?.text === '?', 'the question')
    r.modem.begin({ type: 'context-lost' })
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.end).toBe('rst')
    expect(app.text).toBe('')
    await r.reach('ready')
    const other = r.connect()
    other.socket.write('again')
    await r.until(() => r.peers[1]?.text === 'again', 'the next session')
  })

  test('P2 the app half-closes: the rest of the peer arrives', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.end('a request')
    await r.until(() => r.peers[0]?.text === 'a request', 'the request')
    await r.pass(1500)
    r.peer.socket.write('an answer')
    await r.pass(1500)
    r.peer.socket.end(', and its end')
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('an answer, and its end')
    expect(app.end).toBe('fin')
  })

  test('P3 what the app wrote before it finished is acknowledged by the peer before the modem hangs up', async () => {
    const r = await rig({ lines, knobs: { ackDelay: 6000 } })
    await r.reach('ready')
    const app = r.connect()
    app.socket.end('300 bytes of a sensor')
    await r.until(() => r.told('hung-up').length > 0, 'the hang-up')
    expect(r.peer.text).toBe('300 bytes of a sensor')
    expect(r.told('hung-up')[0]).toMatchObject({ unacked: 0, bytesUp: 21 })
    expect(r.log.filter((line) => line.includes('AT+CIPACK')).length).toBeGreaterThan(1)
  })

  test('the app aborts: the modem hangs up and serves the next one', async () => {
    const r = await rig({ lines })
    await r.reach('ready')
    const app = r.connect()
    app.socket.write('?')
    await r.until(() => r.peers[0]?.text === '?', 'the question')
    app.socket.resetAndDestroy()
    await r.reach('closing')
    await r.reach('ready')
    expect(r.told('session-end')[0]?.message).toBe('aborted by client')
    const other = r.connect()
    other.socket.write('again')
    await r.until(() => r.peers[1]?.text === 'again', 'the next session')
  })

  test('P2 the peer has closed and the client reads nothing of what waits for it: reset, never a clean end in front of a gap', async () => {
    const [r, app] = await unread(lines)
    await r.pass(60_000)
    app.socket.resume()
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.end).toBe('rst')
    expect(r.link.state).toBe('ready')
  })

  test('P2 the peer has closed and the client reads slowly: it is waited for, and has every byte before the end', async () => {
    const [r, app, said] = await unread(lines)
    for (let turns = 0; turns < 20; turns += 1) {
      app.socket.read(4_000)
      await r.pass(20_000)
    }
    app.socket.resume()
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.bytes.equals(said)).toBe(true)
    expect(app.end).toBe('fin')
  })
})

/** A client that reads nothing, and a peer that has said more than its socket takes, and has closed. */
async function unread(lines: boolean): Promise<[Rig, Witness, Buffer]> {
  const r = await rig({ lines })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('?')
  await r.until(() => r.peers[0]?.text === '?', 'the question')
  app.socket.pause()
  const said = Buffer.alloc(90_000, 'said ')
  r.peer.socket.end(said)
  await r.until(() => r.told('session-end').length > 0, 'the end of the carrier', 60_000)
  expect(app.end).toBe('open')
  return [r, app, said]
}
