import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { statusCommand } from '../../src/cli/status.ts'
import { statusScreen } from '../../src/cli/status-screen.ts'
import type { Status } from '../../src/daemon/status.ts'
import { liveDaemon, temporaryFolder } from '../daemon/live-daemon.ts'
import { spoken } from '../daemon/verbs.ts'

const GOOD: Status = {
  state: 'online',
  usable: true,
  notice: null,
  since: '2025-06-01T10:00:00.000Z',
  reason: null,
  fault: null,
  hint: null,
  nextTry: null,
  modem: { model: 'SIMCOM_SIM800L', firmware: '1418B05SIM800L24', asleep: false },
  network: { rssi: 17, dbm: -80, operator: 'CHINA MOBILE', registration: 'home' },
  context: { address: '10.64.0.3' },
  routes: [
    {
      name: 'broker',
      listen: '127.0.0.1:1883',
      to: 'tcp://broker.example.com:1883',
      holder: 3,
      waiting: 0,
      refused: 0,
      standing: null,
      heartbeats: null,
      dropped: null,
      bytesUp: 1234,
      bytesDown: 5_600_000,
      unacked: 0,
    },
  ],
  queue: [],
  ladder: { rung: null, attempt: 0 },
  budget: null,
  lastFaults: [],
  window: { lastMs: null },
  inbound: null,
  guard: { plusesHeld: 0 },
}

const withoutTimes = (screen: string): string => screen.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')

test('a link that works is one short screen', () => {
  const screen = statusScreen(GOOD, Date.parse(GOOD.since) + 300_000)
  expect(withoutTimes(screen)).toBe(`link      usable: online since TIME (5 min)
modem     SIMCOM_SIM800L, 1418B05SIM800L24
network   ▂▄▆_ -80 dBm (17 of 31), CHINA MOBILE, home
address   10.64.0.3

ROUTE   CARRIER    WAITING  UP      DOWN     UNACKED
broker  session 3  0        1234 B  5600 kB  0 B
  127.0.0.1:1883 → broker.example.com:1883
`)
  const wide = statusScreen(GOOD, Date.parse(GOOD.since), { columns: 100, colours: false })
  expect(wide).toContain('UNACKED  LISTENS AT → LEADS TO\nbroker  session 3')
})

test('who may call, and whether somebody does, is one line', () => {
  const inbound = { name: 'ssh', to: '127.0.0.1:22', modemPort: 2222, bytesUp: 10, bytesDown: 2000, unacked: 0 }
  const lineOf = (holder: number | null, listening: boolean): string | undefined =>
    statusScreen({ ...GOOD, inbound: { ...inbound, holder, listening } }, Date.parse(GOOD.since))
      .split('\n')
      .find((line) => line.startsWith('calls'))
  const way = 'calls     2222 → 127.0.0.1:22 (ssh): '
  expect(lineOf(null, true)).toBe(`${way}the modem listens, 10 B up, 2000 B down`)
  expect(lineOf(null, false)).toBe(`${way}not now, 10 B up, 2000 B down`)
  expect(lineOf(4, false)).toBe(`${way}session 4, 10 B up, 2000 B down`)
  expect(statusScreen(GOOD, Date.parse(GOOD.since))).not.toContain('calls')
})

const BAD: Status = {
  ...GOOD,
  state: 'recovering',
  usable: false,
  reason: 'there is no SIM card in the modem, and this is told in so many words that they need more than one line',
  fault: 'sim-missing',
  hint: 'insert the SIM card and check its holder',
  nextTry: '2025-06-01T10:05:00.000Z',
  ladder: { rung: 'cycle-radio', attempt: 4 },
  modem: { model: null, firmware: null, asleep: false },
  network: { rssi: null, dbm: null, operator: null, registration: null },
  context: { address: null },
  budget: {
    dialsThisHour: 3,
    dialsPerHour: 20,
    bytesToday: 1_500_000,
    bytesPerDay: 20_000_000,
    bytesThisMonth: 5,
    bytesPerMonth: null,
  },
  lastFaults: [
    { time: '2025-06-01T10:00:00.000Z', fault: 'sim-missing', message: 'no SIM', rung: 'cycle-radio', times: 4 },
    { time: '2025-06-01T09:00:00.000Z', fault: 'peer-refused', message: 'x'.repeat(99), rung: 'redial', times: 1 },
  ],
}

test('one that does not says why, what to do, when it goes on, what is spent and what went wrong before', () => {
  const lines = withoutTimes(statusScreen(BAD, Date.parse(BAD.since))).split('\n')
  expect(lines.slice(0, 11)).toEqual([
    'link      NOT USABLE: recovering since TIME (0 s)',
    'why       there is no SIM card in the modem, and this is told in so many words',
    '          that they need more than one line',
    'mend      insert the SIM card and check its holder',
    'recovery  cycle-radio, failure 4 in a row',
    'next try  TIME (in 5 min)',
    'modem     not known yet',
    'network   not known yet',
    'address   none',
    'budget    3 of 20 dials this hour, 1500 kB of 20 MB today',
    '',
  ])
  expect(lines.slice(16, 18)).toEqual([
    '  TIME  sim-missing: no SIM (4 times) → cycle-radio',
    expect.stringMatching(/^ {2}TIME {2}peer-refused: x+… → redial$/),
  ])
})

test('colours change nothing but the colours, and no line is wider than the terminal', () => {
  for (const status of [GOOD, BAD]) {
    for (const columns of [60, 80, 132]) {
      const plain = statusScreen(status, Date.parse(GOOD.since), { columns, colours: false })
      const painted = statusScreen(status, Date.parse(GOOD.since), { columns, colours: true })
      expect(plain).not.toContain('\x1b')
      expect(painted).toContain('\x1b[')
      expect(stripVTControlCharacters(painted)).toBe(plain)
      for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(columns)
    }
  }
})

test('P10 the exit code says whether the link is usable', async () => {
  const socket = join(temporaryFolder(), 'no.sock')
  expect(await spoken(statusCommand, 'status', '--socket', socket)).toMatchObject({ stdout: '', code: 69 })
  const locked = await liveDaemon({ config: { recovery: { firstPause: '1h', maxPause: '1h' } } })
  locked.modem.begin({ type: 'sim-puk' })
  await locked.told(({ fault }) => fault === 'sim-locked')
  const down = await spoken(statusCommand, 'status', '--socket', locked.socket)
  expect(down.code).toBe(75)
  expect(down.stdout).toMatch(/NOT USABLE[^]*why {7}the SIM asks for SIM PUK: a person has to unlock it\n/)
  const live = await liveDaemon()
  await live.usable()
  const json = await spoken(statusCommand, 'status', '--json', '--socket', live.socket)
  expect(json.code).toBe(0)
  expect(JSON.parse(json.stdout)).toMatchObject({ state: 'ready', usable: true })
  const screen = await spoken(statusCommand, 'status', '--socket', live.socket)
  expect(screen.stdout).toContain('usable: ready since ')
})
