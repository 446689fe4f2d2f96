/** The doors of the real daemon while it cannot dial: what is open, and what it says of itself. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { formatListen } from '../../src/config/endpoint.ts'
import { liveDaemon, temporaryFolder } from './live-daemon.ts'

async function outcome(app: Socket): Promise<string> {
  return new Promise((resolve) => {
    app
      .once('connect', () => resolve('open'))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })
}

test('P10 a budget that is spent closes the door, and health check and status say why and until when', async () => {
  const live = await liveDaemon({
    config: { limits: { dialsPerHour: 1 }, state: { folder: temporaryFolder() } },
    peer: (socket) => socket.end('bye'),
  })
  await live.usable()
  const app = live.app().resume()
  app.write('hello')
  await once(app, 'end')
  app.end()
  while (live.daemon.link.usable) await once(live.daemon.link, 'usable')
  const { code, body } = await live.call('GET', '/healthz')
  expect(code).toBe(503)
  expect(body).toMatchObject({ fault: 'budget-spent', error: 'limits.dialsPerHour is spent: 1 dials within an hour' })
  expect(Date.parse(String(body.nextTry)) - Date.now()).toBeGreaterThan(3_500_000)
  const status = await live.call('GET', '/status')
  expect(status.body.budget).toMatchObject({ dialsThisHour: 1, dialsPerHour: 1, bytesPerDay: null })
  await live.reach('ready')
  expect(await outcome(live.app())).toBe('ECONNREFUSED')
  expect(await live.at('AT+CSQ')).toMatchObject({ code: 200 })
})

test('P10 whenDown: hold keeps the door open while the link is down; the health check is not fooled by it', async () => {
  const free = await liveDaemon()
  const listen = formatListen({ host: '127.0.0.1', port: Number(free.door) })
  await free.stop()
  const live = await liveDaemon({
    knobs: { start: 'booting', bootTime: 300 },
    config: { routes: [{ name: 'held', listen, to: 'tcp://127.0.0.1:9', whenDown: 'hold' }] },
  })
  await live.told(({ event }) => event === 'listening')
  expect(live.daemon.link.usable).toBe(false)
  const app = connect(Number(free.door), '127.0.0.1')
  expect(await outcome(app)).toBe('open')
  await live.told(({ event }) => event === 'held')
  expect(await live.call('GET', '/healthz')).toMatchObject({ code: 503 })
  expect((await live.call('GET', '/status')).body).toMatchObject({ routes: [{ holder: null, waiting: 1 }] })
  app.write('hello')
  await live.told(({ event }) => event === 'dialing')
  expect(await live.call('GET', '/healthz')).toMatchObject({ code: 200 })
  app.destroy()
  expect(live.events.filter(({ event }) => event === 'listening')).toHaveLength(1)
})
