/** UDP as programs use it: real datagrams into the built daemon, a pseudo-terminal between it and the modem, real datagrams out. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep } from '../../src/core/time.ts'
import { type Stage, stage } from '../support/built-program-stage.ts'
import { connectTo, freePort } from '../support/real-peer.ts'
import { installed } from '../support/real-peer-client.ts'

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
/** Longer than the modem's WaitTm, so that not only the daemon keeps datagrams apart. */
const PAUSE_MS = 500

let s: Stage
let peer: Socket
let port: number
let streamPort: number
/** What the peer got, and gave back. */
const got: Buffer[] = []

beforeAll(async () => {
  peer = await bound()
  peer.on('message', (bytes, sender) => {
    got.push(bytes)
    peer.send(bytes, sender.port, sender.address)
  })
  port = await freePort()
  streamPort = await freePort()
  const to = `udp://localhost:${peer.address().port}`
  s = await stage({
    config: {
      transparent: { sendSize: 1460, waitTime: 1 },
      routes: [
        { name: 'datagrams', listen: `udp://127.0.0.1:${port}`, to, idleTimeout: '4s', linger: '300ms' },
        { name: 'stream', listen: `127.0.0.1:${streamPort}`, to, busy: 'queue', linger: '1s', closeTimeout: '5s' },
      ],
    },
  })
}, 60_000)

afterAll(async () => {
  await s[Symbol.asyncDispose]()
  peer.close()
}, 30_000)

test('P1 datagrams of a program arrive one by one, its answers as well, and a second program is left out', async () => {
  const [program, other] = [await bound(), await bound()]
  const answers: Buffer[] = []
  program.on('message', (bytes) => answers.push(bytes))
  const sent = [randomBytes(1460), Buffer.from('a+++'), randomBytes(1), Buffer.from('\r\nCLOSED\r\n'), randomBytes(700)]
  for (const datagram of sent) program.send(datagram, port, '127.0.0.1')
  program.send(randomBytes(1461), port, '127.0.0.1')
  await s.until(() => s.daemon.told('carrier').length > 0, 'the dial')
  other.send('not mine', port, '127.0.0.1')
  await s.until(() => got.length >= sent.length, 'the packets')
  expect(got.map(hash)).toEqual(sent.map(hash))
  await s.until(() => Buffer.concat(answers).length >= Buffer.concat(sent).length, 'the answers')
  expect(hash(Buffer.concat(answers))).toBe(hash(Buffer.concat(sent)))
  await s.sessionsOver(1)
  expect(s.daemon.commands.filter((line) => /CIPSTART|CIPACK/.test(line))).toEqual([
    `AT+CIPSTART="UDP","localhost","${peer.address().port}"`,
  ])
  expect(s.daemon.told('dropped').map(({ msg }) => msg)).toEqual([
    expect.stringContaining('longer than one packet'),
    expect.stringContaining('another program has the session'),
  ])
  program.close()
  other.close()
}, 60_000)

test('P1 ncat -u: each of its writes is a packet, and it reads the answers', async (t) => {
  const path = installed('ncat') ?? t.skip('ncat is not installed')
  const before = got.length
  const ncat = spawn(path, ['-u', '127.0.0.1', String(port)])
  const read: Buffer[] = []
  ncat.stdout.on('data', (bytes: Buffer) => read.push(bytes))
  const sent = [randomBytes(900), Buffer.from('+++\r\n'), randomBytes(1200)]
  for (const [index, datagram] of sent.entries()) {
    ncat.stdin.write(datagram)
    // Its next read begins the next datagram.
    await s.until(() => got.length > before + index, `packet ${index}`)
    await sleep(PAUSE_MS)
  }
  expect(got.slice(before).map(hash)).toEqual(sent.map(hash))
  await s.until(() => Buffer.concat(read).length === Buffer.concat(sent).length, 'the answers')
  expect(hash(Buffer.concat(read))).toBe(hash(Buffer.concat(sent)))
  ncat.kill()
}, 60_000)

test('P1 a TCP program waits for its turn, and its stream arrives complete', async () => {
  const before = got.length
  const bytes = randomBytes(3000)
  const app = connectTo(streamPort)
  app.socket.write(bytes)
  await s.until(() => Buffer.concat(got.slice(before)).length === bytes.length, 'the stream', 60_000)
  expect(hash(Buffer.concat(got.slice(before)))).toBe(hash(bytes))
  app.socket.end()
}, 90_000)

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}
