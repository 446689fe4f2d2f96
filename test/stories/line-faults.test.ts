import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

test('P7 a tty that is missing is named with what to do, and used as soon as it is there', async () => {
  const r = await rig()
  await r.reach('ready')
  r.modem.unplug()
  await r.until(() => r.told('recovering').some((event) => event.fault === 'line-missing'), 'line-missing')
  expect(r.told('recovering').find((event) => event.fault === 'line-missing')?.hint).toContain('plug in')
  expect(r.link.usable).toBe(false)
  // Looked for every other second, told once a minute: nobody wants a log of nothing else.
  await r.pass(600_000)
  const told = r.told('recovering').filter((event) => event.fault === 'line-missing').length
  expect(told).toBeGreaterThan(8)
  expect(told).toBeLessThan(20)
  r.modem.plug()
  await r.until(() => r.link.usable, 'the way back', 15_000)
})

test('P7 a tty that another program holds is named with what to do, and used as soon as it is free', async () => {
  const r = await rig()
  await r.reach('ready')
  const free = r.modem.begin({ type: 'line-busy' })
  r.modem.unplug()
  r.modem.plug()
  await r.until(() => r.told('recovering').some((event) => event.fault === 'line-busy'), 'line-busy')
  free()
  await r.until(() => r.link.usable, 'the way back', 15_000)
})

test('P2 the adapter is pulled out in mid-session: the client is reset', async () => {
  const r = await rig()
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.peers[0]?.text === 'hello', 'the session')
  r.modem.unplug()
  await r.until(() => app.end !== 'open', 'the end', 1000)
  expect(app.end).toBe('rst')
})

test('P7 a modem that falls silent is found out although nobody uses it, and is back when it speaks again', async () => {
  const r = await rig()
  await r.reach('ready')
  const end = r.modem.begin({ type: 'no-answer' })
  await r.until(() => !r.link.usable, 'the port closes', 60_000)
  expect(r.link.fault?.code).toBe('no-answer')
  await r.pass(600_000)
  expect(r.link.usable).toBe(false)
  end()
  await r.until(() => r.link.usable, 'the way back', 400_000)
})
