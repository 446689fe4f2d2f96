/** The doctor beside a running daemon: it asks over the control socket and leaves the port alone. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { doctorCommand } from '../../../src/cli/doctor.ts'
import { freePort, type LiveDaemon, liveDaemon, temporaryFolder } from '../../daemon/live-daemon.ts'
import { spoken } from '../../daemon/verbs.ts'

interface Diagnosis {
  readonly version: number
  readonly exitCode: number
  readonly findings: readonly Finding[]
}

/** `doctor --json` with the configuration of this daemon. */
function doctor(live: LiveDaemon, ...words: string[]): Promise<Diagnosis> {
  return doctorFor(live, { name: 'broker', listen: `127.0.0.1:${live.door}`, to: 'tcp://127.0.0.1:9' }, ...words)
}

async function doctorFor(live: LiveDaemon, route: object, ...words: string[]): Promise<Diagnosis> {
  const folder = temporaryFolder()
  const config = {
    line: { device: 'virtual' },
    context: { apn: 'internet' },
    routes: [route],
    control: { socket: live.socket },
    state: { folder },
  }
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'c.yaml')
  writeFileSync(file, JSON.stringify(config))
  const { stdout, code } = await spoken(doctorCommand, 'doctor', '--config', file, '--json', ...words)
  const diagnosis = JSON.parse(stdout) as Diagnosis
  expect(code).toBe(diagnosis.exitCode)
  return diagnosis
}

const one = ({ findings }: Diagnosis, check: string): Finding | undefined =>
  findings.find((each) => each.check === check)

/** The commands that the modem was given since. */
const asked = (live: LiveDaemon, since: number): string[] =>
  live.log.slice(since).flatMap((line) => {
    const { msg } = JSON.parse(line) as { msg: string }
    return msg.startsWith('» ') ? [msg.slice(2)] : []
  })

test('a daemon without a session is asked for everything, and nothing is set', async () => {
  const live = await liveDaemon()
  await live.usable()
  const since = live.log.length
  const diagnosis = await doctor(live)
  expect(diagnosis).toMatchObject({ version: 1, exitCode: 0 })
  expect(one(diagnosis, 'daemon')).toMatchObject({ verdict: 'good', value: 'ready' })
  expect(one(diagnosis, 'model')?.value).toBe('SIMCOM_SIM800L')
  expect(one(diagnosis, 'context')?.message).toMatch(/^up, address 10\./)
  expect(one(diagnosis, 'route')?.verdict).toBe('good')
  expect(diagnosis.findings.find(({ group, check }) => group === 'supply' && check === 'modem')?.value).toBe(4012)
  expect(asked(live, since).filter((command) => /=[^?]/.test(command))).toEqual([])
})

test('P11 a live session is not paused unless that is asked for, and then once', async () => {
  const live = await liveDaemon({ peer: (socket) => void socket.pipe(socket) })
  await live.usable()
  const app = live.app()
  app.write('ping')
  await once(app, 'data')
  const since = live.log.length
  const quiet = await doctor(live)
  expect(quiet.exitCode).toBe(0)
  expect(one(quiet, 'now')).toMatchObject({ verdict: 'unchecked', mend: '--in-session asks anyway' })
  expect(one(quiet, 'registration')?.verdict).toBe('good')
  expect(one(quiet, 'context')?.verdict).toBe('good')
  expect(one(quiet, 'route')?.message).toContain('session 1 has the carrier (4 B up, 4 B down so far)')
  expect(asked(live, since)).toEqual([])
  const inside = await doctor(live, '--in-session')
  expect(inside.exitCode).toBe(0)
  expect(one(inside, 'SIM')?.value).toBe('READY')
  expect(asked(live, since).filter((command) => command === 'ATO')).toHaveLength(1)
  app.write('pong')
  const [echoed] = (await once(app, 'data')) as [Buffer]
  expect(echoed.toString()).toBe('pong')
  app.destroy()
})

test('a daemon that cannot work says why, with its fault, its mend and its exit code', async () => {
  const live = await liveDaemon({ config: { recovery: { firstPause: '1h', maxPause: '1h' } } })
  live.modem.begin({ type: 'sim-puk' })
  await live.told(({ fault }) => fault === 'sim-locked')
  const diagnosis = await doctor(live)
  expect(diagnosis.exitCode).toBe(78)
  expect(one(diagnosis, 'daemon')).toMatchObject({ verdict: 'bad', fault: 'sim-locked' })
  expect(one(diagnosis, 'daemon')?.mend).toContain('unlock it in a phone')
  expect(one(diagnosis, 'answer')?.message).toContain('the daemon cannot ask it now: the SIM asks for SIM PUK')
  expect(one(diagnosis, 'route')?.verdict).toBe('unchecked')
})

test('--dial goes through the daemon as a client of each route', async () => {
  const live = await liveDaemon()
  await live.usable()
  const diagnosis = await doctor(live, '--dial')
  expect(one(diagnosis, 'dial')?.message).toMatch(/^broker: .* answered within \d+ ms$/)
  expect(diagnosis.exitCode).toBe(0)
  live.modem.begin({ type: 'peer-refused' })
  const refused = await doctor(live, '--dial')
  expect(one(refused, 'dial')).toMatchObject({ verdict: 'bad', fault: 'peer-refused' })
  expect(refused.exitCode).toBe(75)
})

test('--dial sends no datagram into a route over UDP: the server would get it', async () => {
  const route = { name: 'dns', listen: `udp://127.0.0.1:${await freePort()}`, to: 'udp://127.0.0.1:9' }
  const live = await liveDaemon({ config: { routes: [route] } })
  await live.usable()
  const diagnosis = await doctorFor(live, route, '--dial')
  expect(one(diagnosis, 'dial')).toMatchObject({ verdict: 'unchecked' })
  expect(one(diagnosis, 'dial')?.message).toContain('only a datagram would dial')
})

test('what the daemon has seen of a weak supply is told', async () => {
  const live = await liveDaemon()
  await live.usable()
  live.modem.begin({ type: 'reboot' })
  await live.told(({ fault }) => fault === 'modem-rebooted')
  await live.event('ready')
  await live.usable()
  expect(one(await doctor(live), 'history')).toMatchObject({ verdict: 'warning', fault: 'modem-rebooted', value: 1 })
})

test('nothing of --json holds a secret, and the fields are those of the README', async () => {
  const live = await liveDaemon()
  await live.usable()
  const { findings } = await doctor(live)
  expect(JSON.stringify(findings)).not.toContain('hunter2')
  for (const finding of findings) {
    expect(Object.keys(finding)).toEqual(['group', 'check', 'verdict', 'message', 'mend', 'fault', 'value'])
  }
})
