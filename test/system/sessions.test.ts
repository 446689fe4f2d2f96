/** Sessions of one daemon with one modem, one after the other, and over the death of the daemon. */
import { expect, test } from 'vitest'
import { stage } from '../support/built-program-stage.ts'

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
