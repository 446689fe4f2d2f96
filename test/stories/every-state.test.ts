/** Loops over the table of states: a stop in every state, a fault in every state, and at the end every cell walked. */
import { afterAll, describe, expect, test } from 'vitest'
import {
  type ActiveState,
  LINK_EVENTS,
  LINK_STATES,
  type LinkEvent,
  type LinkState,
  next,
} from '../../src/link/states.ts'
import type { ModemFault } from '../../src/virtual-modem/faults.ts'
import { type Rig, type RigOptions, rig, type Witness } from '../support/rig.ts'

/** Every transition that a story of this file has made. */
const walked = new Set<string>()
const ACTIVE = LINK_STATES.filter((state): state is ActiveState => state !== 'stopped')
const WIRING = [
  { wires: 'with modem lines', lines: true },
  { wires: 'without modem lines', lines: false },
]

/** Slow enough that every state can be caught. */
const SLOW: NonNullable<RigOptions['knobs']> = { start: 'booting', quickTime: 100, closeTime: 3000, connectTime: 2000 }

/** Whoever connected in a story. */
const clients = new WeakMap<Rig, Witness[]>()

function client(r: Rig): Witness {
  const app = r.connect()
  clients.set(r, [...(clients.get(r) ?? []), app])
  return app
}

async function observed(options: RigOptions = {}): Promise<Rig> {
  const r = await rig({ knobs: SLOW, ...options })
  r.link.on('transition', (from, event, to) => walked.add(`${from} ${event} ${to}`))
  return r
}

/** Brings the link into a state and leaves it there. */
async function bring(r: Rig, state: LinkState): Promise<void> {
  if (['opening', 'probing', 'attaching'].includes(state)) await again(r, state)
  else await r.reach('ready', 300_000)
  if (state === 'dialing') client(r).socket.write('hello')
  if (['online', 'escaping', 'commanding', 'resuming', 'closing'].includes(state)) {
    const app = await session(r)
    if (state === 'closing') app.socket.end()
    else if (state !== 'online') r.link.ask('AT+CSQ').catch(() => undefined)
  }
  if (state === 'recovering') r.modem.begin({ type: 'reboot' })
  if (state === 'stopping') {
    await session(r)
    r.link.stop()
  }
  await fine(r, () => r.link.state === state, state)
}

/** The way up is walked anew: the line is pulled out and put back. */
async function again(r: Rig, state: LinkState): Promise<void> {
  await r.reach('ready', 300_000)
  r.modem.unplug()
  r.modem.plug()
  await fine(r, () => r.link.state === state, state)
}

/** Some states last for an instant only: they are waited for as transitions. */
async function fine(r: Rig, condition: () => boolean, what: string): Promise<void> {
  if (condition()) return
  await r.until(condition, what, 300_000)
}

async function session(r: Rig): Promise<Witness> {
  const app = client(r)
  const before = r.peers.length
  app.socket.write('hello')
  await r.until(() => r.peers[before]?.text === 'hello', 'a session')
  return app
}

/** Acts in the very moment in which the link enters `state`, which may last for no time at all. */
function onEntering(r: Rig, state: LinkState, act: () => void): void {
  let done = r.link.state === state
  if (done) act()
  r.link.on('transition', (_from, _event, to) => {
    if (done || to !== state) return
    done = true
    // Its activity has begun when the promises of now are settled.
    queueMicrotask(act)
  })
}

describe.each(WIRING)('stopping $wires', ({ lines }) => {
  test.each(ACTIVE)(
    'P8 a stop in %s reaches stopped and leaves the modem in command mode without a connection',
    async (state) => {
      const r = await observed({ lines })
      if (state === 'opening') {
        onEntering(r, 'opening', () => r.link.stop())
        r.modem.unplug()
        r.modem.plug()
      } else {
        await bring(r, state)
        r.link.stop()
      }
      await r.until(() => r.link.state === 'stopped', 'stopped', 30_000)
      await r.pass(5000)
      expect(r.modem.mode).toBe('command')
      expect(r.modem.stack.state).not.toBe('CONNECT OK')
      expect(r.modem.wire.held).toBe(false)
      expect(r.modem.record.stray).toEqual([])
    },
  )
})

const FAULTS: readonly { readonly name: string; readonly fault: ModemFault; readonly ms: number }[] = [
  { name: 'the adapter is pulled out for 3 s', fault: { type: 'line-unplugged' }, ms: 3000 },
  { name: 'the modem reboots', fault: { type: 'reboot' }, ms: 10 },
  { name: 'the modem reboots without a word', fault: { type: 'reboot', lines: false }, ms: 10 },
  { name: 'the modem answers nothing for 100 s', fault: { type: 'no-answer' }, ms: 100_000 },
]

describe.each(WIRING)('faults $wires', ({ lines }) => {
  describe.each(FAULTS)('$name', ({ fault, ms }) => {
    test.each(ACTIVE.filter((state) => state !== 'stopping'))('P7 in %s: the link serves again', async (state) => {
      const r = await observed({ lines })
      if (state === 'opening') await r.reach('ready', 300_000)
      else await bring(r, state)
      const end = r.modem.begin(fault)
      await r.pass(ms)
      end()
      await r.pass(1000)
      await served(r)
      expect(r.modem.record.dials).toEqual([])
    })
  })
})

