/** The SIM's PIN: what a wrong step costs here is a SIM that only its owner can unlock. */
import { expect, test } from 'vitest'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

async function locked(pin: string | undefined, attempts: number, options: RigOptions = {}): Promise<Rig> {
  const r = await rig({ ...options, config: pin === undefined ? {} : { modem: { pin } }, knobs: { start: 'booting' } })
  r.modem.sim.pin = '1234'
  r.modem.sim.attempts = attempts
  return r
}

async function refused(r: Rig): Promise<string> {
  await r.until(() => r.told('recovering').some(({ fault }) => fault === 'sim-locked'), 'sim-locked')
  const event = r.told('recovering').find(({ fault }) => fault === 'sim-locked')
  expect(event?.hint).toContain('modem.pin')
  return event?.message ?? ''
}

test('P8 the right PIN opens the SIM, and no log line shows it', async () => {
  const r = await locked('1234', 3)
  await r.reach('ready')
  expect(r.modem.record.pinAttempts).toHaveLength(1)
  expect(r.log.join('')).not.toContain('1234')
})

test('P8 a wrong PIN costs one attempt, once, however long the night is', async () => {
  const r = await locked('4321', 3)
  expect(await refused(r)).toContain('refuses')
  await r.pass(3_600_000)
  expect(r.modem.record.pinAttempts).toHaveLength(1)
  expect(r.modem.sim.attempts).toBe(2)
  expect(r.link.usable).toBe(false)
})

test('P8 with one attempt left none is made, and it is said why', async () => {
  const r = await locked('1234', 1)
  expect(await refused(r)).toContain('1 PIN attempts are left')
  await r.pass(3_600_000)
  expect(r.modem.record.pinAttempts).toEqual([])
})

test('P8 a SIM that asks for its PUK is left alone', async () => {
  const r = await locked('1234', 0)
  expect(await refused(r)).toContain('SIM PUK')
  await r.pass(3_600_000)
  expect(r.modem.record.pinAttempts).toEqual([])
  expect(r.modem.sim.pukAttempts).toBe(10)
})

test('P7 P8 a PIN that is missing in the configuration is said to be, and a SIM without one is used at once', async () => {
  const r = await locked(undefined, 3)
  expect(await refused(r)).toContain('modem.pin is not set')
  expect(r.modem.record.pinAttempts).toEqual([])
  r.modem.sim.lock('', 3)
  await r.until(() => r.link.usable, 'usable', 400_000)
})
