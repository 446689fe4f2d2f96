/** What is counted is what has happened: the same events go to log, /events and counters. */
import { expect, test } from 'vitest'
import { Counters } from '../../src/daemon/metrics.ts'
import { familiesOf } from '../../src/daemon/metrics-families.ts'
import { metricsText } from '../../src/daemon/metrics-text.ts'
import { type Status, statusOf } from '../../src/daemon/status.ts'
import { readMetrics, valueOf } from '../support/prometheus.ts'
import { type Rig, type RigOptions, rig, type Witness } from '../support/rig.ts'

class Counted {
  readonly rig: Rig
  readonly counters: Counters

  constructor(r: Rig) {
    this.rig = r
    this.counters = new Counters(r.journal, r.link)
  }

  get status(): Status {
    return statusOf(this.rig.link, this.rig.bridge, this.counters.faults.list)
  }

  get text(): string {
    return metricsText(familiesOf(this.status, this.counters))
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return valueOf(this.text, `cipbridge_${name}`, labels)
  }

  /** A session in which the peer has heard `text`. */
  async session(text: string): Promise<Witness> {
    const app = this.rig.connect()
    const before = this.rig.peers.length
    app.socket.write(text)
    await this.rig.until(() => this.rig.peers[before]?.text === text, 'the peer hears it')
    return app
  }
}

async function counted(options: RigOptions = {}): Promise<Counted> {
  const it = new Counted(await rig(options))
  await it.rig.reach('ready')
  return it
}

test('P10 a session is counted: its dial, its bytes, its time, its end', async () => {
  const it = await counted()
  expect(it.of('dials_total', { outcome: 'connected' })).toBe(0)
  const app = await it.session('hello')
  it.rig.peer.socket.write('you there')
  await it.rig.pass(60_000)
  expect(it.of('session_bytes_total', { route: 'broker', direction: 'up' })).toBe(5)
  expect(it.of('session_bytes_total', { route: 'broker', direction: 'down' })).toBe(9)
  expect(it.of('route_holds_carrier')).toBe(1)
  expect(it.of('link_state', { state: 'online' })).toBe(1)
  expect(it.of('link_usable')).toBe(1)
  const second = it.rig.connect()
  await it.rig.until(() => second.end === 'rst', 'the second client is refused')
  expect(it.of('clients_refused_total', { route: 'broker' })).toBe(1)

  it.rig.peer.socket.end()
  await it.rig.until(() => app.end === 'fin', 'the end')
  await it.rig.reach('ready')
  expect(it.of('dials_total', { outcome: 'connected' })).toBe(1)
  expect(it.of('sessions_total', { route: 'broker', outcome: 'closed-by-peer' })).toBe(1)
  expect(it.of('session_bytes_total', { route: 'broker', direction: 'down' })).toBe(9)
  expect(it.of('route_holds_carrier')).toBe(0)
  const online = it.of('link_state_seconds_total', { state: 'online' })
  expect(online).toBeGreaterThan(60)
  expect(online).toBeLessThan(65)
  expect(it.of('link_usable_seconds_total')).toBeGreaterThan(online)
})

test('a command beside a live session is a window, and the time that it held the data', async () => {
  const it = await counted()
  await it.session('hello')
  const asked = it.rig.link.ask('AT+CSQ')
  await it.rig.pass(10_000)
  const { windowMs } = await asked
  expect(it.of('windows_total')).toBe(1)
  expect(Math.abs(it.of('window_seconds_total') - windowMs / 1000)).toBeLessThan(0.02)
})

test('a dial that fails is one fault, whether it is repeated or recovery climbs a rung for it', async () => {
  const it = await counted()
  const end = it.rig.modem.begin({ type: 'peer-refused' })
  for (let dial = 1; dial <= 4; dial += 1) {
    await it.rig.reach('ready', 120_000)
    const app = it.rig.connect()
    app.socket.write('hello')
    await it.rig.until(() => app.end === 'rst', 'the refusal', 120_000)
    expect(it.of('dials_total', { outcome: 'peer-refused' })).toBe(dial)
    expect(it.of('faults_total', { fault: 'peer-refused' })).toBe(dial)
    expect(it.status.lastFaults).toMatchObject([{ fault: 'peer-refused', times: dial }])
  }
  await it.rig.reach('ready', 120_000)
  expect(it.of('rungs_total', { rung: 'shut-context' })).toBe(it.rig.told('rung').length)
  expect(it.rig.told('rung').length).toBeGreaterThan(0)
  expect(it.of('dials_total', { outcome: 'connected' })).toBe(0)
  end()
})

test('a night without the device is counted attempt by attempt, although it is told once a minute', async () => {
  const it = await counted()
  it.rig.modem.begin({ type: 'line-unplugged' })
  await it.rig.pass(30 * 60_000)
  const told = it.rig.told('recovering').length
  expect(it.of('faults_total', { fault: 'line-missing' })).toBeGreaterThan(3 * told)
  expect(it.of('rungs_total', { rung: 'reopen-line' })).toBeGreaterThan(3 * told)
  expect(it.of('link_usable')).toBe(0)
  expect(it.of('recovery_attempt')).toBe(it.status.ladder.attempt)
})

test('a modem that restarts by itself in a session: one restart, one fault, one broken session', async () => {
  const it = await counted({ lines: true })
  const app = await it.session('hello')
  it.rig.modem.begin({ type: 'reboot' })
  await it.rig.until(() => app.end === 'rst', 'the end', 60_000)
  await it.rig.reach('ready', 120_000)
  expect(it.of('modem_restarts_total', { by: 'itself' })).toBe(1)
  expect(it.of('faults_total', { fault: 'modem-rebooted' })).toBe(1)
  expect(it.status.lastFaults).toMatchObject([{ fault: 'modem-rebooted', times: 1 }])
  expect(it.of('sessions_total', { outcome: 'broken' })).toBe(1)
})

test('what the peer had not acknowledged at the hang-up is added up', async () => {
  const it = await counted({ knobs: { ackDelay: 3_600_000 } })
  const app = await it.session('hello')
  app.socket.end()
  await it.rig.until(() => app.end !== 'open', 'the end', 120_000)
  expect(it.of('unacked_bytes_total', { route: 'broker' })).toBe(5)
  expect(it.of('unacked_bytes_total')).toBe(it.status.routes[0]?.unacked)
})

test('what is spent of limits is there only where there are limits', async () => {
  const it = await counted({ config: { limits: { bytesPerDay: '1MB' } } })
  await it.session('hello')
  await it.rig.pass(2_000)
  expect(it.of('budget_bytes', { period: 'day' })).toBe(it.status.budget?.bytesToday)
  expect(it.of('budget_bytes_limit', { period: 'day' })).toBe(1_000_000)
  expect([...readMetrics(it.text).keys()]).not.toContain('cipbridge_budget_dials_limit')
})

test('every series is there from the start, and the number of them does not grow', async () => {
  const it = await counted()
  const series = (): number => [...readMetrics(it.text).values()].reduce((sum, { samples }) => sum + samples.length, 0)
  const before = series()
  for (const type of ['reboot', 'context-lost', 'carrier-drops'] as const) {
    await it.session('hello')
    it.rig.modem.begin({ type })
    await it.rig.until(() => it.rig.link.state !== 'online', 'the end', 60_000)
    await it.rig.reach('ready', 600_000)
  }
  expect(series()).toBe(before)
  expect(before).toBeLessThan(150)
})
