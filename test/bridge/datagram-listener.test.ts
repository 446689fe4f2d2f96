/** The UDP socket of a route: real sockets on loopback. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import type { ClientSocket } from '../../src/bridge/client.ts'
import { DatagramListener } from '../../src/bridge/datagram-listener.ts'
import { configFrom, type RouteConfig } from '../../src/config/schema.ts'
import { Fault } from '../../src/core/fault.ts'
import { CONFIG } from '../support/rig.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

function routeAt(listen: string, allowFrom: string[] = []): RouteConfig {
  const { routes } = configFrom({ ...CONFIG, routes: [{ name: 'a', listen, to: 'udp://x:1', allowFrom }] })
  return routes[0]!
}

interface Scene {
  readonly listener: DatagramListener
  readonly port: number
  readonly clients: ClientSocket[]
  readonly heard: string[]
  readonly dropped: string[]
}

async function scene(allowFrom: string[] = []): Promise<Scene> {
  const port = await freeUdpPort()
  const made: Omit<Scene, 'listener'> = { port, clients: [], heard: [], dropped: [] }
  const listener = new DatagramListener(
    routeAt(`udp://127.0.0.1:${port}`, allowFrom),
    (_route, client) => {
      made.clients.push(client)
      client.on('data', (bytes: Buffer) => made.heard.push(bytes.toString()))
    },
    (_route, reason) => made.dropped.push(reason),
  )
  await listener.open()
  return { listener, ...made }
}

test('closed with a session: nobody else gets in, the answers still go out, and the port is free when it is over', async () => {
  const { listener, port, clients, heard, dropped } = await scene()
  const [program, other] = [await bound(), await bound()]
  program.send('hello', port, '127.0.0.1')
  await vi.waitUntil(() => heard.length === 1)
  await listener.close()
  expect(listener.isOpen).toBe(false)
  const answer = once(program, 'message')
  clients[0]?.write(Buffer.from('answer'))
  expect(String((await answer)[0])).toBe('answer')
  other.send('too late', port, '127.0.0.1')
  program.send('and more', port, '127.0.0.1')
  await vi.waitUntil(() => heard.length === 2 && dropped.length === 1)
  expect(dropped).toEqual(['sender'])
  clients[0]?.destroy()
  const again = createSocket('udp4')
  sockets.push(again)
  await vi.waitUntil(async () => {
    try {
      await new Promise<void>((resolve, reject) => {
        again.once('error', reject).bind({ port, address: '127.0.0.1', exclusive: true }, resolve)
      })
      return true
    } catch {
      return false
    }
  })
})

test('P10 a program that sends to a closed port is told by the system', async () => {
  const { listener, port } = await scene()
  await listener.close()
  const program = createSocket('udp4')
  sockets.push(program)
  program.connect(port, '127.0.0.1')
  await once(program, 'connect')
  program.send('anybody?')
  const [error] = (await once(program, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNREFUSED')
})

test('an address that another program has is a fault with its reason, and can be had later', async () => {
  const taken = await bound()
  const listener = new DatagramListener(
    routeAt(`udp://127.0.0.1:${taken.address().port}`),
    () => undefined,
    () => undefined,
  )
  await expect(listener.open()).rejects.toMatchObject({ code: 'config-invalid' })
  await expect(listener.open()).rejects.toBeInstanceOf(Fault)
  expect(listener.isOpen).toBe(false)
  taken.close()
  sockets.splice(sockets.indexOf(taken), 1)
  await once(taken, 'close')
  await listener.open()
  expect(listener.isOpen).toBe(true)
  await listener.close()
})

test('P13 who is not in allowFrom is not heard', async () => {
  const [closed, open] = [await scene(['192.0.2.0/24']), await scene(['127.0.0.0/8'])]
  const program = await bound()
  for (const { port } of [closed, open]) program.send('hello', port, '127.0.0.1')
  // Polled now and then: by that time both have read.
  await vi.waitUntil(() => open.heard.length > 0)
  expect(closed.heard).toEqual([])
  expect(closed.clients).toEqual([])
  open.clients[0]?.destroy()
  for (const { listener } of [closed, open]) await listener.close()
})
