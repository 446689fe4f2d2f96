/** Every point on which the manuals contradict each other or are silent is a knob: the daemon is right on all sides. */
import { describe, expect, test } from 'vitest'
import { KNOBS, type Knobs } from '../../src/virtual-modem/knobs.ts'
import { type Rig, rig } from '../support/rig.ts'

/** Sides on which nobody could be right, and why. */
const HOPELESS: Partial<Record<keyof Knobs, readonly unknown[]>> = {
  start: ['off'],
  // What the modem throws away while it is escaped, or adds to the stream, is nowhere to be had again.
  escapedData: ['lost'],
  plusLeaks: [true],
}

const sides = Object.entries(KNOBS).flatMap(([name, knob]) =>
  (knob.others as readonly unknown[])
    .filter((value) => !(HOPELESS[name as keyof Knobs] ?? []).includes(value))
    .map((value) => ({ name: name as keyof Knobs, value })),
)

describe.each([
  { wires: 'with modem lines', lines: true },
  { wires: 'without modem lines', lines: false },
])('a life of the link $wires', ({ lines }) => {
  test.each(sides)('P1 P2 is exact and honest with $name = $value', async ({ name, value }) => {
    const r = await rig({ lines, knobs: { [name]: value } })
    await r.reach('ready', 300_000)
    await aSessionThatThePeerEnds(r)
    await r.reach('ready', 300_000)
    await aSessionThatTheAppEnds(r)
    await r.reach('ready', 300_000)
    expect(r.modem.record.stray).toEqual([])
    expect(r.modem.record.callsAnswered).toBe(0)
  })
})

async function aSessionThatThePeerEnds(r: Rig): Promise<void> {
  const app = r.connect()
  app.socket.write('up\r\nOK\r\n')
  await r.until(() => r.peers.at(-1)?.text === 'up\r\nOK\r\n', 'the way up')
  const { peer } = r
  peer.socket.write('down\r\nOK\r\n')
  await r.until(() => app.text === 'down\r\nOK\r\n', 'the way down')
  const asked = r.link.ask('AT+CSQ')
  await r.until(() => r.told('resumed').length > 0, 'the window')
  expect((await asked).lines.map((line) => line.trimEnd().replace(': ', ':'))).toEqual(['+CSQ:17,0'])
  app.socket.write('more')
  await r.until(() => peer.text === 'up\r\nOK\r\nmore', 'the way up after the window')
  peer.socket.end('the end\r\n')
  // Without a word and without a wire it takes the proof after `probeAfter`.
  await r.until(() => app.end !== 'open', 'the end', 400_000)
  expect(app.text).toBe('down\r\nOK\r\nthe end\r\n')
  expect(app.end).toBe('fin')
}

async function aSessionThatTheAppEnds(r: Rig): Promise<void> {
  const app = r.connect()
  app.socket.end('300 bytes')
  await r.until(() => app.end !== 'open', 'the hang-up')
  expect(r.peer.text).toBe('300 bytes')
  expect(r.told('hung-up').at(-1)?.unacked).toBe(0)
}
