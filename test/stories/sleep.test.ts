/** A modem that sleeps between sessions: DTR wakes it, and what it is told in its sleep is lost. */
import { beforeAll, describe, expect, test } from 'vitest'
import { contentOf } from '../../src/at/messages.ts'
import type { ConfigInput } from '../../src/config/schema.ts'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

const SLEEP: Partial<ConfigInput> = { modem: { sleep: true } }

// Loading what reads messages takes real time, which the stories do not have.
beforeAll(() => contentOf(''))

async function asleep(options: RigOptions = {}): Promise<Rig> {
  const r = await rig({ lines: true, ...options, config: { ...SLEEP, ...options.config } })
  await untilAsleep(r)
  return r
}

async function untilAsleep(r: Rig): Promise<void> {
  await r.until(() => r.link.state === 'ready' && r.link.facts.asleep && !r.modem.wire.dtr, 'sleep')
}

function deaf(r: Rig): number {
  return r.modem.record.lost.deaf
}

test('P4 it sleeps when it is ready, wakes for each client, and nothing that it is told is lost', async () => {
  const r = await asleep()
  expect(statusOf(r.link, r.bridge, []).modem).toMatchObject({ asleep: true })
  for (const visit of [0, 1]) {
    await r.pass(60_000)
    const app = r.connect()
    app.socket.write('hello')
    await r.until(() => r.peers[visit]?.text === 'hello', 'the peer hears it', 3_000)
    expect(r.link.facts.asleep).toBe(false)
    r.peers[visit]?.socket.end('well')
    await r.until(() => app.text === 'well' && app.end === 'fin', 'the answer')
    await untilAsleep(r)
  }
  expect(deaf(r)).toBe(0)
  expect(r.told('rung')).toEqual([])
})

test('P7 an hour of sleep: it is looked after, and only then awake', async () => {
  const r = await asleep()
  const before = r.modem.record.commands.length
  await r.pass(3_600_000)
  const asked = r.modem.record.commands.slice(before).filter(({ line }) => line === 'AT+CIPSTATUS').length
  expect(asked).toBeGreaterThanOrEqual(29)
  expect(asked).toBeLessThanOrEqual(31)
  expect(deaf(r)).toBe(0)
  expect(r.link.alive && r.link.usable).toBe(true)
  expect(r.told('rung')).toEqual([])
})

test('P11 a command is asked of a modem that sleeps', async () => {
  const r = await asleep()
  let result = ''
  r.link.ask('AT+CSQ').then(
    (answer) => (result = answer.result),
    () => (result = 'refused'),
  )
  await r.until(() => result !== '', 'the answer', 2_000)
  expect(result).toBe('OK')
  await untilAsleep(r)
})

test('a short message that comes in its sleep is read, and it sleeps again', async () => {
  const r = await asleep({ config: { messages: { read: true } } })
  r.modem.begin({ type: 'message', from: '+491701234567', text: 'hello' })
  await r.until(() => r.told('message').some(({ text }) => text === 'hello'), 'the message')
  await untilAsleep(r)
  expect(deaf(r)).toBe(0)
})

test('P6 after a kill the modem sleeps, and the next daemon wakes it', async () => {
  const first = await asleep()
  await first.kill()
  const r = await rig({ modem: first.modem, lines: true })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.dialled.length + first.dialled.length > 0 && r.link.state === 'online', 'a dial')
  expect(r.told('rung')).toEqual([])
})

test('when the daemon stops, the modem is left awake for those who have no DTR', async () => {
  const r = await asleep()
  await r.stop()
  expect(r.modem.settings.now.sleep).toBe(0)
})

test('P7 a modem that restarts in its sleep is set up again, and sleeps again', async () => {
  const r = await asleep()
  r.modem.begin({ type: 'reboot' })
  await r.reach('recovering')
  await untilAsleep(r)
  expect(r.modem.settings.now.sleep).toBe(1)
  r.connect().socket.write('hello')
  await r.until(() => r.peers[0]?.text === 'hello', 'the peer hears it')
})

test('P7 a modem that does not wake is reset, and the client is not kept waiting for ever', async () => {
  const r = await asleep()
  const end = r.modem.begin({ type: 'sleeps-on' })
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => app.end === 'rst', 'the client is told', 60_000)
  expect(r.told('recovering')[0]).toMatchObject({ fault: 'no-answer' })
  await r.pass(60_000)
  end()
  await untilAsleep(r)
  r.connect().socket.write('again')
  await r.until(() => r.peers.at(-1)?.text === 'again', 'the next one')
})

describe('no sleep', () => {
  test('without DTR: it is told once, and the modem stays awake', async () => {
    const r = await rig({ config: SLEEP })
    await r.reach('ready')
    await r.pass(600_000)
    expect(r.told('sleep').map(({ level, message }) => [level, message])).toEqual([
      ['warn', expect.stringContaining('no DTR')],
    ])
    expect(r.modem.settings.now.sleep).toBe(0)
  })

  test('where the modem refuses it', async () => {
    const r = await rig({ lines: true, config: SLEEP })
    r.modem.begin({ type: 'command-failed', command: '+CSCLK' })
    await r.reach('ready')
    await r.pass(600_000)
    expect(r.told('sleep')).toMatchObject([{ level: 'warn' }])
    expect(r.modem.wire.dtr).toBe(true)
  })

  test('where nobody wants it', async () => {
    const r = await rig({ lines: true })
    await r.reach('ready')
    await r.pass(60_000)
    expect(r.modem.wire.dtr).toBe(true)
    expect(r.modem.record.commands.filter(({ line }) => line.includes('CSCLK'))).toEqual([])
  })
})
