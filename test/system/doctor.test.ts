/** The built program on a real pseudo-terminal: it takes the port with its lock, looks, and leaves it as it was. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { lockDevice } from '../../src/line/device-lock.ts'
import { cipbridge } from '../support/built-program.ts'
import { Stage, stage } from '../support/built-program-stage.ts'

interface Diagnosis {
  readonly exitCode: number
  readonly findings: readonly Finding[]
}

async function doctor(s: Stage, ...words: string[]): Promise<Diagnosis> {
  const { exit, stdout, stderr } = await cipbridge('doctor', '--config', s.configFile, '--json', ...words)
  expect(stderr).toBe('')
  const diagnosis = JSON.parse(stdout) as Diagnosis
  expect(exit).toBe(diagnosis.exitCode)
  return diagnosis
}

const one = ({ findings }: Diagnosis, check: string): Finding | undefined =>
  findings.find((each) => each.check === check)
const settingsOf = (path: string): string => execFileSync('stty', ['-F', path, '-g']).toString()

test.concurrent('a modem at a free port is looked at, and the tty has its settings back', async () => {
  await using s = await Stage.set()
  await s.startModem()
  const path = readlinkSync(s.device)
  // Whoever holds it open keeps the settings from being those of a fresh tty.
  const held = openSync(path, 'r+')
  execFileSync('stty', ['-F', path, '1200', '-crtscts'])
  const before = settingsOf(path)
  const diagnosis = await doctor(s)
  expect(diagnosis.exitCode).toBe(69)
  expect(one(diagnosis, 'holder')).toMatchObject({ verdict: 'bad', fault: 'line-busy' })
  closeSync(held)
  const free = await doctor(s)
  expect(free.exitCode).toBe(0)
  expect(one(free, 'model')?.value).toBe('SIMCOM_SIM800L')
  expect(settingsOf(path)).toBe(before)
}, 60_000)

test.concurrent('a port that another program has locked is not touched', async () => {
  await using s = await Stage.set()
  await s.startModem()
  const lock = lockDevice(readlinkSync(s.device))
  try {
    const diagnosis = await doctor(s)
    expect(diagnosis.exitCode).toBe(69)
    expect(one(diagnosis, 'holder')?.message).toMatch(/ is in use by .* \(pid \d+\) \[lock /)
    expect(s.modem.stdout).not.toContain('» AT')
  } finally {
    lock.release()
  }
}, 60_000)

test.concurrent('beside a live session the daemon is asked, and the session goes on', async () => {
  await using s = await stage()
  const app = s.connect()
  app.socket.write('hello')
  await s.until(() => s.peer.conversations[0]?.text === 'hello', 'the greeting')
  const diagnosis = await doctor(s, '--in-session')
  expect(diagnosis.exitCode).toBe(0)
  expect(one(diagnosis, 'holder')?.message).toContain(`pid ${s.daemon.pid}`)
  expect(one(diagnosis, 'SIM')?.value).toBe('READY')
  app.socket.write(' again')
  await s.until(() => s.peer.conversations[0]?.text === 'hello again', 'the rest')
}, 60_000)
