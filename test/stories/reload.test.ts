/** Other settings for a link that runs: when they are taken, and what becomes of a session. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Config, configFrom } from '../../src/config/schema.ts'
import { CONFIG, type Rig, rig, type Witness } from '../support/rig.ts'

const withApn = (apn: string): Config => configFrom({ ...CONFIG, context: { apn } })

/** Commands that were said, of the kinds that tell of a context. */
const contextCommands = ({ log }: Rig): string[] =>
  log.flatMap((line) => /» AT\+(CIPSHUT|CSTT="[^"]*")/.exec(line.replaceAll('\\"', '"'))?.[1] ?? [])

async function session(r: Rig): Promise<Witness> {
  await r.until(() => r.link.usable, 'the link')
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.peers.length > 0 && r.peer.text === 'hello', 'the session')
  return app
}

test('P11 settings of the link wait for the session under way, which does not notice', async () => {
  const r = await rig()
  const app = await session(r)
  const said = r.log.length
  r.link.reconfigure(withApn('other.apn'))
  await r.pass(60_000)
  expect(r.link.pending).toBe(true)
  expect(r.log.slice(said).filter((line) => line.includes('» AT'))).toEqual([])
  app.socket.write(' again')
  r.peer.socket.write('answer')
  await r.until(() => r.peer.text === 'hello again' && app.text === 'answer', 'bytes both ways')

  app.socket.end()
  await r.until(() => r.peer.end === 'fin', 'the end in order')
  await r.until(() => contextCommands(r).includes('CSTT="other.apn"'), 'the new access point')
  await r.reach('ready')
  expect(r.link.pending).toBe(false)
  expect(contextCommands(r)).toEqual(['CSTT="internet"', 'CIPSHUT', 'CSTT="other.apn"'])
  await session(r)
})

test('without a session they are taken at once, and clients are let in again afterwards', async () => {
  const r = await rig()
  await r.reach('ready')
  r.link.reconfigure(withApn('other.apn'))
  await r.until(() => !r.link.usable, 'the link taken down')
  await r.until(() => r.link.usable, 'the link up again')
  expect(contextCommands(r)).toEqual(['CSTT="internet"', 'CIPSHUT', 'CSTT="other.apn"'])
  await session(r)
})

test('they end a long pause of recovery: a person has mended the configuration', async () => {
  const r = await rig({ config: { context: { apn: 'wrong' }, recovery: { firstPause: '1h', maxPause: '1h' } } })
  r.modem.power.off()
  await r.until(() => r.told('recovering').length > 3, 'the pause', 24 * 3_600_000)
  r.modem.power.boot()
  await r.pass(30_000)
  expect(r.link.state).toBe('recovering')
  r.link.reconfigure(withApn('internet'))
  await r.reach('ready', 60_000)
})

test('settings that were taken back before the session ended change nothing', async () => {
  const r = await rig()
  const app = await session(r)
  r.link.reconfigure(withApn('other.apn'))
  r.link.reconfigure(r.config)
  expect(r.link.pending).toBe(false)
  app.socket.end()
  await r.reach('ready')
  await r.pass(60_000)
  expect(r.walked.map(([, , to]) => to)).not.toContain('stopping')
})

test('an order to stop in the middle of it is the last word', async () => {
  const r = await rig()
  const app = await session(r)
  r.link.reconfigure(withApn('other.apn'))
  app.socket.end()
  r.link.on('transition', (_from, _event, to) => {
    if (to === 'stopping') r.link.stop()
  })
  await r.until(() => r.link.state === 'stopped', 'the stop')
  await r.pass(60_000)
  expect(r.link.state).toBe('stopped')
})

test('a restart with another access point does not take over the context of the one before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cipbridge-context-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const first = await rig({ config: { state: { folder } } })
  await first.reach('ready')
  await first.kill()
  const same = await rig({ modem: first.modem, config: { state: { folder } } })
  await same.reach('ready')
  expect(contextCommands(same)).toEqual([])
  await same.kill()
  const other = await rig({ modem: first.modem, config: { state: { folder }, context: { apn: 'other.apn' } } })
  await other.reach('ready')
  expect(contextCommands(other)).toEqual(['CIPSHUT', 'CSTT="other.apn"'])
})

const ALWAYS = { ...CONFIG.routes[0]!, open: 'always' as const }

test('a carrier that stands by makes way for new settings, and comes up again with them', async () => {
  const r = await rig({ config: { routes: [ALWAYS] } })
  await r.until(() => r.told('standing').length === 1, 'the carrier')
  r.link.reconfigure(configFrom({ ...CONFIG, routes: [ALWAYS], context: { apn: 'other.apn' } }))
  r.bridge.makeWay()
  await r.until(() => r.told('standing').length === 2, 'the carrier again')
  expect(contextCommands(r)).toEqual(['CSTT="internet"', 'CIPSHUT', 'CSTT="other.apn"'])
  expect(r.peers.map(({ end }) => end)).toEqual(['fin', 'open'])
})

test('a carrier that stands by goes over to another peer when its client has gone, one that is no longer wanted goes', async () => {
  const r = await rig({ config: { routes: [ALWAYS] } })
  await r.until(() => r.told('standing').length === 1, 'the carrier')
  const app = await session(r)
  r.bridge.adopt(configFrom({ ...CONFIG, routes: [{ ...ALWAYS, to: 'tcp://new.example.com:1' }] }).routes)
  app.socket.write(' again')
  await r.until(() => r.peer.text === 'hello again', 'the session as it was')
  app.socket.end()
  await r.until(() => r.dialled.includes('new.example.com:1'), 'the new peer')
  await r.until(() => r.told('standing').length === 2, 'the new carrier')
  expect(r.peers.map(({ end }) => end)).toEqual(['fin', 'open'])

  r.bridge.adopt(configFrom(CONFIG).routes)
  await r.until(() => r.peer.end === 'fin', 'the end of the standby')
  await r.pass(600_000)
  expect(r.dialled).toHaveLength(2)
})
