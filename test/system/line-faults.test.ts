/** What a person can do wrong with the line: each is named, with what to do, and over as soon as the cause is gone. */
import { expect, test } from 'vitest'
import { Stage, stage } from '../support/built-program-stage.ts'

test.concurrent('P7 P10 a tty that is missing is named, the port stays closed, and both change when it appears', async () => {
  await using s = await Stage.set()
  s.startDaemon()
  await s.until(() => s.daemon.told('recovering').length > 0, 'the missing tty')
  expect(s.daemon.told('recovering')[0]).toMatchObject({
    fault: 'line-missing',
    msg: `there is no device ${s.device} (ENOENT)`,
    hint: expect.stringContaining('plug in the adapter') as string,
  })
  const early = s.connect()
  await s.until(() => early.end !== 'open', 'the refusal')

  await s.startModem()
  await s.ready()
  await serves(s)
}, 60_000)

test.concurrent('P7 a tty that another program holds is named with its holder, and used as soon as it is free', async () => {
  await using holder = await stage()
  await using s = await Stage.set({ beside: holder })
  s.startDaemon()
  await s.until(() => s.daemon.told('recovering').length > 0, 'the busy tty')
  expect(s.daemon.told('recovering')[0]).toMatchObject({
    fault: 'line-busy',
    msg: expect.stringContaining(`pid ${String(holder.daemon.pid)}`) as string,
    hint: expect.stringContaining('another program') as string,
  })
  // The one who has it is not disturbed.
  await serves(holder)
  await holder.sessionsOver(1)
  holder.daemon.kill('SIGTERM')
  expect(await holder.daemon.over()).toBe(0)

  await s.ready()
  await serves(s)
}, 60_000)

test.concurrent('P7 a modem that is silent at every rate is named with what to do, and used when it speaks', async () => {
  await using s = await Stage.set({ faults: ['no-answer,for=25s'], config: { recovery: { bootTime: '5s' } } })
  await s.startModem()
  s.startDaemon()
  await s.until(() => s.daemon.told('recovering').length > 0, 'the silence')
  expect(s.daemon.told('recovering')[0]).toMatchObject({
    fault: 'no-answer',
    hint: expect.stringContaining('TX/RX wiring') as string,
  })
  expect(s.daemon.told('listening')).toEqual([])
  await s.ready(60_000)
  await serves(s)
}, 120_000)

test.concurrent('P6 a modem that is set to another baud rate is found and set right', async () => {
  await using s = await stage({ knobs: { baudRate: 9600 } })
  // At once, and not by the way over the ladder.
  expect(s.daemon.told('recovering')).toEqual([])
  expect(s.daemon.told('baud-rate')).toHaveLength(1)
  expect(s.daemon.told('baud-rate')[0]?.msg).toContain('9600')
  expect(s.daemon.commands.filter((command) => command.startsWith('AT+IPR=115200'))).toHaveLength(1)
  await serves(s)
}, 60_000)

/** One question, one answer, one hang-up. */
async function serves(s: Stage): Promise<void> {
  const before = s.peer.conversations.length
  const app = s.connect()
  app.socket.write('ping')
  await s.until(() => s.peer.conversations[before]?.text === 'ping', 'the question')
  s.peer.latest.socket.write('pong')
  await s.until(() => app.text === 'pong', 'the answer')
  app.socket.end()
}
