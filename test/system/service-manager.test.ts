/** What systemd hears of the built program: a socket of the test stands for the service manager's. */
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasNative } from '../../src/core/native.ts'
import { cipbridge } from '../support/built-program.ts'
import { Stage } from '../support/built-program-stage.ts'
import { NotifySocket } from '../support/notify-socket.ts'

const native = test.skipIf(!hasNative())

native.concurrent(
  'P10 readiness, status, a fed watchdog and the stop are told, the status with its reasons',
  async () => {
    await using s = await Stage.set()
    using manager = new NotifySocket(join(s.folder, 'notify'))
    s.startDaemon({ env: { NOTIFY_SOCKET: join(s.folder, 'notify'), WATCHDOG_USEC: '600000' } })
    await s.until(() => manager.value('READY') === '1', 'READY without a modem')
    await s.until(() => manager.value('STATUS')?.startsWith('recovering: ') === true, 'the status without a modem')
    expect(manager.value('STATUS')).toMatch(
      /modem.*; attempt \d+, reopen-line, next try \d\d:\d\d:\d\d; plug in the adapter/,
    )
    await s.until(() => manager.values('WATCHDOG').length >= 3, 'the watchdog')

    await s.startModem()
    await s.until(() => manager.value('STATUS')?.startsWith('ready: open for clients') === true, 'the link')
    const app = s.connect()
    app.socket.write('hello')
    const online = `online: session 1 of peer to tcp://127.0.0.1:${s.peer.port}`
    await s.until(() => manager.value('STATUS')?.startsWith(online) === true, 'the session')

    s.daemon.kill('SIGTERM')
    expect(await s.daemon.over(15_000)).toBe(0)
    await s.until(() => manager.value('STOPPING') === '1', 'the stop')
    expect(manager.values('READY')).toEqual(['1'])
  },
  60_000,
)

native.concurrent(
  'a configuration that is wrong is never ready',
  async () => {
    await using s = await Stage.set()
    // Of the abstract namespace, as systemd's own was once.
    const name = `@cipbridge-test-${process.pid}`
    using manager = new NotifySocket(name)
    writeFileSync(s.configFile, '{}')
    s.startDaemon({ env: { NOTIFY_SOCKET: name } })
    expect(await s.daemon.over()).toBe(78)
    expect(manager.heard).toEqual([])
  },
  60_000,
)

native.concurrent(
  'a watchdog that is meant for another process is not fed',
  async () => {
    await using s = await Stage.set()
    const name = `@cipbridge-other-${process.pid}`
    using manager = new NotifySocket(name)
    s.startDaemon({ env: { NOTIFY_SOCKET: name, WATCHDOG_USEC: '30000', WATCHDOG_PID: '1' } })
    await s.until(() => manager.value('STATUS')?.includes('attempt 2') === true, 'some time')
    expect(manager.values('WATCHDOG')).toEqual([])
  },
  60_000,
)

test.concurrent('without koffi the words go through systemd-notify, in order', async () => {
  await using s = await Stage.set({ config: { line: { device: 'virtual' } } })
  const heard = join(s.folder, 'heard')
  writeFileSync(join(s.folder, 'systemd-notify'), `#!/bin/sh\nprintf '%s %s\\n' "$NOTIFY_SOCKET" "$*" >>${heard}\n`)
  chmodSync(join(s.folder, 'systemd-notify'), 0o755)
  // The build where no koffi is installed.
  mkdirSync(join(s.folder, 'node_modules'))
  writeFileSync(join(s.folder, 'package.json'), '{"type":"module"}')
  symlinkSync(join(process.cwd(), 'node_modules/@serialport'), join(s.folder, 'node_modules/@serialport'))
  await cipbridge('--version')
  cpSync('dist', join(s.folder, 'dist'), { recursive: true })
  s.startDaemon({
    program: join(s.folder, 'dist/main.js'),
    env: { NOTIFY_SOCKET: '/run/nowhere/notify', PATH: `${s.folder}:${process.env.PATH ?? ''}` },
  })
  await s.ready()
  s.daemon.kill('SIGTERM')
  expect(await s.daemon.over(15_000)).toBe(0)
  await s.until(() => readFileSync(heard, 'utf8').includes('STOPPING=1'), 'the last word')
  const lines = readFileSync(heard, 'utf8').split('\n')
  expect(lines[0]).toMatch('/run/nowhere/notify READY=1 STATUS=opening')
  expect(lines.findIndex((line) => line.includes('STATUS=ready'))).toBeGreaterThan(0)
}, 60_000)
