/** DCD, DTR and RI over the tty, over GPIO lines, or not at all: the same life, as well as the wires allow. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { now } from '../../src/core/time.ts'
import { CHIP, LINE, MemoryChip, pin } from '../support/memory-chip.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

type LineConfig = NonNullable<ConfigInput['line']>

interface Wired {
  readonly r: Rig
  readonly chip: MemoryChip
}

async function wired(line: LineConfig, lines: boolean, prepare?: (chip: MemoryChip) => void): Promise<Wired> {
  let chip: MemoryChip | undefined
  const r = await rig({
    lines,
    gpio: (modem) => {
      chip = new MemoryChip(modem)
      prepare?.(chip)
      return chip.open
    },
    config: { line: { device: 'virtual', ...line } },
  })
  if (!chip) throw new Error('no chip')
  return { r, chip }
}

async function aSession(r: Rig): Promise<Witness> {
  await r.reach('ready')
  const app = r.connect()
  const before = r.peers.length
  app.socket.write('hello')
  await r.until(() => r.peers[before]?.text === 'hello', 'a session')
  await r.pass(1000)
  return app
}

/** How long the end of a connection, which nothing but DCD shows, takes to reach the client, in ms. */
async function timeToEnd(line: LineConfig, lines: boolean, later = 0): Promise<number> {
  const { r } = await wired(line, lines)
  const app = await aSession(r)
  let endedAt = 0
  app.socket.once('end', () => (endedAt = now())).once('error', () => (endedAt = now()))
  await r.pass(later)
  r.modem.begin({ type: 'carrier-drops', how: 'dcd' })
  const since = now()
  await r.until(() => endedAt > 0, 'the end', 600_000)
  return endedAt - since
}

describe('DCD', () => {
  test('P4 over a GPIO line ends a session as fast as the one of the tty', async () => {
    const own = await timeToEnd({}, true)
    const gpio = await timeToEnd({ dcd: pin('dcd') }, false)
    expect(own).toBeLessThan(2000)
    expect(gpio).toBeLessThanOrEqual(own + 2500)
    expect(gpio).toBeLessThan(4000)
  })

  test.each([0, 3, 6, 9, 12, 15, 18])(
    'P2 tells of the end within 60 ms, %i ms after a look at it as well',
    async (later) => {
      expect(await timeToEnd({}, true, later)).toBeLessThanOrEqual(60)
    },
  )

  test('that is configured away is not looked at', async () => {
    expect(await timeToEnd({ dcd: 'none' }, true)).toBeGreaterThan(30_000)
  })

  test('over a GPIO line is used beside the other lines of the tty', async () => {
    const { r, chip } = await wired({ dcd: pin('dcd') }, true)
    await aSession(r)
    expect(r.link.facts).toMatchObject({ hasDcd: true, hasDtr: true, hasRi: true })
    expect([...chip.held]).toEqual([[LINE.dcd, 'input']])
  })

  test('over a chip that cannot be had counts as not there, and that is told', async () => {
    const reason = `there is no GPIO chip ${CHIP}`
    const { r } = await wired({ dcd: pin('dcd') }, true, (chip) => chip.refused.set(LINE.dcd, reason))
    await aSession(r)
    expect(r.link.facts.hasDcd).toBe(false)
    expect(r.told('wire')).toMatchObject([{ level: 'warn', message: `line.dcd counts as not there: ${reason}` }])
  })

  test('whose chip vanishes in a session breaks it, and the link comes back without', async () => {
    const { r, chip } = await wired({ dcd: pin('dcd') }, false)
    const app = await aSession(r)
    chip.gone = true
    chip.refused.set(LINE.dcd, `there is no GPIO chip ${CHIP}`)
    await r.until(() => app.end !== 'open', 'the client is told', 5000)
    expect(app.end).toBe('rst')
    expect(r.told('session-end')[0]?.fault).toBe('line-gone')
    await r.until(() => r.link.usable, 'back again')
    expect(r.link.facts.hasDcd).toBe(false)
    expect(chip.held.size).toBe(0)
  })
})

describe('DTR', () => {
  test('P5 over a GPIO line leaves data mode, without the silence of +++', async () => {
    const { r } = await wired({ dtr: pin('dtr') }, false)
    const app = await aSession(r)
    const drops = r.modem.record.dtr.filter(({ on }) => !on).length
    const asked = r.link.ask('AT+CSQ')
    await r.pass(3000)
    expect((await asked).windowMs).toBeLessThan(1000)
    expect(r.modem.record.dtr.filter(({ on }) => !on).length).toBeGreaterThan(drops)
    expect(app.end).toBe('open')
  })

  test('that is wanted and not there is told of once, and data mode is left by +++', async () => {
    const r = await rig({ config: { escape: { method: 'dtr' } } })
    const app = await aSession(r)
    const asked = r.link.ask('AT+CSQ')
    await r.pass(10_000)
    expect((await asked).ok).toBe(true)
    r.modem.unplug()
    await r.until(() => app.end !== 'open', 'the end')
    r.modem.plug()
    await aSession(r)
    expect(r.told('wire')).toMatchObject([
      { level: 'warn', message: expect.stringContaining('no DTR is wired') as unknown },
    ])
  })

  test('that is configured away is never dropped', async () => {
    const { r } = await wired({ dtr: 'none' }, true)
    const app = await aSession(r)
    const asked = r.link.ask('AT+CSQ')
    await r.pass(10_000)
    expect((await asked).ok).toBe(true)
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    await r.stop()
    expect(r.modem.record.dtr.filter(({ on }) => !on)).toEqual([])
    expect(r.modem.wire.dtr).toBe(true)
  })

  test('over a GPIO line is on from the first moment, and let go with the tty', async () => {
    const { r, chip } = await wired({ dtr: pin('dtr') }, false)
    await r.reach('ready')
    expect(chip.held.get(LINE.dtr)).toBe('output-on')
    expect(r.modem.wire.dtr).toBe(true)
    await r.stop()
    expect(chip.held.size).toBe(0)
    expect(r.modem.record.dtr[0]?.on).toBe(true)
  })
})

describe('RI', () => {
  test.each([
    { over: 'the tty', line: {}, lines: true },
    { over: 'a GPIO line', line: { ri: pin('ri') }, lines: false },
  ])(
    'over $over: a message in a session is counted and looked at, and the session goes on',
    async ({ line, lines }) => {
      const { r } = await wired(line, lines)
      const app = await aSession(r)
      r.modem.arrivals.message('+49170', 'hello')
      await r.until(() => r.told('message').length > 0, 'the message', 10_000)
      expect(r.told('ri')).toHaveLength(1)
      await r.reach('online')
      app.socket.write(' again')
      await r.until(() => r.peer.text === 'hello again', 'the session goes on')
      expect(app.end).toBe('open')
    },
  )

  test('however often it rings, data is held once a minute at most', async () => {
    const { r } = await wired({}, true)
    await aSession(r)
    for (let second = 0; second < 110; second += 1) {
      r.modem.arrivals.message('+49170', 'hello')
      await r.pass(1000)
    }
    expect(r.told('ri')).toHaveLength(2)
    expect(r.modem.record.resumes).toBe(2)
    expect(r.told('ri')[1]?.message).toMatch(/^RI has pulsed, [4-6]\d times/)
  })

  test('that is configured away is not looked at', async () => {
    const { r } = await wired({ ri: 'none' }, true)
    await aSession(r)
    r.modem.arrivals.message('+49170', 'hello')
    await r.pass(60_000)
    expect(r.told('ri')).toEqual([])
    expect(r.modem.record.resumes).toBe(0)
  })
})
