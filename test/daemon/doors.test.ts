/** The doors of the real daemon: whose address they take, and what is said when another program has it. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { liveDaemon, temporaryFolder } from './live-daemon.ts'

test('P10 a port that another program took while the link was down is no usable route: it is said, and had once it is free', async () => {
  const live = await liveDaemon({ knobs: { start: 'booting', bootTime: 1000 } })
  await live.reach('probing')
  const thief = createServer().listen(Number(live.door), '127.0.0.1')
  await once(thief, 'listening')
  while (!live.daemon.link.usable) await once(live.daemon.link, 'usable')
  await live.told(({ event }) => event === 'listening')
  const health = await live.call('GET', '/healthz')
  expect(health.code).toBe(503)
  expect(JSON.stringify(health.body)).toContain('EADDRINUSE')
  expect((await live.call('GET', '/status')).body).toMatchObject({ usable: false, fault: 'config-invalid' })
  thief.close()
  await live.told(({ event, level }) => event === 'listening' && level === 'info')
  expect(await live.call('GET', '/healthz')).toMatchObject({ code: 200 })
}, 20_000)

test('a Unix socket that a killed daemon left behind is replaced', async () => {
  const folder = temporaryFolder()
  const first = await liveDaemon({ unixDoor: true, folder })
  await first.usable()
  await first.stop()
  const dead = createServer().listen(join(folder, 'door.sock'))
  await once(dead, 'listening')
  dead.close()
  const second = await liveDaemon({ unixDoor: true, folder })
  await second.usable()
})

test.each(['a file', 'the socket of a living program'])('%s at the path of a route is left alone', async (what) => {
  const folder = temporaryFolder()
  const path = join(folder, 'door.sock')
  const server = createServer()
  if (what === 'a file') writeFileSync(path, 'dear')
  else await once(server.listen(path), 'listening')
  const live = await liveDaemon({ unixDoor: true, folder })
  await expect(live.running).rejects.toThrow('EADDRINUSE')
  if (what === 'a file') expect(readFileSync(path, 'utf8')).toBe('dear')
  server.close()
})
