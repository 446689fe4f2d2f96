/** The watchdog is fed as long as the link gets on, and no longer. In virtual time. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { Bridge } from '../../src/bridge/bridge.ts'
import { configFrom } from '../../src/config/schema.ts'
import { Fault } from '../../src/core/fault.ts'
import { Journal } from '../../src/core/log.ts'
import type { Port } from '../../src/core/port.ts'
import { statusOf } from '../../src/daemon/status.ts'
import type { Words } from '../../src/daemon/systemd.ts'
import { Service } from '../../src/daemon/systemd-service.ts'
import { Link } from '../../src/link/link.ts'
import { CONFIG, rig } from '../support/rig.ts'

const WATCHDOG_MS = 30_000

/** What a service manager hears of a daemon. */
function watched(r: { link: Link; bridge: Bridge }): { heard: Words[]; fed: () => number; log: string[] } {
  const heard: Words[] = []
  const log: string[] = []
  const manager = { tell: (words: Words) => heard.push(words), watchdogMs: WATCHDOG_MS }
  const served = {
    link: r.link,
    get status() {
      return statusOf(r.link, r.bridge, [])
    },
  }
  new Service(manager, served, new Journal('info', 'json', (line) => log.push(line)))
  return { heard, fed: () => heard.filter(({ WATCHDOG }) => WATCHDOG === '1').length, log }
}

test('a link that is idle, busy, or waits for hours between two attempts is alive', async () => {
  const r = await rig({ config: { recovery: { maxPause: '2h' } } })
  const { fed } = watched(r)
  await r.reach('ready')
  await r.pass(20 * 60_000)
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.peers.length > 0 && r.peer.text === 'hello', 'the session')
  await r.pass(20 * 60_000)
  r.modem.power.off()
  app.socket.destroy()
  await r.pass(12 * 3_600_000)
  const expected = (12 * 3600 + 40 * 60) / (WATCHDOG_MS / 3 / 1000)
  expect(fed()).toBeGreaterThan(expected - 5)
})

test('a state machine that hangs in a call that never returns is not fed any more, and the log says where', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let release: (fault: Fault) => void = () => undefined
  const hangs = new Promise<Port>((_resolve, reject) => {
    release = reject
  })
  const link = new Link(configFrom(CONFIG), () => hangs, journal())
  const { fed, log } = watched({ link, bridge: new Bridge(configFrom(CONFIG), link, journal(), () => undefined) })
  const running = link.run()
  await vi.advanceTimersByTimeAsync(3 * 60_000)
  const before = fed()
  expect(before).toBeGreaterThan(10)
  await vi.advanceTimersByTimeAsync(60 * 60_000)
  expect(fed()).toBeLessThan(before + 10)
  expect(log).toHaveLength(1)
  expect(log[0]).toContain('\\"opening\\" does not get on')
  release(new Fault('line-gone', 'it returned after all'))
  link.stop()
  await running
})

function journal(): Journal {
  return new Journal('error', 'json', () => undefined)
}
