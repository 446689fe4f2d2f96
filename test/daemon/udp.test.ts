/** The daemon and its sockets of UDP: a route that comes and goes in a reload, and what is counted where. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { configFrom } from '../../src/config/schema.ts'
import { freePort, type LiveDaemon, liveDaemon } from './live-daemon.ts'

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return socket
}

interface Scene {
  readonly live: LiveDaemon
  readonly program: Socket
  readonly port: number
  /** What the server got. */
  readonly got: string[]
}

async function scene(): Promise<Scene> {
  const [server, program] = [await bound(), await bound()]
  const got: string[] = []
  server.on('message', (bytes, { port }) => {
    got.push(bytes.toString())
    server.send(`<${bytes.toString()}>`, port, '127.0.0.1')
  })
  const port = await freePort()
  const live = await liveDaemon({
    config: {
      routes: [{ name: 'sensor', listen: `udp://127.0.0.1:${port}`, to: `udp://127.0.0.1:${server.address().port}` }],
    },
  })
  await live.usable()
  return { live, program, port, got }
}

test('P10 status and metrics tell what was carried, and what was not sent', async () => {
  const { live, program, port } = await scene()
  const answer = once(program, 'message')
  program.send('level 17', port, '127.0.0.1')
  program.send(Buffer.alloc(1200), port, '127.0.0.1')
  expect(String((await answer)[0])).toBe('<level 17>')
  await vi.waitUntil(() => live.daemon.status.routes[0]?.dropped?.size === 1)
  expect(live.daemon.status.routes[0]).toMatchObject({ bytesUp: 8, bytesDown: 10, unacked: null, holder: 1 })
  expect(live.daemon.metrics).toContain('cipbridge_datagrams_dropped_total{route="sensor",reason="size"} 1')
  expect(live.daemon.metrics).toContain('cipbridge_datagrams_dropped_total{route="sensor",reason="sender"} 0')
})

test('a route that is removed keeps the session that is under way, and takes no other', async () => {
  const { live, program, port, got } = await scene()
  const answer = once(program, 'message')
  program.send('before', port, '127.0.0.1')
  await answer
  const config = configFrom({
    line: { device: 'virtual' },
    context: { apn: 'internet', user: 'u', password: 'hunter2' },
    routes: [{ name: 'other', listen: `127.0.0.1:${await freePort()}`, to: 'tcp://127.0.0.1:1' }],
    control: { socket: live.socket },
  })
  await live.daemon.reload({ config })
  const after = once(program, 'message')
  program.send('after', port, '127.0.0.1')
  expect(String((await after)[0])).toBe('<after>')
  expect(got).toEqual(['before', 'after'])
  live.daemon.link.redial()
  await vi.waitUntil(() => live.daemon.bridge.holder === undefined, { timeout: 10_000 })
  const late = createSocket('udp4')
  onTestFinished(() => void late.close())
  late.connect(port, '127.0.0.1')
  await once(late, 'connect')
  late.send('anybody?')
  expect(((await once(late, 'error'))[0] as NodeJS.ErrnoException).code).toBe('ECONNREFUSED')
}, 30_000)
