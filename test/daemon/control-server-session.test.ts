import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { liveDaemon } from './live-daemon.ts'

const echo = (socket: Socket): void => void socket.pipe(socket)

test('P10 GET /status has every key of the contract, the live session included, and no secret', async () => {
  const live = await liveDaemon({ peer: echo })
  await live.usable()
  const app = live.app()
  app.write('hello')
  await once(app, 'data')
  const { code, body } = await live.call('GET', '/status')
  expect(code).toBe(200)
  expect(body).toMatchObject({
    state: 'online',
    usable: true,
    reason: null,
    fault: null,
    nextTry: null,
    modem: { model: 'SIMCOM_SIM800L', firmware: '1418B05SIM800L24' },
    network: { registration: 'home' },
    routes: [
      {
        name: 'broker',
        listen: `127.0.0.1:${live.door}`,
        holder: 1,
        waiting: 0,
        bytesUp: 5,
        bytesDown: 5,
        unacked: null,
      },
    ],
    ladder: { rung: null, attempt: 0 },
    budget: null,
    lastFaults: [],
    window: { lastMs: null },
  })
  expect(body).toHaveProperty('network.dbm')
  expect(body).toHaveProperty('network.operator')
  expect(body.context).toEqual({ address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) as string })
  expect(Date.parse(String(body.since))).toBeGreaterThan(0)
  expect(JSON.stringify(body)).not.toContain('hunter2')
  app.destroy()
})

test('P10 a link that is not usable says so with the reason, in status and health, and what is tried next', async () => {
  const live = await liveDaemon({ config: { recovery: { firstPause: '1h', maxPause: '1h' } } })
  live.modem.begin({ type: 'sim-puk' })
  await live.listening()
  expect(await live.call('GET', '/healthz')).toMatchObject({ code: 503 })
  await live.told(({ event, attempt }) => event === 'recovering' && attempt === 2)
  expect(await live.call('GET', '/healthz')).toMatchObject({
    code: 503,
    body: { error: 'the SIM asks for SIM PUK: a person has to unlock it', fault: 'sim-locked', state: 'recovering' },
  })
  const { body } = await live.call('GET', '/status')
  expect(body).toMatchObject({ usable: false, fault: 'sim-locked', ladder: { rung: 'cycle-radio', attempt: 2 } })
  expect(body.lastFaults).toMatchObject([{ fault: 'sim-locked', rung: 'cycle-radio', times: 2 }])
  expect(Date.parse(String(body.nextTry))).toBeGreaterThan(Date.parse(String(body.since)) + 1_000_000)
  expect(await live.at('AT+CSQ')).toMatchObject({ code: 503, body: { fault: 'sim-locked' } })

  const again = live.event('recovering')
  expect(await live.call('POST', '/redial')).toMatchObject({ code: 202, body: { message: 'recovery goes on at once' } })
  expect(await again).toMatchObject({ attempt: 2 })
})

test('GET /healthz says yes only when clients can be served', async () => {
  const live = await liveDaemon()
  await live.usable()
  expect(await live.call('GET', '/healthz')).toMatchObject({ code: 200, body: { usable: true } })
})

test('P11 a command is answered between sessions, and the modem says no in its own words', async () => {
  const live = await liveDaemon()
  await live.usable()
  expect(await live.at('at+csq')).toEqual({
    code: 200,
    body: { ok: true, result: 'OK', lines: [expect.stringMatching(/^\+CSQ: \d+,\d+$/)], windowMs: 0 },
  })
  expect(await live.at('AT+CIPSTATUS')).toMatchObject({ body: { ok: true, lines: ['STATE: IP STATUS'] } })
  expect(await live.at('AT+CFUN?')).toMatchObject({ body: { ok: true, lines: ['+CFUN: 1'] } })
  expect((await live.at('AT+CIFSR')).body).toMatchObject({ ok: true, result: live.daemon.status.context.address })
  expect(await live.at('AT+NOSUCH')).toMatchObject({ code: 200, body: { ok: false, lines: [] } })
})

test('P11 POST /at beside a live session: bytes flow both ways and arrive whole', { timeout: 60_000 }, async () => {
  const [up, down] = [randomBytes(150_000), randomBytes(150_000)]
  const atPeer = createHash('sha256')
  let arrived = 0
  const live = await liveDaemon({
    config: { line: { device: 'virtual', baudRate: 460_800 } },
    knobs: { baudRate: 460_800 },
    peer: (socket) => {
      socket.on('data', (chunk: Buffer) => {
        atPeer.update(chunk)
        arrived += chunk.length
      })
      socket.write(down)
    },
  })
  await live.usable()
  const app = live.app().on('error', () => undefined)
  const atApp: Buffer[] = []
  app.on('data', (chunk: Buffer) => atApp.push(chunk))
  app.write(up)
  await once(app, 'data')
  for (let window = 0; window < 3; window += 1) {
    const { code, body } = await live.at('AT+CSQ')
    expect({ code, result: body.result }).toEqual({ code: 200, result: 'OK' })
    expect(body.windowMs).toBeGreaterThan(0)
  }
  expect((await live.call('GET', '/status')).body).toMatchObject({ state: 'online', routes: [{ holder: 1 }] })
  while (Buffer.concat(atApp).length < down.length) await once(app, 'data')
  while (arrived < up.length) await new Promise(setImmediate)
  expect(Buffer.concat(atApp).equals(down)).toBe(true)
  expect(atPeer.digest('hex')).toBe(createHash('sha256').update(up).digest('hex'))
  app.destroy()
})

