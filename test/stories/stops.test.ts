/** A stop in the worst moment: whatever the modem is about to do, its peer reads nothing of ours, and it is left in order. */
import { expect, test } from 'vitest'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

/** The dial's own time: its OK comes after some 10 ms, its CONNECT 150 ms after that. */
const MOMENTS = [1, 3, 5, 8, 12, 40, 100, 130, 140, 144, 146, 148, 150, 152, 154, 156, 158, 160, 165]

async function dialing(options: RigOptions = {}): Promise<Rig> {
  const r = await rig(options)
  await r.reach('ready')
  r.connect()
  await r.until(() => r.told('dialing').length === 1, 'the dial')
  return r
}

async function stopped(r: Rig): Promise<void> {
  await r.stop()
  expect(r.peers.map(({ text }) => text).join('')).toBe('')
  expect(r.modem.mode).toBe('command')
  expect(r.modem.stack.state).not.toBe('CONNECT OK')
  expect(r.modem.record.earlyBytes).toBe(0)
}

test.each(MOMENTS)('P1 a stop about %i ms into a dial: no command reaches the peer', async (ms) => {
  const r = await dialing({ knobs: { readBytes: 1 } })
  await r.pass(ms)
  await stopped(r)
})

test.each([1, 30, 60, 90])('P1 a stop %i ms before a dial is taken: its OK comes first', async (ms) => {
  const r = await dialing({ knobs: { quickTime: 100 } })
  await r.pass(90 - ms)
  await stopped(r)
})

test.each([2_950, 3_000, 4_000, 60_000])('P1 P9 a stop in a dial of %i ms: no command reaches the peer', async (ms) => {
  const r = await dialing({ knobs: { connectTime: ms } })
  await r.pass(50)
  await stopped(r)
})

test('P9 a stop in a dial that fails has nothing to hang up', async () => {
  const r = await rig()
  await r.reach('ready')
  r.accept = () => Promise.resolve(false)
  r.connect()
  await r.until(() => r.told('dialing').length === 1, 'the dial')
  await r.pass(50)
  await stopped(r)
})
