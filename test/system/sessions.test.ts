/** Sessions from their first byte to their end, as real sockets see it, and over the death of the daemon. */
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { stage } from '../support/built-program-stage.ts'
import { connectTo, RealPeer } from '../support/real-peer.ts'

const BANNER = '220 peer.example.com ESMTP ready\r\n'

test.concurrent('P4 three clients dial three times with one bring-up, and lose neither banner nor early bytes', async () => {
  await using s = await stage({ greet: (socket) => socket.write(BANNER), knobs: { connectTime: 200 } })
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    const early = `${name} was here before CONNECT${'.'.repeat(3000)}\r\n`
    const app = s.connect()
    app.socket.write(early)
    await s.until(() => s.peer.conversations.length > index && s.peer.latest.length >= early.length, `client ${name}`)
    await s.until(() => app.length >= BANNER.length, 'the banner')
    app.socket.end('bye')
    await s.sessionsOver(index + 1)
    await s.until(() => s.peer.latest.end !== 'open', 'the hang-up')
    expect(s.peer.latest.text).toBe(`${early}bye`)
    expect(s.peer.latest.end).toBe('fin')
    expect(app.text).toBe(BANNER)
  }
  const { commands } = s.daemon
  expect(commands.filter((command) => command.startsWith('AT+CIPSTART'))).toHaveLength(3)
  expect(commands.filter((command) => command === 'AT+CIICR')).toHaveLength(1)
  expect(s.daemon.told('recovering')).toEqual([])
}, 60_000)

test.concurrent('P6 a daemon that was killed in data mode gets the modem back, and the old peer sees no stray byte', async () => {
  await using s = await stage()
  const first = s.connect()
  first.socket.write('before the kill')
  await s.until(() => s.peer.conversations[0]?.text === 'before the kill', 'the session')
  const abandoned = s.peer.latest
  s.daemon.kill('SIGKILL')
  expect(await s.daemon.over()).toBe('SIGKILL')

  s.startDaemon()
  await s.ready()
  expect(s.daemon.told('adopted')).toHaveLength(1)
  await s.until(() => abandoned.end !== 'open', 'the end of the old connection')
  expect(abandoned.text).toBe('before the kill')
  expect(abandoned.end).toBe('fin')

  const next = s.connect()
  next.socket.write('after it')
  await s.until(() => s.peer.conversations[1]?.text === 'after it', 'the next session')
  s.peer.latest.socket.write('heard')
  await s.until(() => next.text === 'heard', 'the answer')
  expect(s.daemon.commands.filter((command) => command === 'AT+CIICR')).toEqual([])
}, 60_000)

test.concurrent('P2 the peer closes: the client gets the last byte and then FIN', async () => {
  await using s = await stage()
  const app = s.connect()
  app.socket.write('?')
  await s.until(() => s.peer.conversations[0]?.text === '?', 'the question')
  const answer = `${'x'.repeat(4096)}the last word\r\n`
  s.peer.latest.socket.end(answer)
  await s.until(() => app.end !== 'open', 'the end')
  expect(app.text).toBe(answer)
  expect(app.end).toBe('fin')
  await s.sessionsOver(1)
  expect(s.daemon.told('session-end')[0]).toMatchObject({ msg: 'closed by peer', bytesDown: answer.length })
}, 60_000)

test.concurrent('P2 the peer refuses: the client is reset, the log says why, the next client dials again', async () => {
  await using s = await stage()
  await s.peer.close()
  const refused = s.connect()
  refused.socket.write('anybody there?')
  await s.until(() => refused.end !== 'open', 'the refusal')
  expect(refused.end).toBe('rst')
  expect(refused.length).toBe(0)
  await s.sessionsOver(1)
  expect(s.daemon.told('dial-failed')[0]).toMatchObject({ fault: 'peer-refused', level: 'warn' })
  expect(s.daemon.told('dial-failed')[0]?.hint).toContain('the server')

  const peer = await RealPeer.listen(undefined, s.peer.port)
  try {
    const next = connectTo(s.port())
    next.socket.write('and now?')
    await s.until(() => peer.conversations[0]?.text === 'and now?', 'the second dial')
    next.socket.destroy()
  } finally {
    await peer.close()
  }
  expect(s.daemon.commands.filter((command) => command.startsWith('AT+CIPSTART'))).toHaveLength(2)
}, 60_000)

test.concurrent('P2 the client says goodbye and finishes, the peer closes upon it: the session is over soon', async () => {
  await using s = await stage({
    greet: (socket) => socket.on('data', (bytes) => closeUpon('QUIT', bytes, socket)),
    knobs: { ackDelay: 500 },
  })
  const app = s.connect()
  app.socket.write('HELO\r\n')
  await s.until(() => s.peer.conversations[0]?.text === 'HELO\r\n', 'the greeting')
  app.socket.end('QUIT\r\n')
  await s.until(() => s.peer.latest.end !== 'open', 'the goodbye at the peer')
  expect(s.peer.latest.text).toBe('HELO\r\nQUIT\r\n')
  // And not only at the end of `closeTimeout`: nothing more can be acknowledged.
  await s.until(() => s.daemon.told('session-end').length > 0, 'the end of the session', 15_000)
}, 60_000)

function closeUpon(word: string, bytes: Buffer, socket: Socket): void {
  if (bytes.includes(word)) socket.end()
}
