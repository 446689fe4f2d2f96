/** Programs that know nothing of a modem, through one daemon: each uses its local port as if it were the server's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { until } from '../support/built-program.ts'
import { type Stage, stage } from '../support/built-program-stage.ts'
import { connectTo, freePort, RealPeer } from '../support/real-peer.ts'
import { installed, runClient } from '../support/real-peer-client.ts'

const PAGE = randomBytes(48 * 1024)

let s: Stage
let web: Server
let lines: RealPeer
let store: RealPeer
let brokerPort: number
let sessions = 0

beforeAll(async () => {
  web = createServer((request, response) => {
    if (request.method === 'GET') response.end(PAGE)
    else {
      const hash = createHash('sha256')
      request.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => response.end(hash.digest('hex')))
    }
  }).listen(0, '127.0.0.1')
  await once(web, 'listening')
  lines = await RealPeer.listen(answerLine)
  store = await RealPeer.listen(keepValues)
  brokerPort = await freePort()
  const routes = { web: (web.address() as AddressInfo).port, lines: lines.port, store: store.port, broker: brokerPort }
  s = await stage({ routes, closeTimeout: '5s', baudRate: 460_800, knobs: { baudRate: 460_800 } })
}, 60_000)

afterAll(async () => {
  await s[Symbol.asyncDispose]()
  web.closeAllConnections()
  web.close()
  await lines.close()
  await store.close()
}, 30_000)

test('P1 curl fetches a page and posts a file', async (t) => {
  const curl = need(t, 'curl')
  const file = join(s.folder, 'page')
  const url = `http://127.0.0.1:${s.port('web')}/`
  const got = await runClient(curl, ['-sS', '--fail', '-o', file, '-w', '%{size_download} %{http_code}', url])
  expect(got).toEqual({ exit: 0, stdout: `${PAGE.length} 200`, stderr: '' })
  await nextClientMayCome()
  const sent = await runClient(curl, ['-sS', '--fail', '-H', 'Expect:', '--data-binary', `@${file}`, url])
  expect(sent).toEqual({ exit: 0, stdout: createHash('sha256').update(PAGE).digest('hex'), stderr: '' })
  await nextClientMayCome()
}, 60_000)

test('P2 ncat sends a line and finishes, and gets the whole answer', async (t) => {
  const ncat = need(t, 'ncat')
  const got = await runClient(ncat, ['127.0.0.1', String(s.port('lines'))], 'how are you?\n')
  expect(got).toEqual({ exit: 0, stdout: `${'='.repeat(2000)}how are you?\n`, stderr: '' })
  await nextClientMayCome()
}, 60_000)

test('P1 redis-cli sets a value and gets it back', async (t) => {
  const redis = need(t, 'redis-cli')
  const value = randomBytes(3000).toString('hex')
  const port = String(s.port('store'))
  expect(await runClient(redis, ['-p', port, '-x', 'SET', 'log'], value)).toMatchObject({ exit: 0, stdout: 'OK\n' })
  await nextClientMayCome()
  expect(await runClient(redis, ['-p', port, 'GET', 'log'])).toMatchObject({ exit: 0, stdout: `${value}\n` })
  await nextClientMayCome()
}, 60_000)

test('P1 mosquitto_pub leaves a message with QoS 1 and mosquitto_sub gets it', async (t) => {
  const [publish, subscribe] = [need(t, 'mosquitto_pub'), need(t, 'mosquitto_sub')]
  const broker = await startBroker(need(t, 'mosquitto'))
  try {
    const where = ['-h', '127.0.0.1', '-p', String(s.port('broker')), '-t', 'pump/level', '-q', '1', '-k', '20']
    const message = `+++ 17,3 l/s\r\nCLOSED\r\n${'~'.repeat(1500)}`
    expect(await runClient(publish, [...where, '-r', '-s'], message)).toEqual({ exit: 0, stdout: '', stderr: '' })
    await nextClientMayCome()
    const got = await runClient(subscribe, [...where, '-C', '1', '-W', '20'])
    expect(got).toEqual({ exit: 0, stdout: `${message}\n`, stderr: '' })
    await nextClientMayCome()
  } finally {
    const ended = once(broker, 'close')
    broker.kill('SIGKILL')
    await ended
  }
}, 60_000)

/** The program, or the test is skipped with the reason. */
function need(t: TestContext, program: string): string {
  const path = installed(program)
  return path ?? t.skip(`${program} is not installed`)
}

async function nextClientMayCome(): Promise<void> {
  sessions += 1
  await s.sessionsOver(sessions)
}

/** Answers one line and closes. */
function answerLine(socket: Socket): void {
  let said = ''
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1')
    if (said.endsWith('\n')) socket.end(`${'='.repeat(2000)}${said}`)
  })
}

const values = new Map<string, string>()

/** As much of Redis as SET and GET need (RESP2: arrays of bulk strings). */
function keepValues(socket: Socket): void {
  let said = ''
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1')
    const parts = said.split('\r\n')
    const count = Number(/^\*(\d+)$/.exec(parts[0] ?? '')?.[1])
    if (parts.length < 2 * count + 2) return
    const [verb = '', key = '', value] = parts.filter((_, index) => index > 0 && index % 2 === 0)
    said = ''
    if (verb.toUpperCase() === 'SET') {
      values.set(key, value ?? '')
      socket.write('+OK\r\n')
    } else {
      const kept = values.get(key) ?? ''
      socket.write(verb.toUpperCase() === 'GET' ? `$${kept.length}\r\n${kept}\r\n` : '-ERR unknown command\r\n')
    }
  })
  socket.on('end', () => socket.end())
}

async function startBroker(mosquitto: string): Promise<ChildProcess> {
  const file = join(s.folder, 'mosquitto.conf')
  await writeFile(file, `listener ${brokerPort} 127.0.0.1\nallow_anonymous true\nlog_dest none\n`)
  const broker = spawn(mosquitto, ['-c', file], { stdio: 'ignore' })
  let reached = connectTo(brokerPort)
  await until(() => {
    if (reached.socket.closed) reached = connectTo(brokerPort)
    return reached.socket.readyState === 'open'
  }, 'the broker')
  reached.socket.destroy()
  return broker
}
