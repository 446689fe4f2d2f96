/** What the doctor finds out about a modem at a free port: the real questions, a virtual modem, virtual time. */
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { exitCodeOf, type Finding } from '../../../src/cli/doctor/finding.ts'
import type { ModemFault } from '../../../src/virtual-modem/faults.ts'
import { VirtualModem } from '../../../src/virtual-modem/virtual-modem.ts'
import { virtualPort } from '../../../src/virtual-modem/virtual-port.ts'
import { memorySocketPair } from '../../support/memory-socket.ts'
import { Rig, rig } from '../../support/rig.ts'
import { examined, modemOf } from './examined.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a good modem is asked questions only: not a setting of it changes, and nobody is dialled', async () => {
  const modem = modemOf()
  const before = JSON.stringify(modem.settings)
  const { one, those, findings } = await examined({ modem })
  expect(those('bad')).toEqual([])
  expect(exitCodeOf(findings)).toBe(0)
  expect(one('model').value).toBe('SIMCOM_SIM800L')
  expect(one('firmware').value).toBe('1418B05SIM800L24')
  expect(one('SIM').value).toBe('READY')
  expect(one('signal').value).toBe(-80)
  expect(one('registration').message).toBe('CHINA MOBILE, at home')
  expect(findings.find(({ group, check }) => group === 'supply' && check === 'modem')?.value).toBe(4012)
  expect(one('dial')).toMatchObject({ verdict: 'unchecked', message: expect.stringContaining('--dial') as string })
  expect(JSON.stringify(modem.settings)).toBe(before)
  expect(modem.wire.held).toBeFalsy()
})

test('a modem at another rate is found there, and left there', async () => {
  const modem = modemOf({ knobs: { baudRate: 9600 } })
  const { one } = await examined({ modem })
  expect(one('baud rate')).toMatchObject({ verdict: 'warning', value: 9600 })
  expect(one('baud rate').mend).toContain('run sets and saves it')
  expect(one('model').verdict).toBe('good')
  expect(modem.settings.now.ipr).toBe(9600)
})

test('a modem that says nothing is told as such; nothing that needs it is guessed', async () => {
  const modem = modemOf()
  modem.begin({ type: 'no-answer' })
  const { one, those, findings } = await examined({ modem })
  expect(one('answer')).toMatchObject({ group: 'line', verdict: 'bad', fault: 'no-answer' })
  expect(one('answer').message).toContain('at 115200 baud or any other rate')
  expect(those('unchecked').length).toBeGreaterThanOrEqual(4)
  expect(exitCodeOf(findings)).toBe(69)
})

const WITH_PIN = 'modem: { pin: "1234" }'

test.each<[string, ModemFault, string | undefined, Partial<Finding>, number]>([
  ['no SIM', { type: 'sim-missing' }, undefined, { verdict: 'bad', fault: 'sim-missing' }, 75],
  ['a PIN that nobody configured', { type: 'sim-locked' }, undefined, { verdict: 'bad', fault: 'sim-locked' }, 78],
  ['a PIN that is configured', { type: 'sim-locked' }, WITH_PIN, { verdict: 'good', value: 'SIM PIN' }, 0],
  ['one attempt left', { type: 'sim-locked', attempts: 1 }, WITH_PIN, { verdict: 'bad', fault: 'sim-locked' }, 78],
  ['a PUK', { type: 'sim-puk' }, WITH_PIN, { verdict: 'bad', fault: 'sim-locked', value: 'SIM PUK' }, 78],
])('%s is told, and no PIN is tried', async (_what, fault, more, expected, exitCode) => {
  const modem = modemOf()
  modem.begin(fault)
  const { one, findings } = await examined({ modem, ...(more !== undefined && { more }) })
  expect(one('SIM')).toMatchObject(expected)
  expect(one('attach')).toMatchObject({ verdict: 'unchecked', message: 'needs an open SIM' })
  expect(modem.record.pinAttempts).toEqual([])
  expect(exitCodeOf(findings)).toBe(exitCode)
})

test('attempts that somebody has spent are told', async () => {
  const modem = modemOf()
  modem.begin({ type: 'sim-locked', attempts: 2 })
  const { one } = await examined({ modem, more: WITH_PIN })
  expect(one('PIN attempts')).toMatchObject({ verdict: 'warning', value: 2 })
})

test.each<[string, ModemFault, string, Partial<Finding>, number]>([
  ['no network', { type: 'not-registered' }, 'registration', { verdict: 'bad', fault: 'not-registered' }, 75],
  ['a refusal', { type: 'registration-denied' }, 'registration', { verdict: 'bad', fault: 'registration-denied' }, 75],
  ['no packet service', { type: 'attach-failed' }, 'attach', { verdict: 'warning' }, 0],
])('%s is told', async (_what, fault, check, expected, exitCode) => {
  const modem = modemOf()
  modem.begin(fault)
  const { one, findings } = await examined({ modem })
  expect(one(check)).toMatchObject(expected)
  expect(exitCodeOf(findings)).toBe(exitCode)
})

