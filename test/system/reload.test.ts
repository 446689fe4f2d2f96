/** SIGHUP, as `systemctl reload` sends it, to the built program. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasNative } from '../../src/core/native.ts'
import { Stage } from '../support/built-program-stage.ts'
import { NotifySocket } from '../support/notify-socket.ts'
import { connectTo, freePort } from '../support/real-peer.ts'

test.skipIf(!hasNative())(
  'P10 a reload with a bad file changes nothing and names every problem, one with a good file adds a route; the session goes on',
  async () => {
    await using s = await Stage.set()
    using manager = new NotifySocket(join(s.folder, 'notify'))
    await s.startModem()
    s.startDaemon({ env: { NOTIFY_SOCKET: join(s.folder, 'notify') } })
    await s.ready()
    const app = s.connect()
    app.socket.write('one')
    await s.until(() => s.peer.conversations[0]?.text === 'one', 'the session')

    const good = readFileSync(s.configFile, 'utf8')
    writeFileSync(s.configFile, 'lines: {}\ncontext: { apn: internet }\nroutes: [{ name: "?", listen: 127.0.0.1:1 }]\n')
    s.daemon.kill('SIGHUP')
    await s.until(() => manager.values('READY').length === 2, 'the end of the reload')
    const refused = s.daemon.told('reload')
    expect(refused.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      expect.stringContaining(`error nothing has changed: ${s.configFile}:1:1 lines: `),
      expect.stringContaining(`error nothing has changed: ${s.configFile}:3:10 routes[0].to: `),
      expect.stringContaining(`error nothing has changed: ${s.configFile}:3:18 routes[0].name: `),
    ])
    expect(manager.value('STATUS')).toContain(`| reload refused: ${s.configFile}:1:1 lines: `)
    expect(manager.value('STATUS')).toContain('(and 2 more, see the log)')
    const reloading = manager.heard.find((message) => message.startsWith('RELOADING=1'))
    expect(reloading).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/)
    app.socket.write(' two')
    await s.until(() => s.peer.conversations[0]?.text === 'one two', 'the session after a bad file')

    const port = await freePort()
    const config = JSON.parse(good) as { routes: object[] }
    config.routes.push({ name: 'second', listen: `127.0.0.1:${port}`, to: `tcp://127.0.0.1:${s.peer.port}` })
    writeFileSync(s.configFile, JSON.stringify(config))
    s.daemon.kill('SIGHUP')
    await s.until(() => manager.values('READY').length === 3, 'the second reload')
    expect(s.daemon.told('reload').at(-1)).toMatchObject({ level: 'info', msg: 'routes: + second' })
    expect(manager.value('STATUS')).not.toContain('refused')
    app.socket.write(' three')
    await s.until(() => s.peer.conversations[0]?.text === 'one two three', 'the session after a good file')
    app.socket.end()
    await s.sessionsOver(1)
    const second = connectTo(port)
    second.socket.write('four')
    await s.until(() => s.peer.conversations[1]?.text === 'four', 'a session of the new route')
    second.socket.end()
    await s.sessionsOver(2)
  },
  60_000,
)
