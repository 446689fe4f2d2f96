import { once } from 'node:events'
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { liveDaemon, opened, temporaryFolder } from './live-daemon.ts'

async function readUntil(socket: Socket, end: (text: string) => boolean): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  while (!end(text)) await once(socket, 'data')
  return text
}

test('a body that is no question is refused, however long it is', async () => {
  const live = await liveDaemon()
  await live.listening()
  for (const [body, code] of [
    ['{"command": 1}', 400],
    ['{"command"', 400],
    ['null', 400],
    ['[]', 400],
    ['', 400],
    [`{"command": "AT${' '.repeat(5000)}"}`, 413],
    ['x'.repeat(5_000_000), 413],
  ] as const) {
    const socket = connect(live.socket).on('error', () => undefined)
    socket.write(`POST /at HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    expect(await readUntil(socket, (text) => text.includes('\n'))).toMatch(`HTTP/1.1 ${code} `)
    socket.destroy()
  }
})

test('unknown paths are 404, wrong methods 405 with what is allowed', async () => {
  const live = await liveDaemon()
  await live.listening()
  for (const path of ['/', '/__proto__', '/status/', '//', '/metrics/']) {
    expect(await live.call('GET', path)).toMatchObject({ code: 404 })
  }
  for (const [method, path, allow] of [
    ['POST', '/status', 'GET'],
    ['DELETE', '/events', 'GET'],
    ['POST', '/metrics', 'GET'],
    ['GET', '/at', 'POST'],
    ['GET', '/redial', 'POST'],
    ['PUT', '/reset', 'POST'],
  ] as const) {
    const response = await opened(live.socket, method, path)
    response.resume()
    expect([response.statusCode, response.headers.allow]).toEqual([405, allow])
  }
})

test('requests that are no HTTP, half ones and clients that leave do no harm', async () => {
  const live = await liveDaemon()
  await live.listening()
  const noise = connect(live.socket)
  noise.write('+++ATH\r\n\r\n')
  expect(await readUntil(noise, (text) => text.includes('\n'))).toMatch('HTTP/1.1 400 ')
  const longHead = connect(live.socket).on('error', () => undefined)
  longHead.write(`GET /status HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)
  expect(await readUntil(longHead, (text) => text.includes('\n'))).toMatch('HTTP/1.1 431 ')
  const half = connect(live.socket)
  half.write('POST /at HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"comm')
  await once(half, 'connect')
  expect((await live.call('GET', '/status')).code).toBe(200)
  half.destroy()
  expect((await live.call('GET', '/status')).code).toBe(200)
  expect(live.log.filter((line) => line.includes('please report'))).toEqual([])
})

test('GET /events tells what happens; a reader that never reads is dropped, the other misses nothing', async () => {
  const live = await liveDaemon()
  await live.listening()
  const [good, deaf] = [connect(live.socket), connect(live.socket)]
  deaf.pause()
  for (const socket of [good, deaf]) socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n')
  let text = ''
  good.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  while (live.daemon.eventReaders < 2) await new Promise(setImmediate)
  const message = 'x'.repeat(1000)
  let sent = 0
  while (live.daemon.eventReaders === 2 && sent < 5000) {
    live.journal.tell('info', 'flood', `${sent} ${message}`)
    sent += 1
    await new Promise(setImmediate)
  }
  expect(live.daemon.eventReaders).toBe(1)
  expect(sent).toBeLessThan(2000)
  while (!text.includes(`${sent - 1} ${message}`)) await once(good, 'data')
  const flood = [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? '') as { message: string })
  expect(flood.filter(({ message: told }) => told.endsWith(message))).toHaveLength(sent)
  good.destroy()
  deaf.destroy()
})

test('the socket is for user and group only, and gone when the daemon is', async () => {
  const live = await liveDaemon()
  await live.listening()
  expect(statSync(live.socket).mode & 0o777).toBe(0o660)
  const events = await opened(live.socket, 'GET', '/events')
  const ended = once(events.resume(), 'end')
  await live.stop()
  await ended
  expect(existsSync(live.socket)).toBe(false)
})

test('a socket left behind is replaced, one that somebody answers at is not', async () => {
  const folder = temporaryFolder()
  const first = await liveDaemon({ folder })
  await first.listening()
  const second = await liveDaemon({ folder })
  await expect(second.running).rejects.toMatchObject({
    code: 'line-busy',
    message: expect.stringContaining('another cipbridge runs') as string,
  })
  expect((await first.call('GET', '/status')).code).toBe(200)
  await first.stop()

  const dead = createServer().listen(first.socket)
  await once(dead, 'listening')
  // What a killed process leaves: the file without anybody behind it.
  renameSync(first.socket, `${first.socket}.kept`)
  dead.close()
  await once(dead, 'close')
  renameSync(`${first.socket}.kept`, first.socket)
  const third = await liveDaemon({ folder })
  await third.listening()
  expect((await third.call('GET', '/status')).code).toBe(200)
})

test('without a control socket the daemon serves all the same, and says what is missing', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'control.sock'), 'precious')
  const live = await liveDaemon({ folder })
  await live.usable()
  expect(live.events.find(({ event }) => event === 'control')).toMatchObject({
    level: 'warn',
    message: expect.stringContaining('is no socket') as string,
  })
  expect(statSync(live.socket).size).toBe(8)
})

test('the folder of the socket is made, not a whole tree', async () => {
  const folder = temporaryFolder()
  const one = await liveDaemon({ config: { control: { socket: join(folder, 'run', 'c.sock') } } })
  await one.listening()
  expect(statSync(join(folder, 'run', 'c.sock')).isSocket()).toBe(true)
  const two = await liveDaemon({ config: { control: { socket: join(folder, 'a', 'b', 'c.sock') } } })
  expect(await two.event('control')).toMatchObject({
    level: 'warn',
    message: expect.stringContaining('ENOENT') as string,
  })
})
