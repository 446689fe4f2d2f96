/** A daemon that runs takes another configuration: routes on real ports, a session that is under way. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Config, type ConfigInput, configFrom } from '../../src/config/schema.ts'
import { freePort, type LiveDaemon, liveDaemon } from './live-daemon.ts'

const echo = (socket: Socket): void => void socket.on('data', (chunk: Buffer) => socket.write(chunk))

type RouteInput = NonNullable<ConfigInput['routes']>[number]

/** The daemon's configuration with other routes. */
function withRoutes(live: LiveDaemon, ...routes: RouteInput[]): Config {
  return configFrom({
    line: { device: 'virtual' },
    context: { apn: 'internet', user: 'u', password: 'hunter2' },
    routes,
    control: { socket: live.socket },
    state: { folder: join(dirname(live.socket), 'state') },
  })
}

const own = (live: LiveDaemon, more: Partial<RouteInput> = {}): RouteInput => ({
  name: 'broker',
  listen: `127.0.0.1:${live.door}`,
  to: `tcp://127.0.0.1:${live.peerPort}`,
  linger: '0s',
  ...more,
})

async function isOpen(port: number | string): Promise<boolean> {
  const socket = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
}

async function hears(app: Socket, text: string): Promise<void> {
  app.write(text)
  let heard = ''
  while (!heard.includes(text)) heard += String((await once(app, 'data'))[0])
}

async function session(live: LiveDaemon): Promise<Socket> {
  await live.usable()
  const app = live.app().on('error', () => undefined)
  await hears(app, 'hello')
  return app
}

test('routes come, go and change beside a session that stays', async () => {
  const live = await liveDaemon({ peer: echo })
  const app = await session(live)
  const [second, third] = [await freePort(), await freePort()]
  const added = { name: 'second', listen: `127.0.0.1:${second}`, to: 'tcp://127.0.0.1:1' }
  await live.daemon.reload({ config: withRoutes(live, own(live), added) })
  expect(await isOpen(second)).toBe(true)
  expect(live.daemon.status.routes.map(({ name }) => name)).toEqual(['broker', 'second'])
  await hears(app, 'still')

  // Another address for the one, no more of the other; both have a live session or had one.
  const moved = own(live, { listen: `127.0.0.1:${third}`, busy: 'refuse', idleTimeout: '5m' })
  await live.daemon.reload({ config: withRoutes(live, moved) })
  expect([await isOpen(second), await isOpen(live.door), await isOpen(third)]).toEqual([false, false, true])
  expect(live.daemon.status.routes).toMatchObject([{ name: 'broker', listen: `127.0.0.1:${third}`, holder: 1 }])
  await hears(app, 'as ever')

  // A session outlives its route, and is seen as long as it has the carrier.
  await live.daemon.reload({ config: withRoutes(live, added) })
  expect(live.daemon.status.routes).toMatchObject([{ name: 'second' }, { name: 'broker', holder: 1 }])
  await hears(app, 'to the end')
  app.end()
  await live.told(({ event }) => event === 'session-end')
  expect(live.daemon.status.routes).toMatchObject([{ name: 'second' }])
  expect(live.events.filter(({ event }) => event === 'reload').map(({ message }) => message)).toEqual([
    'routes: + second',
    'routes: - second, ~ broker',
    'routes: + second, - broker',
  ])
})

test('P10 an address that cannot be had refuses the whole reload: every route is as it was', async () => {
  const live = await liveDaemon({ peer: echo })
  const app = await session(live)
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const taken = { name: 'taken', listen: `127.0.0.1:${(other.address() as AddressInfo).port}`, to: 'tcp://x:1' }
  const free = { name: 'free', listen: `127.0.0.1:${await freePort()}`, to: 'tcp://x:1' }
  await live.daemon.reload({ config: withRoutes(live, free, taken) })
  expect(live.daemon.status.notice).toContain('reload refused: route taken cannot listen')
  expect(live.daemon.status.routes.map(({ name }) => name)).toEqual(['broker'])
  expect(await isOpen(free.listen.split(':')[1] ?? '')).toBe(false)
  expect(await isOpen(live.door)).toBe(true)
  await hears(app, 'still')
  await live.daemon.reload({ config: withRoutes(live, own(live), free) })
  expect(live.daemon.status.notice).toBeNull()
  expect(await isOpen(free.listen.split(':')[1] ?? '')).toBe(true)
})

test('an address that stays is not closed for a moment, whatever else changes about its route', async () => {
  const live = await liveDaemon({ peer: echo })
  await live.usable()
  const before = live.log.length
  await live.daemon.reload({ config: withRoutes(live, own(live, { name: 'renamed', whenDown: 'hold' })) })
  expect(live.log.slice(before).join('')).not.toContain('"listening"')
  const app = live.app().on('error', () => undefined)
  await hears(app, 'hello')
  expect(live.daemon.status.routes).toMatchObject([{ name: 'renamed', holder: 1 }])
  app.end()
})

test('what is read at the start only is said to wait for a restart', async () => {
  const live = await liveDaemon()
  await live.listening()
  const config = withRoutes(live, own(live))
  await live.daemon.reload({ config: { ...config, control: { socket: '/run/elsewhere.sock' } } })
  expect(live.daemon.status.notice).toBe('control.socket changed: restart to apply')
  await live.daemon.reload({ config })
  expect(live.daemon.status.notice).toBeNull()
})
