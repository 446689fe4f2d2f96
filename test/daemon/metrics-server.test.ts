import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { readMetrics, valueOf } from '../support/prometheus.ts'
import { freePort, type LiveDaemon, liveDaemon, opened } from './live-daemon.ts'

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return text
}

function asked(port: number, path: string, method = 'GET'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, agent: false }, resolve).once('error', reject).end()
  })
}

async function measured(port: number, more: object = {}): Promise<LiveDaemon> {
  const live = await liveDaemon({ config: { metrics: { listen: `127.0.0.1:${port}`, ...more } } })
  await live.usable()
  return live
}

test('GET /metrics on the control socket is what Prometheus takes, and says the same as the status', async () => {
  const live = await liveDaemon()
  await live.usable()
  const response = await opened(live.socket, 'GET', '/metrics')
  expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await textOf(response)
  expect(valueOf(text, 'cipbridge_link_usable')).toBe(1)
  expect(valueOf(text, 'cipbridge_signal_dbm')).toBe(live.daemon.status.network.dbm)
  expect(valueOf(text, 'cipbridge_modem_info', { model: 'SIMCOM_SIM800L', firmware: '1418B05SIM800L24' })).toBe(1)
  expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
  expect(valueOf(text, 'process_start_time_seconds') * 1000).toBeLessThan(Date.now())
})

test('promtool, where it is installed, has nothing to say against it', async ({ skip }) => {
  if (spawnSync('promtool', ['--version']).error) skip('promtool is not installed')
  const live = await liveDaemon({ config: { limits: { dialsPerHour: 9, bytesPerDay: '1MB', bytesPerMonth: '9MB' } } })
  await live.usable()
  const judged = spawnSync('promtool', ['check', 'metrics'], { input: live.daemon.metrics, encoding: 'utf8' })
  expect(`${judged.stdout}${judged.stderr}`).toBe('')
  expect(judged.status).toBe(0)
})

test('over TCP there are /metrics and /healthz, to be read, and nothing else', async () => {
  const port = await freePort()
  const live = await measured(port)
  expect(readMetrics(await textOf(await asked(port, '/metrics'))).size).toBeGreaterThan(20)
  const health = await asked(port, '/healthz')
  expect([health.statusCode, JSON.parse(await textOf(health))]).toEqual([200, { usable: true, state: 'ready' }])
  expect(await textOf(await asked(port, '/metrics', 'HEAD'))).toBe('')
  for (const path of ['/', '/status', '/events', '/at', '/redial', '/reset', '/metrics/', '//metrics']) {
    for (const method of ['GET', 'POST']) {
      const response = await asked(port, path, method)
      expect([path, response.statusCode]).toEqual([path, 404])
      response.resume()
    }
  }
  const posted = await asked(port, '/metrics', 'POST')
  expect([posted.statusCode, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
  posted.resume()
  expect(live.daemon.status.state).toBe('ready')
})

test('P10 a link that is not usable is 503 over TCP, too, with the reason', async () => {
  const port = await freePort()
  const live = await liveDaemon({
    config: { metrics: { listen: `127.0.0.1:${port}` }, recovery: { firstPause: '1h', maxPause: '1h' } },
  })
  live.modem.begin({ type: 'sim-puk' })
  await live.told(({ fault }) => fault === 'sim-locked')
  const health = await asked(port, '/healthz')
  expect([health.statusCode, await textOf(health)]).toEqual([503, expect.stringContaining('SIM PUK')])
})

test('P13 whoever is not in allowFrom is refused before it is heard', async () => {
  const port = await freePort()
  await measured(port, { allowFrom: ['192.0.2.0/24'] })
  await expect(asked(port, '/metrics')).rejects.toThrow(/socket hang up|ECONNRESET/)
})

test('P13 whoever is in allowFrom is answered', async () => {
  const port = await freePort()
  await measured(port, { allowFrom: ['127.0.0.0/8'] })
  expect((await asked(port, '/healthz')).statusCode).toBe(200)
})

test('an address that somebody has is told with what to do, and the link serves all the same', async () => {
  const rival = createServer().listen(0, '127.0.0.1')
  await once(rival, 'listening')
  const address = rival.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const live = await measured(port)
  expect(live.events.find(({ event }) => event === 'metrics')).toMatchObject({
    level: 'warn',
    message: expect.stringContaining('EADDRINUSE') as string,
    hint: expect.stringContaining('metrics.listen') as string,
  })
  rival.close()
})