test('a weak signal and a sagging supply are told with their figures', async () => {
  const modem = modemOf()
  modem.radio.rssi = 5
  modem.begin({ type: 'under-voltage' })
  const { one, findings } = await examined({ modem })
  expect(one('signal')).toMatchObject({ verdict: 'warning', message: 'weak: -104 dBm (5 of 31)' })
  expect(findings.at(-2)).toMatchObject({ group: 'supply', verdict: 'bad', fault: 'under-voltage', value: 3480 })
})

test('a CTS that is off does not keep the doctor from asking, and is told', async () => {
  const modem = modemOf()
  modem.begin({ type: 'cts-stuck' })
  const { one } = await examined({ modem, port: { lines: true } })
  expect(one('lines')).toMatchObject({ verdict: 'bad', message: expect.stringContaining('CTS off') as string })
  expect(one('lines').mend).toContain('line.flowControl: none')
  expect(one('model').verdict).toBe('good')
  const without = await examined({ modem, port: { lines: true }, line: 'device: /dev/serial0, flowControl: none' })
  expect(without.one('lines').verdict).toBe('good')
})

test('a wire that is configured and cannot be had is told', async () => {
  const { one } = await examined({ line: 'device: /dev/serial0, dcd: { chip: /dev/gpiochip0, line: 23 }' })
  expect(one('wire')).toMatchObject({ verdict: 'warning', message: 'line.dcd: there is no chip' })
})

test('a device that somebody took in the last moment is told', async () => {
  const modem = modemOf()
  modem.begin({ type: 'line-busy' })
  const { one } = await examined({ modem })
  expect(one('port')).toMatchObject({ verdict: 'bad', fault: 'line-busy' })
})

/** A daemon in the middle of a session is killed: its modem stays in data mode, and the connection lives. */
async function orphaned(lines: boolean): Promise<Rig> {
  const daemon = await rig({ lines })
  await daemon.reach('ready')
  const app = daemon.connect()
  app.socket.write('hello')
  await daemon.until(() => daemon.peers[0]?.text === 'hello', 'the greeting')
  await daemon.kill()
  return daemon
}

test('with DCD on not a byte is written', async () => {
  const { modem, peers } = await orphaned(true)
  const { one, findings } = await examined({ modem, port: { lines: true } })
  expect(one('data mode')).toMatchObject({ verdict: 'bad', message: expect.stringContaining('DCD is on') as string })
  expect(one('SIM').verdict).toBe('unchecked')
  expect(exitCodeOf(findings)).toBe(75)
  expect(peers[0]?.text).toBe('hello')
  expect(modem.mode).toBe('data')
})

test('without a DCD wire an escape comes first, and the connection goes on afterwards: no AT reaches the peer', async () => {
  const { modem, peers } = await orphaned(false)
  const { one } = await examined({ modem })
  expect(one('data mode')).toMatchObject({ verdict: 'warning' })
  expect(one('model').verdict).toBe('good')
  expect(one('context').value).toBe('CONNECT OK')
  expect(peers[0]?.text).toBe('hello')
  expect(peers[0]?.end).toBe('open')
  expect(modem.mode).toBe('data')
})

/** A modem with a network whose peers are counted. */
function dialling(accept: boolean): { readonly modem: VirtualModem; readonly dialled: string[] } {
  const dialled: string[] = []
  const dial = (host: string, port: number): Promise<Duplex> => {
    dialled.push(`${host}:${port}`)
    if (!accept) return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
    return Promise.resolve(memorySocketPair()[1])
  }
  return { modem: new VirtualModem({ network: { dial, resolve: () => Promise.resolve(['192.0.2.1']) } }), dialled }
}

test('--dial brings the context up and dials each route once', async () => {
  const { modem, dialled } = dialling(true)
  const { one, those } = await examined({ modem, order: { dial: true } })
  expect(those('bad')).toEqual([])
  expect(one('context').message).toMatch(/^up, address 10\./)
  expect(one('dial').message).toMatch(/^web: tcp:\/\/broker\.example\.com:1883 answered within \d+ ms$/)
  expect(dialled).toEqual(['broker.example.com:1883'])
  expect(modem.wire.held).toBeFalsy()
})

test('--dial tells a peer that refuses, and a context that does not come up, with their faults', async () => {
  const refused = await examined({ modem: dialling(false).modem, order: { dial: true } })
  expect(refused.one('dial')).toMatchObject({ verdict: 'bad', fault: 'peer-refused' })
  expect(exitCodeOf(refused.findings)).toBe(75)
  const { modem, dialled } = dialling(true)
  modem.begin({ type: 'context-failed' })
  const down = await examined({ modem, order: { dial: true } })
  expect(down.one('context')).toMatchObject({ verdict: 'bad', fault: 'context-failed' })
  expect(down.one('dial').verdict).toBe('unchecked')
  expect(dialled).toEqual([])
})

test('a modem in the middle of an interview that falls silent ends it with the reason', async () => {
  const modem = modemOf()
  modem.begin({ type: 'lost-result', command: '+COPS' })
  const { one } = await examined({ modem, openPort: virtualPort(modem, { lines: false }) })
  expect(one('port')).toMatchObject({ verdict: 'bad', fault: 'no-answer' })
  expect(one('port').message).toContain('AT+COPS?')
})