/** A client is served in the end; those who come too early are refused. */
async function served(r: Rig): Promise<void> {
  for (const { socket } of clients.get(r) ?? []) socket.resetAndDestroy()
  for (let tries = 0; tries < 60; tries += 1) {
    await r.until(() => r.link.usable && r.bridge.holder === undefined, 'usable', 600_000)
    const before = r.peers.length
    const app = r.connect()
    app.socket.write('again')
    await r.until(() => r.peers[before]?.text === 'again' || app.end !== 'open', 'an answer', 400_000)
    if (r.peers[before]?.text === 'again') return
    await r.pass(5000)
  }
  throw new Error('60 clients in a row were not served')
}

describe('cells that no fault of the lists above leads to', () => {
  test('a dial that nobody waits for any more ends in order', async () => {
    const r = await observed()
    await bring(r, 'dialing')
    for (const { socket } of clients.get(r) ?? []) socket.resetAndDestroy()
    await r.reach('closing')
    await r.reach('ready')
  })

  test('the peer closes where a wire tells it, and where only a look does', async () => {
    const wired = await observed({ lines: true })
    await bring(wired, 'online')
    wired.peer.socket.end()
    await wired.reach('ready')
    const bare = await observed()
    await bring(bare, 'online')
    bare.peer.socket.end()
    await bare.reach('ready')
  })

  test('a modem that restarts while it is asked why it does not answer an escape', async () => {
    const r = await observed()
    await bring(r, 'online')
    const end = r.modem.begin({ type: 'no-answer' })
    r.link.ask('AT+CSQ').catch(() => undefined)
    await r.until(() => r.log.at(-1)?.includes('AT+CMEE?') ?? false, 'the question')
    r.modem.begin({ type: 'reboot' })
    end()
    await r.reach('recovering')
    expect(r.link.fault?.code).toBe('modem-rebooted')
  })

  test('a modem that takes no bytes is not written to blindly, and found again when it takes them', async () => {
    const r = await observed()
    await r.reach('ready', 300_000)
    const app = await session(r)
    const end = r.modem.begin({ type: 'cts-stuck' })
    app.socket.resetAndDestroy()
    await r.until(() => r.link.fault?.message.includes('CTS') ?? false, 'the reason')
    await r.pass(60_000)
    end()
    await r.reach('ready', 300_000)
    expect(r.peer.text.replaceAll('+', '')).toBe('hello')
  })

  test('the carrier drops while the way back to data mode is asked for', async () => {
    const r = await observed()
    await bring(r, 'commanding')
    onEntering(r, 'resuming', () => r.modem.begin({ type: 'carrier-drops' }))
    await r.reach('ready')
  })

  test('the peer talks on while the hang-up waits for its silence', async () => {
    const r = await observed()
    const app = (await bring(r, 'online'), clients.get(r)?.at(-1))
    app?.socket.end()
    await r.reach('closing')
    r.peer.socket.write('one more thing')
    await r.until(() => app?.end !== 'open', 'the end')
    expect(app?.text).toBe('one more thing')
  })

  test('somebody calls while nobody here wants the carrier', async () => {
    const inbound = [{ name: 'ssh', modemPort: 2222, to: '127.0.0.1:22', allowFrom: ['10.64.0.0/16'] }]
    const r = await observed({ config: { inbound } })
    await r.until(() => r.listensAt === 2222 && r.link.listening, 'listening', 300_000)
    r.call('10.64.0.7').socket.write('hello')
    await r.until(() => r.programs[0]?.text === 'hello', 'a call')
  })

  test('a person orders a reset while the modem is set up, and a try at once while recovery pauses', async () => {
    const r = await observed()
    await r.reach('ready', 300_000)
    await again(r, 'probing')
    await r.until(() => r.log.at(-1)?.includes('CMEE=1') ?? false, 'the set-up')
    r.link.reset()
    await r.reach('ready', 300_000)
    r.modem.unplug()
    await r.until(() => r.link.nextTry !== undefined, 'a pause')
    expect(r.link.redial()).toBe('trying-now')
    r.modem.plug()
    await r.reach('ready', 300_000)
  })
})

test('P7 a peer that refuses leads back to ready, and the next client is served', async () => {
  const r = await observed()
  await r.reach('ready', 300_000)
  const end = r.modem.begin({ type: 'peer-refused' })
  const app = client(r)
  app.socket.write('hello')
  await r.until(() => app.end !== 'open', 'the refusal')
  end()
  await session(r)
})

/** Cells of the rows for everywhere that nothing leads to, and why. */
const NOT_WALKED: Readonly<Record<string, string>> = {
  'opening lineLost recovering': 'a line that is not open yet cannot be lost: that is `failed`',
  'opening modemLost recovering': 'nothing is heard of a modem before its line is open',
  'online modemLost recovering': 'in data mode the words of a modem are looked at by the activity: that is `failed`',
  ...Object.fromEntries(
    ['escaping', 'commanding', 'resuming'].map((state) => [
      `${state} modemLost recovering`,
      'beside a live connection the words of a modem may be the peer’s, and the activity asks: that is `failed`',
    ]),
  ),
}

afterAll(() => {
  const cells = ACTIVE.flatMap((state) =>
    LINK_EVENTS.flatMap((event: LinkEvent) => {
      const to = next(state, event)
      return to === undefined ? [] : [`${state} ${event} ${to}`]
    }),
  )
  const strange = [...walked].filter((cell) => !cells.includes(cell))
  expect(strange, 'transitions that the table does not know').toEqual([])
  const missing = cells.filter((cell) => !walked.has(cell))
  expect(missing.sort(), 'cells that no story walks').toEqual(Object.keys(NOT_WALKED).sort())
})
