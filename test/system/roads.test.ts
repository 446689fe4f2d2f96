/** One carrier, many roads: a proxy, TLS by the daemon, and programs that wait for each other, each as people use it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { until } from '../support/built-program.ts'
import { type Stage, stage } from '../support/built-program-stage.ts'
import { connectTo, freePort } from '../support/real-peer.ts'
import { installed, runClient } from '../support/real-peer-client.ts'
import { tlsFile } from '../support/tls-peer.ts'

const PAGE = randomBytes(40 * 1024)
const HASH = createHash('sha256').update(PAGE).digest('hex')
const BAUD = 460_800

const ports: Record<string, number> = {}
const servers: ChildProcess[] = []
let s: Stage
let web: Server
let webPort: number

beforeAll(async () => {
  web = createServer((_request, response) => response.end(PAGE)).listen(0, '127.0.0.1')
  await once(web, 'listening')
  webPort = (web.address() as AddressInfo).port
  for (const name of ['one', 'two', 'store', 'broker', 'proxy', 'mosquitto', 'redis']) ports[name] = await freePort()
  const own = { busy: 'queue', linger: '300ms', closeTimeout: '5s' } as const
  const route = (name: string, to: string): { name: string; listen: string; to: string } & typeof own => {
    return { name, listen: `127.0.0.1:${ports[name]}`, to, ...own }
  }
  s = await stage({
    baudRate: BAUD,
    knobs: { baudRate: BAUD },
    config: {
      routes: [
        route('one', `tcp://127.0.0.1:${webPort}`),
        route('two', `tcp://localhost:${webPort}`),
        route('store', `tcp://127.0.0.1:${ports.redis}`),
        { ...route('broker', `tls://localhost:${ports.mosquitto}`), tls: { ca: tlsFile('ca.pem') } },
      ],
      proxy: { listen: `127.0.0.1:${ports.proxy}`, allow: [`localhost:${webPort}`], ...own },
    },
  })
}, 60_000)

afterAll(async () => {
  await s[Symbol.asyncDispose]()
  web.closeAllConnections()
  web.close()
  for (const server of servers) server.kill('SIGKILL')
}, 30_000)

test('P1 curl over SOCKS5, the name resolved by the modem', async (t) => {
  const args = ['--socks5-hostname', `127.0.0.1:${ports.proxy}`]
  expect(await fetched(t, 'socks', args, `http://localhost:${webPort}/`)).toBe(HASH)
}, 60_000)

test('P1 curl over HTTP CONNECT', async (t) => {
  const args = ['--proxytunnel', '--proxy', `http://127.0.0.1:${ports.proxy}`]
  expect(await fetched(t, 'connect', args, `http://localhost:${webPort}/`)).toBe(HASH)
}, 60_000)

test('P8 curl is told that a destination is not allowed', async (t) => {
  const curl = need(t, 'curl')
  const elsewhere = `http://localhost:${ports.redis}/`
  const socks = await runClient(curl, ['-sS', '--socks5-hostname', `127.0.0.1:${ports.proxy}`, elsewhere])
  expect(socks.exit).not.toBe(0)
  expect(socks.stderr).toContain('SOCKS5')
  const connect = await runClient(curl, [
    '-sS',
    '--proxytunnel',
    '--proxy',
    `http://127.0.0.1:${ports.proxy}`,
    elsewhere,
  ])
  expect(connect.exit).not.toBe(0)
  expect(connect.stderr).toContain('403')
}, 60_000)

test('P1 two programs on two routes and one at the proxy at once: each waits for its turn and has all of its bytes', async (t) => {
  const hashes = await Promise.all([
    fetched(t, 'one', [], `http://127.0.0.1:${ports.one}/`),
    fetched(t, 'two', [], `http://127.0.0.1:${ports.two}/`),
    fetched(t, 'three', ['--socks5-hostname', `127.0.0.1:${ports.proxy}`], `http://localhost:${webPort}/`),
  ])
  expect(hashes).toEqual([HASH, HASH, HASH])
  expect(s.daemon.told('queued').length).toBeGreaterThan(0)
}, 90_000)

test('P1 redis-cli sets a value and gets it back, from a real server', async (t) => {
  const [redis, server] = [need(t, 'redis-cli'), need(t, 'redis-server')]
  await start(server, ['--port', String(ports.redis), '--bind', '127.0.0.1', '--save', '', '--dir', s.folder], 'redis')
  const value = randomBytes(2000).toString('hex')
  const at = ['-p', String(ports.store)]
  expect(await runClient(redis, [...at, '-x', 'SET', 'log'], value)).toMatchObject({ exit: 0, stdout: 'OK\n' })
  expect(await runClient(redis, [...at, 'GET', 'log'])).toMatchObject({ exit: 0, stdout: `${value}\n` })
}, 60_000)

test('P1 mosquitto_pub and mosquitto_sub without TLS reach a broker that has nothing else', async (t) => {
  const [publish, subscribe] = [need(t, 'mosquitto_pub'), need(t, 'mosquitto_sub')]
  await startBroker(need(t, 'mosquitto'))
  const where = ['-h', '127.0.0.1', '-p', String(ports.broker), '-t', 'pump/level', '-q', '1', '-k', '20']
  const message = `17,3 l/s\r\nCLOSED\r\n+++${'~'.repeat(1500)}`
  expect(await runClient(publish, [...where, '-r', '-s'], message)).toEqual({ exit: 0, stdout: '', stderr: '' })
  const got = await runClient(subscribe, [...where, '-C', '1', '-W', '20'])
  expect(got).toEqual({ exit: 0, stdout: `${message}\n`, stderr: '' })
  expect(s.daemon.told('tls').map(({ msg }) => /^TLSv1\.[23], /.test(msg))).toEqual([true, true])
}, 60_000)

/** The program, or the test is skipped with the reason. */
function need(t: TestContext, program: string): string {
  return installed(program) ?? t.skip(`${program} is not installed`)
}

/** SHA-256 of what curl gets. */
async function fetched(t: TestContext, name: string, args: readonly string[], url: string): Promise<string> {
  const file = join(s.folder, name)
  const run = await runClient(need(t, 'curl'), ['-sS', '--fail', '-o', file, ...args, url])
  expect(run).toEqual({ exit: 0, stdout: '', stderr: '' })
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

async function startBroker(mosquitto: string): Promise<void> {
  // It gives up its rights before it reads them.
  for (const name of ['server.pem', 'server.key']) {
    await copyFile(tlsFile(name), join(s.folder, name))
    await chmod(join(s.folder, name), 0o644)
  }
  await chmod(s.folder, 0o755)
  const file = join(s.folder, 'mosquitto.conf')
  const tls = `certfile ${join(s.folder, 'server.pem')}\nkeyfile ${join(s.folder, 'server.key')}\n`
  await writeFile(file, `listener ${ports.mosquitto} 127.0.0.1\nallow_anonymous true\nlog_dest none\n${tls}`)
  await start(mosquitto, ['-c', file], 'mosquitto')
}

/** Starts a server; resolves when it listens. */
async function start(program: string, args: readonly string[], name: string): Promise<void> {
  servers.push(spawn(program, args, { stdio: 'ignore' }))
  const port = ports[name] ?? 0
  let reached = connectTo(port)
  await until(() => {
    if (reached.socket.closed) reached = connectTo(port)
    return reached.socket.readyState === 'open'
  }, name)
  reached.socket.destroy()
}
