/** Every fault that a modem, a line or a peer can cause, from its beginning until the link serves again by itself. */
import { describe, expect, test } from 'vitest'
import { FAULTS, type FaultCode } from '../../src/core/fault.ts'
import { FAULT_KINDS, type ModemFault } from '../../src/virtual-modem/faults.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

interface Story {
  readonly code: FaultCode
  /** What stays until the story ends it. */
  readonly fault: ModemFault
  /** What strikes at the same moment, so that the modem meets the fault. */
  readonly strike?: ModemFault
  /** true: it shows when a client dials. */
  readonly dials?: boolean
  /** What brings it to light in a session. */
  readonly then?: (r: Rig, app: Witness) => void
  /** true: it is met while nobody has a session. */
  readonly idle?: boolean
  /** true: the link could serve somebody else meanwhile; false: it is not usable until the cause is gone. */
  readonly serves?: boolean
  /** The latest moment at which it is named, in seconds from its beginning. */
  readonly namedIn: number
  /** The latest moment at which the link serves again, in seconds from the end of the cause. */
  readonly backIn: number
}

/** The longest pause of the ladder with its jitter, and a bring-up. */
const A_PAUSE = 400
const SECOND = 1000

const STORIES: readonly Story[] = [
  { code: 'line-missing', fault: { type: 'line-unplugged' }, namedIn: 10, backIn: 15 },
  { code: 'line-busy', fault: { type: 'line-busy' }, strike: { type: 'line-unplugged' }, namedIn: 10, backIn: 15 },
  { code: 'no-answer', fault: { type: 'no-answer', data: 'stalls' }, idle: true, namedIn: 60, backIn: A_PAUSE },
  {
    code: 'command-failed',
    fault: { type: 'command-failed', command: '+CIPMUX' },
    strike: { type: 'reboot' },
    namedIn: 60,
    backIn: A_PAUSE,
  },
  { code: 'sim-missing', fault: { type: 'sim-missing' }, namedIn: 60, backIn: A_PAUSE },
  { code: 'sim-locked', fault: { type: 'sim-puk' }, strike: { type: 'reboot' }, namedIn: 60, backIn: A_PAUSE },
  {
    code: 'not-registered',
    fault: { type: 'not-registered' },
    strike: { type: 'context-lost' },
    namedIn: 180,
    backIn: A_PAUSE,
  },
  {
    code: 'registration-denied',
    fault: { type: 'registration-denied' },
    strike: { type: 'context-lost' },
    namedIn: 60,
    backIn: A_PAUSE,
  },
  { code: 'attach-failed', fault: { type: 'attach-failed' }, namedIn: 60, backIn: A_PAUSE },
  {
    code: 'context-failed',
    fault: { type: 'context-failed' },
    strike: { type: 'context-lost' },
    namedIn: 60,
    backIn: A_PAUSE,
  },
  { code: 'context-lost', fault: { type: 'context-lost' }, serves: true, namedIn: 10, backIn: 20 },
  { code: 'peer-refused', fault: { type: 'peer-refused' }, dials: true, serves: true, namedIn: 10, backIn: 1 },
  { code: 'peer-timeout', fault: { type: 'peer-timeout' }, dials: true, serves: true, namedIn: 90, backIn: 1 },
  {
    code: 'not-transparent',
    fault: { type: 'not-transparent' },
    dials: true,
    serves: true,
    namedIn: 10,
    backIn: A_PAUSE,
  },
  {
    code: 'carrier-lost',
    fault: { type: 'slow-answer', ms: 2000 },
    then: (r) => askAndDrop(r),
    serves: true,
    namedIn: 20,
    backIn: 20,
  },
  {
    code: 'escape-failed',
    fault: { type: 'escape-swallowed' },
    then: (_, app) => app.socket.end(),
    serves: true,
    namedIn: 30,
    backIn: A_PAUSE,
  },
  { code: 'modem-rebooted', fault: { type: 'reboot' }, serves: true, namedIn: 20, backIn: 30 },
  { code: 'under-voltage', fault: { type: 'under-voltage', power: 'down' }, namedIn: 90, backIn: A_PAUSE },
]

/** Faults of the table that no story of this file is about, and why. */
const ELSEWHERE: Partial<Record<FaultCode, string>> = {
  'line-gone': 'the moment before line-missing: its story is at the end of this file',
  'config-invalid': 'no modem causes it: test/config',
  'budget-spent': 'no modem causes it: test/stories/budget.test.ts',
}

