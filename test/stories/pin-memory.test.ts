/** A PIN is tried once, however often the daemon starts: what it remembers outlives it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { statusOf } from '../../src/daemon/status.ts'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipbridge-pin-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

const file = (): string => join(folder, 'memory.json')

/** A daemon with this PIN at a modem that has lived already, or at a new one that wants the PIN 1234. */
async function daemon(pin: string, before?: Rig, own: RigOptions = {}): Promise<Rig> {
  const config = { modem: { pin }, state: { folder } }
  if (before) return rig({ ...own, config, modem: before.modem })
  const r = await rig({ ...own, config, knobs: { start: 'booting' } })
  r.modem.sim.pin = '1234'
  return r
}

async function lockedOut(r: Rig): Promise<string> {
  await r.until(() => r.link.fault?.code === 'sim-locked', 'sim-locked')
  return r.link.fault?.message ?? ''
}

/** The memory as it was on the disk in the moment when the newest PIN was tried: what a loss of power would leave. */
function diskAtTheAttempt({ modem: { sim } }: Rig): () => string {
  const enter = sim.enter.bind(sim)
  let then = ''
  sim.enter = (pin) => {
    then = readFileSync(file(), 'utf8')
    return enter(pin)
  }
  return () => then
}

test('P8 a wrong PIN costs one attempt, once, over any number of restarts, and the status says what to do', async () => {
  const first = await daemon('4321')
  expect(await lockedOut(first)).toContain('refuses modem.pin')
  await first.stop()
  let last = first
  for (let restart = 0; restart < 5; restart += 1) {
    last = await daemon('4321', last)
    expect(await lockedOut(last)).toContain('it is not tried again until modem.pin is changed')
    await last.pass(600_000)
    await last.stop()
  }
  expect(first.modem.record.pinAttempts).toHaveLength(1)
  expect(first.modem.sim.attempts).toBe(2)
  const { reason, hint, usable } = statusOf(last.link, last.bridge, [])
  expect(usable).toBe(false)
  expect(reason).toContain(`remove ${file()} and restart`)
  expect(hint).toContain('set modem.pin to the right PIN')
})

test('P8 P7 a PIN that was changed is tried, and the daemon goes on', async () => {
  const wrong = await daemon('4321')
  await lockedOut(wrong)
  await wrong.stop()
  const right = await daemon('1234', wrong)
  await right.reach('ready')
  expect(right.modem.record.pinAttempts).toHaveLength(2)
})

test('P8 the power goes while a wrong PIN is being tried: it is not tried again', async () => {
  const first = await daemon('4321')
  const then = diskAtTheAttempt(first)
  await lockedOut(first)
  await first.stop()
  writeFileSync(file(), then())
  const second = await daemon('4321', first)
  expect(await lockedOut(second)).toContain('not tried again')
  await second.pass(3_600_000)
  expect(first.modem.record.pinAttempts).toHaveLength(1)
})

test('P6 the power goes while the right PIN is being tried: the SIM has lost no attempt, so it is tried', async () => {
  const first = await daemon('1234')
  const then = diskAtTheAttempt(first)
  await first.reach('ready')
  await first.stop()
  writeFileSync(file(), then())
  first.modem.sim.lock('1234', 3)
  const second = await daemon('1234', first)
  await second.reach('ready')
  expect(first.modem.record.pinAttempts).toHaveLength(2)
})

test('P6 the right PIN is entered at every restart', async () => {
  let last = await daemon('1234')
  await last.reach('ready')
  for (let restart = 1; restart < 4; restart += 1) {
    await last.stop()
    last.modem.sim.lock('1234', 3)
    last = await daemon('1234', last)
    await last.reach('ready')
    expect(last.modem.record.pinAttempts).toHaveLength(restart + 1)
  }
})

test('P12 neither the PIN nor its hash is in log, status or memory', async () => {
  const r = await daemon('4321')
  await lockedOut(r)
  const kept = readFileSync(file(), 'utf8')
  const { pin } = JSON.parse(kept) as { pin: { salt: string; hash: string } }
  const status = JSON.stringify(statusOf(r.link, r.bridge, []))
  for (const secret of ['4321', pin.hash, pin.salt]) expect(r.log.join('') + status).not.toContain(secret)
  expect(kept.replace(pin.hash, '').replace(pin.salt, '')).not.toContain('4321')
})

test('P8 where nothing can be written it is said once, and the PIN is tried once per process', async () => {
  writeFileSync(join(folder, 'file'), '')
  const config = { modem: { pin: '4321' }, state: { folder: join(folder, 'file') } }
  const r = await rig({ config, knobs: { start: 'booting' } })
  r.modem.sim.pin = '1234'
  await lockedOut(r)
  await r.pass(3_600_000)
  expect(r.modem.record.pinAttempts).toHaveLength(1)
  expect(r.told('memory')).toHaveLength(1)
})
