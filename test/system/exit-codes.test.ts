/** Exit codes and signals: what systemd and scripts see. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { cipbridge } from '../support/built-program.ts'
import { Stage, stage } from '../support/built-program-stage.ts'
import { RealPeer } from '../support/real-peer.ts'

const BROKEN = `line:
  baudrate: 115200
context:
  apn: 'inter"net'
routes:
  - name: broker
    listen: 127.0.0.1:70000
    to: tcp://127.0.0.1:1883
    linger: 2
`

test.concurrent('P10 every problem of a configuration is told with its place, exit code 78', async () => {
  await using s = await Stage.set()
  await writeFile(s.configFile, BROKEN)
  for (const verb of ['run', 'check']) {
    const { exit, stderr, stdout } = await cipbridge(verb, '--config', s.configFile)
    expect(exit).toBe(78)
    expect(stdout).toBe('')
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toEqual([
      expect.stringMatching(`^${s.configFile}:2:3 line\\.baudrate: .*baudRate`),
      expect.stringMatching(`^${s.configFile}:4:8 context\\.apn: `),
      expect.stringMatching(`^${s.configFile}:7:13 routes\\[0\\]\\.listen: `),
      expect.stringMatching(`^${s.configFile}:9:13 routes\\[0\\]\\.linger: .*2`),
    ])
  }
}, 60_000)

test.concurrent('an unknown verb is a mistake of usage, exit code 64', async () => {
  const { exit, stderr } = await cipbridge('runn')
  expect(exit).toBe(64)
  expect(stderr).toContain('run')
}, 60_000)

test.concurrent('P10 an address that another program has ends the start with the reason and exit code 69: systemd tries again', async () => {
  await using s = await Stage.set()
  const other = await RealPeer.listen(undefined, s.port())
  try {
    s.startDaemon()
    expect(await s.daemon.over()).toBe(69)
  } finally {
    await other.close()
  }
  expect(s.daemon.told('start')[0]).toMatchObject({
    level: 'error',
    fault: 'config-invalid',
    msg: expect.stringContaining('EADDRINUSE') as string,
  })
}, 60_000)

test.concurrent('SIGTERM in a live session hangs up in order, exit code 0', async () => {
  await using s = await stage()
  const app = s.connect()
  app.socket.write('still here')
  await s.until(() => s.peer.conversations[0]?.text === 'still here', 'the session')
  s.daemon.kill('SIGTERM')
  expect(await s.daemon.over(15_000)).toBe(0)
  await s.until(() => s.peer.latest.end !== 'open' && app.end !== 'open', 'the ends')
  expect(s.peer.latest.end).toBe('fin')
  expect(s.peer.latest.text).toBe('still here')
  // Not the peer's end: the client must not take it for one.
  expect(app.end).toBe('rst')
}, 60_000)

test.concurrent('a second SIGTERM does not wait for the hang-up', async () => {
  await using s = await stage()
  const app = s.connect()
  app.socket.write('still here')
  await s.until(() => s.peer.conversations[0]?.text === 'still here', 'the session')
  s.daemon.kill('SIGTERM')
  await s.until(() => s.daemon.told('stopping').length > 0, 'the first signal')
  s.daemon.kill('SIGTERM')
  expect(await s.daemon.over(15_000)).toBe(75)
  expect(s.daemon.told('session-end')).toEqual([])
  expect(s.peer.latest.end).toBe('open')
}, 60_000)

test.concurrent('SIGTERM does not wait for a client that keeps its half open after the end of the session', async () => {
  await using s = await stage()
  const app = s.connect()
  app.socket.write('bye?')
  await s.until(() => s.peer.conversations[0]?.text === 'bye?', 'the session')
  s.peer.latest.socket.end('bye')
  await s.sessionsOver(1)
  await s.until(() => app.end !== 'open', 'the end')
  s.daemon.kill('SIGTERM')
  expect(await s.daemon.over(15_000)).toBe(0)
}, 60_000)

test.concurrent('SIGTERM while the program is only about to start is an end in order, exit code 0', async () => {
  await using s = await Stage.set()
  const config = await readFile(s.configFile)
  await rm(s.configFile)
  // It cannot go on before its configuration is written.
  execFileSync('mkfifo', [s.configFile])
  s.startDaemon()
  let pipe: number | undefined
  await s.until(() => (pipe ??= writerOf(s.configFile)) !== undefined, 'a program that reads its configuration')
  s.daemon.kill('SIGTERM')
  if (pipe === undefined) throw new Error('nobody reads')
  try {
    writeFileSync(pipe, config)
  } finally {
    closeSync(pipe)
  }
  expect(await s.daemon.over()).toBe(0)
  expect(s.daemon.told('ready')).toEqual([])
}, 60_000)

/** The end of a pipe to write to; undefined while nobody reads it. */
function writerOf(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}