function strays(r: Rig): string {
  return Buffer.from(r.modem.record.stray.map(({ byte }) => byte)).toString('latin1')
}

/** The connection breaks while it is escaped: what the peer sent meanwhile is lost, and that is told. */
function askAndDrop(r: Rig): void {
  r.link.ask('AT+CSQ').catch(() => undefined)
  r.link.on('transition', (_from, _event, to) => {
    if (to === 'commanding') r.modem.begin({ type: 'carrier-drops' })
  })
}

async function aSession(r: Rig): Promise<Witness> {
  await r.until(() => r.link.state === 'ready', 'ready', A_PAUSE * SECOND)
  const app = r.connect()
  const dials = r.peers.length
  app.socket.write('hello')
  await r.until(() => r.peers[dials]?.text === 'hello' || app.end !== 'open', 'a session', 200_000)
  return app
}

/** Begins the fault where it can be met. @returns what ends it, and the client that meets it */
async function meet(r: Rig, { fault, strike, dials, then, idle }: Story): Promise<[() => void, Witness | undefined]> {
  if (idle) return [r.modem.begin(fault), undefined]
  if (dials) {
    const end = r.modem.begin(fault)
    const app = r.connect()
    app.socket.write('hello')
    return [end, app]
  }
  const app = await aSession(r)
  const end = r.modem.begin(fault)
  if (strike) r.modem.begin(strike)()
  then?.(r, app)
  return [end, app]
}

describe.each([
  { wires: 'with modem lines', lines: true },
  { wires: 'without modem lines', lines: false },
])('$wires', ({ lines }) => {
  test.each(STORIES)(
    'P7 P10 $code is named with what to do, harms nobody, and is over when its cause is',
    async (story) => {
      const { code, namedIn, backIn, serves = false } = story
      const r = await rig({ lines })
      await r.reach('ready')
      const [end, app] = await meet(r, story)
      const named = (): boolean => r.events.some(({ fault }) => fault === code)
      await r.until(named, `${code} is named`, namedIn * SECOND)
      expect(r.events.find(({ fault, hint }) => fault === code && hint !== undefined)?.hint).toBe(FAULTS[code].hint)
      await r.until(() => app?.end !== 'open', 'the client is told', 60_000)
      if (app) expect(app.end, 'never a clean end').toBe('rst')

      if (!serves) {
        await r.until(() => !r.link.usable, 'the port closes', 10_000)
        const flaps = r.walked.filter(([, , to]) => to === 'ready').length
        await r.pass(600_000)
        expect(r.link.usable).toBe(false)
        expect(r.link.fault?.hint).toMatch(/\w/)
        expect(r.walked.filter(([, , to]) => to === 'ready').length, 'no false hope').toBe(flaps)
      }
      end()
      const endedAt = performance.now()
      await r.until(() => r.link.usable, 'usable again', backIn * SECOND)
      let next = await aSession(r)
      // What only a reset of the modem cures needs some failed dials to climb so far.
      while (next.end !== 'open' && performance.now() - endedAt < backIn * SECOND) next = await aSession(r)
      expect(next.end).toBe('open')
      expect(r.peer.text).toBe('hello')
      expect(strays(r)).toBe('')
      expect(r.modem.record.dials).toEqual([])
    },
  )
})

test('P7 a line that is gone is named at once, and the client is told', async () => {
  const r = await rig()
  await r.reach('ready')
  const app = await aSession(r)
  const end = r.modem.begin({ type: 'line-unplugged' })
  await r.until(() => app.end !== 'open', 'the client is told', 1000)
  expect(app.end).toBe('rst')
  expect(r.told('session-end').at(-1)).toMatchObject({ fault: 'line-gone', hint: FAULTS['line-gone'].hint })
  end()
  await r.until(() => r.link.usable, 'usable again', 15_000)
})

test('P7 a fault is a row of the table, a fault of the virtual modem and a story: all three', () => {
  const rows = Object.keys(FAULTS).sort()
  const told = [...STORIES.map(({ code }) => code), ...Object.keys(ELSEWHERE)].sort()
  expect(told).toEqual(rows)
  const caused = new Set(Object.values(FAULT_KINDS).flatMap(({ codes }) => codes))
  const uncaused = rows.filter((code) => !caused.has(code as FaultCode))
  expect(uncaused).toEqual(['budget-spent', 'config-invalid'])
})
