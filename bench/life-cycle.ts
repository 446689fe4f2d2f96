/** From the start of the process to listening, to CONNECT, and from session to session, beside a modem that takes no time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { now, sleep } from '../src/core/time.ts'
import { type Daemon, listening, online, startDaemon, until } from './bridges.ts'
import { connectTcp, Poll, READABLE, readSome } from './descriptors.ts'
import type { Effort } from './effort.ts'
import { rssMib } from './process-cost.ts'
import { median, type Results, record } from './results.ts'

const BYTE = Buffer.from('a')
const ROUTES = 100
const WAITING = 50

export async function lifeCycle(results: Results, effort: Effort): Promise<void> {
  const note = (row: string, value: number): void => record(results, row, 'cipbridge', value)
  for (let round = 0; round < effort.rounds; round += 1) {
    note('start', await startUp())
    record(results, 'start', 'bare node', await bareNode())
  }
  await using daemon = await startDaemon(115_200)
  await listening(daemon)
  const { modem, yardstick } = daemon
  for (let session = 1; session <= Math.min(5, effort.rounds); session += 1) {
    const since = now()
    const own = modem.times.own
    await online(daemon)
    if (session === 1) note('start-connect', own)
    // What the modem takes is nothing: from connecting to the first byte at its other end is all ours.
    const opened = now() - since + yardstick.delay('up', BYTE) / 1000
    note('dial', opened)
    yardstick.disconnect()
    await hangUp(daemon, session)
    note('session', now() - since)
  }
}

/** Plays the modem until the session is over: the escape, and what is asked after it. */
async function hangUp(daemon: Daemon, session: number): Promise<void> {
  const { modem } = daemon
  const input = Buffer.alloc(64)
  const poll = new Poll([modem.fd, READABLE])
  await until(() => poll.wait(0), 'the escape', daemon)
  readSome(modem.fd, input)
  await sleep(modem.leaveData())
  modem.escaped()
  const over = (): boolean => daemon.log.split('"session-end"').length > session
  await until(
    () => {
      modem.serve(0)
      return over()
    },
    'the end of the session',
    daemon,
  )
}

/** Until the control socket answers: then the daemon listens to whoever wants something of it. */
async function startUp(): Promise<number> {
  const since = now()
  await using daemon = await startDaemon(115_200)
  await until(() => existsSync(join(daemon.folder, 'control.sock')), 'the control socket', daemon)
  return now() - since
}

async function bareNode(): Promise<number> {
  const since = now()
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
  await once(child, 'close')
  return now() - since
}

/** What more routes and waiting clients cost in memory. */
export async function growth(results: Results): Promise<void> {
  const resident = await Promise.all([0, ROUTES].map((routes) => residentWith(routes)))
  record(results, 'rss-routes', 'cipbridge', (resident[1] ?? 0) - (resident[0] ?? 0))
  await using daemon = await startDaemon(115_200, [], { busy: 'queue' })
  await listening(daemon)
  await online(daemon)
  const before = rssMib(daemon.pid)
  const clients = Array.from({ length: WAITING }, () => connectTcp(daemon.port))
  if (clients.includes(undefined)) throw new Error('a client was not let in')
  await sleep(1000)
  record(results, 'rss-queue', 'cipbridge', rssMib(daemon.pid) - before)
}

async function residentWith(routes: number): Promise<number> {
  await using daemon = await startDaemon(115_200, [], {}, routes)
  await listening(daemon)
  const found: number[] = []
  for (let look = 0; look < 5; look += 1) {
    await sleep(200)
    found.push(rssMib(daemon.pid))
  }
  return median(found)
}