test('P11 the peer closes during a command window: the command is answered all the same', async () => {
  let close = (): void => undefined
  const live = await liveDaemon({
    knobs: { quickTime: 100 },
    peer: (socket) => {
      socket.write('hello')
      close = () => socket.destroy()
    },
  })
  await live.usable()
  const app = live.app().on('error', () => undefined)
  app.write('x')
  await once(app, 'data')
  const answer = live.at('AT+CSQ')
  await live.reach('commanding')
  close()
  expect(await answer).toMatchObject({ code: 200, body: { ok: true, result: 'OK' } })
})

const HARMFUL = [
  'ATD*99#',
  'ATDT123;',
  'ATO',
  'ATH',
  'ATZ',
  'ATE1',
  '+++',
  '',
  'CSQ',
  'AT+CSQ\rAT+CIPSHUT',
  'AT+CSQ\r',
  'AT;+CIPSHUT',
  'AT+CSQ;+CIPSHUT',
  'AT+CIPSHUT',
  'at+cipshut',
  'AT+CIPSHUT?',
  'AT+CIPCLOSE=1',
  'AT+CIPSTART="TCP","x","1"',
  'AT+CIPSEND',
  'AT+CIPMODE=0',
  'AT+CPOWD=1',
  'AT+CFUN=1,1',
  'AT+CGATT=0',
  'AT+COPS=2',
  'AT+CIFSR?',
  'AT+CSTT?',
  'AT+CIPSCONT?',
  'AT+CIPCSGP?',
  'AT+CMNRP=1',
  'AT+CMGS="123"',
  'AT&D2',
  'AT\u0000',
]

test('P8 what would touch the session, or is not one command, is refused with 400 and never reaches the modem', async () => {
  const live = await liveDaemon()
  await live.usable()
  const before = live.log.length
  for (const command of HARMFUL) {
    const { code, body } = await live.at(command)
    expect({ command, code, ...body }).toEqual({ command, code: 400, error: expect.any(String) as string })
  }
  expect(live.log.slice(before)).toEqual([])
})

test('POST /redial closes a live connection; the client sees the end, the next one dials', async () => {
  const live = await liveDaemon({ peer: echo })
  await live.usable()
  expect(await live.call('POST', '/redial')).toMatchObject({
    code: 202,
    body: { message: 'there is no connection to close; the next client dials' },
  })
  const first = live.app().on('error', () => undefined)
  first.write('one')
  await once(first, 'data')
  const closed = new Promise((resolve) => first.once('close', resolve))
  expect(await live.call('POST', '/redial')).toMatchObject({ code: 202 })
  await closed
  await live.reach('ready')
  const second = live.app()
  second.write('two')
  expect(String((await once(second, 'data'))[0])).toBe('two')
  expect(live.events.filter(({ event }) => event === 'carrier')).toHaveLength(2)
  second.destroy()
})

test('P2 at a Unix socket, where there is no reset, an end that is no clean one is still an end', async () => {
  const live = await liveDaemon({ peer: echo, unixDoor: true })
  await live.usable()
  const app = live.app().on('error', () => undefined)
  app.write('one')
  await once(app, 'data')
  const closed = new Promise((resolve) => app.once('close', resolve))
  await live.call('POST', '/redial')
  await closed
  await live.reach('ready')
})

test('POST /reset closes a live connection first, restarts the modem and comes back', { timeout: 40_000 }, async () => {
  const atPeer: Buffer[] = []
  const live = await liveDaemon({
    peer: (socket) => socket.on('data', (chunk: Buffer) => atPeer.push(chunk) && socket.write(chunk)),
  })
  await live.listening()
  expect(await live.call('POST', '/reset')).toMatchObject({ code: 503, body: { fault: 'no-answer' } })
  await live.usable()
  const app = live.app().on('error', () => undefined)
  app.write('one')
  await once(app, 'data')
  const back = live.event('listening')
  expect(await live.call('POST', '/reset')).toMatchObject({ code: 202 })
  await back
  expect(live.log.filter((line) => line.includes('» AT+CFUN=1,1'))).toHaveLength(1)
  expect(Buffer.concat(atPeer).toString()).toBe('one')
  expect((await live.call('GET', '/status')).body).toMatchObject({
    state: 'ready',
    lastFaults: [],
  })
  // Nothing went wrong, and nothing is to be mended.
  const told = live.events.filter(
    ({ event, message }) => event === 'recovering' || message.includes('reset of the modem'),
  )
  expect(told).toMatchObject([
    { level: 'info', message: 'a person asked for a reset of the modem', rung: 'soft-reset' },
  ])
  expect(live.events.filter(({ fault, hint }) => fault !== undefined || hint !== undefined)).toEqual([])
})

test('POST /at of a client that has left is taken back if the modem was not told yet', async () => {
  const live = await liveDaemon()
  await live.usable()
  const ask = vi.spyOn(live.daemon.link, 'ask')
  // What is said now is answered later.
  live.modem.wire.freeze(true)
  const first = live.at('AT+GSN')
  await vi.waitUntil(() => ask.mock.calls.length === 1)
  const leaving = request({ socketPath: live.socket, method: 'POST', path: '/at', agent: false })
  leaving.on('error', () => undefined).end('{"command":"AT+CBC"}')
  await vi.waitUntil(() => ask.mock.calls.length === 2)
  leaving.destroy()
  await expect(ask.mock.results[1]?.value).rejects.toThrow('whoever asked has left')
  live.modem.wire.freeze(false)
  expect((await first).body).toMatchObject({ ok: true })
  expect((await live.at('AT+GSV')).body).toMatchObject({ ok: true })
  expect(live.log.filter((line) => line.includes('AT+CBC'))).toEqual([])
  expect(live.events.filter(({ event }) => event === 'control')).toEqual([])
})
