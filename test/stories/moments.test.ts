/** Accidents of milliseconds, found by the soak: two things end or begin at once, and only one of them may be believed. */
import { describe, expect, test } from 'vitest'
import { type Rig, type RigOptions, rig, type Witness } from '../support/rig.ts'

const MOMENTS = [0, 5, 10, 20, 30, 40, 60, 90, 150]

async function session(options: RigOptions): Promise<[Rig, Witness]> {
  const r = await rig(options)
  await r.reach('ready', 300_000)
  const app = r.connect()
  app.socket.write('?')
  await r.until(() => r.peers[0]?.text === '?', 'the question')
  return [r, app]
}

test.each(MOMENTS)(
  'P1 a modem that restarts %i ms after its answer to an escape: the client reads none of it',
  async (ms) => {
    const [r, app] = await session({})
    r.link.ask('AT+CSQ').catch(() => undefined)
    await r.until(() => r.modem.record.escapes === 1, 'the escape')
    await r.pass(ms)
    r.modem.begin({ type: 'reboot' })
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('')
    expect(app.end).toBe('rst')
    await r.reach('ready', 300_000)
  },
)

test.each(MOMENTS)(
  'P1 a peer that closes %i ms before an escape by DTR: the client reads no word of the modem',
  async (ms) => {
    const [r, app] = await session({ lines: true, knobs: { paced: true, readBytes: 1 } })
    r.peer.socket.end()
    await r.pass(ms)
    r.link.ask('AT+CSQ').catch(() => undefined)
    await r.until(() => app.end !== 'open', 'the end')
    expect(app.text).toBe('')
    await r.reach('ready', 300_000)
  },
)

test.each([200, 600, 1000, 1400, 1600, 1800])(
  'P2 a peer that writes CLOSED and closes %i ms later: a clean end only with every byte',
  async (ms) => {
    const [r, app] = await session({})
    r.peer.socket.write('\r\nCLOSED\r\n')
    await r.pass(ms)
    r.peer.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    expect([app.text, app.end]).toEqual(app.end === 'fin' ? ['\r\nCLOSED\r\n', 'fin'] : [expect.any(String), 'rst'])
    await r.reach('ready', 300_000)
  },
)

test.each(MOMENTS)('P2 a peer that writes CLOSED, and a restart %i ms later: that is no clean end', async (ms) => {
  const [r, app] = await session({ lines: true })
  r.peer.socket.write('\r\nCLOSED\r\n')
  await r.pass(ms)
  r.modem.begin({ type: 'reboot' })
  await r.until(() => app.end !== 'open', 'the end')
  expect(app.end).toBe('rst')
  await r.reach('ready', 300_000)
})

test('P1 a line that breaks in the middle of the power-up bytes: the client reads none of them', async () => {
  const [r, app] = await session({ knobs: { readBytes: 1 } })
  r.modem.begin({ type: 'reboot' })
  await r.pass(15)
  r.modem.unplug()
  await r.until(() => app.end !== 'open', 'the end')
  expect(app.text).toBe('')
  expect(app.end).toBe('rst')
  r.modem.plug()
})

describe.each([
  { lines: true, method: 'plus' },
  { lines: true, method: 'auto' },
  { lines: false, method: 'auto' },
] as const)('a CONNECT for a command that was given up, lines $lines, escape by $method', ({ lines, method }) => {
  test.each([10_300, 11_000, 11_800, 12_400, 14_000, 20_000])(
    'P1 P7 ATO is carried out after %i ms: no command reaches the peer',
    async (ms) => {
      const [r] = await session({ lines, config: { escape: { method } } })
      r.modem.begin({ type: 'late-answer', ms, command: 'ATO' })
      r.link.ask('AT+CSQ').catch(() => undefined)
      await r.until(() => r.link.state === 'recovering', 'the end of patience')
      await r.reach('ready', 300_000)
      expect(r.peer.text).toBe('?')
    },
  )
})

test.each([2000, 4000, 7000, 9000])(
  'P6 a dial that is carried out while a new line is looked at, %i ms before it: no command reaches the peer',
  async (ms) => {
    const r = await rig({ knobs: { connectTime: 10_000 } })
    await r.reach('ready')
    r.connect().socket.write('?')
    await r.reach('dialing')
    await r.pass(10_000 - ms)
    r.modem.unplug()
    await r.pass(200)
    r.modem.plug()
    await r.reach('ready', 300_000)
    expect(r.peers.map(({ text }) => text.replaceAll('+', '')).join('')).toBe('')
  },
)

test('P6 a dial that a lost line has interrupted is ended before anything else is asked that its peer could get', async () => {
  const r = await rig({ knobs: { connectTime: 60_000 } })
  await r.reach('ready')
  r.connect().socket.write('?')
  await r.reach('dialing')
  await r.pass(1000)
  const before = r.modem.record.commands.length
  r.modem.unplug()
  await r.pass(200)
  r.modem.plug()
  await r.reach('ready', 30_000)
  const said = r.modem.record.commands.slice(before).map(({ line }) => line)
  const end = said.indexOf('AT+CIPCLOSE=1')
  expect(said.slice(0, end)).toEqual(['ATE0V1Q0', 'AT+CMEE?'])
  expect(r.peers).toEqual([])
})

test('P6 a dial that is carried out while the modem answers nothing: nothing reaches the peer at another rate', async () => {
  const r = await rig({ knobs: { connectTime: 10_000 } })
  await r.reach('ready')
  r.connect().socket.write('?')
  await r.reach('dialing')
  r.modem.begin({ type: 'slow-answer', ms: 20_000 })
  r.modem.unplug()
  await r.pass(200)
  r.modem.plug()
  await r.pass(20_000)
  expect(r.peers.map(({ text }) => text.replaceAll('+', '')).join('')).not.toMatch(/[^ -~\r]/)
})

test.each([0, 20, 40, 60, 80, 100, 120, 140, 160])(
  'P1 P11 the modem says something in pieces %i ms into a window that words of the peer have caused: the client reads none of it',
  async (ms) => {
    const words = '\r\nNO CARRIER\r\n'
    const [r, app] = await session({ knobs: { paced: false, readBytes: 7 } })
    r.peer.socket.write(words)
    await r.until(() => r.modem.record.escapes === 1, 'the look at it')
    await r.pass(ms)
    r.modem.begin({ type: 'urc', text: 'UNDER-VOLTAGE WARNNING' })
    await r.until(() => app.text.length >= words.length, 'the words')
    await r.pass(5_000)
    expect([app.text, app.end]).toEqual([words, 'open'])
  },
)

test.each([0, 1_000, 1_600, 2_000])(
  'P1 P2 what the modem says while it does not answer the escape of a hang-up, %i ms later: the client reads none of it',
  async (ms) => {
    const [r, app] = await session({})
    const end = r.modem.begin({ type: 'no-answer' })
    app.socket.end()
    await r.until(() => r.modem.record.escapes === 1, 'the escape')
    await r.pass(ms)
    r.modem.begin({ type: 'urc', text: 'UNDER-VOLTAGE WARNNING' })
    await r.pass(5_000)
    end()
    await r.until(() => app.end !== 'open', 'the end')
    expect([app.text, app.end]).toEqual(['', 'rst'])
    await r.reach('ready', 300_000)
  },
)

test('P1 a supply that sags twice in a session: the client reads nothing of it', async () => {
  const [r, app] = await session({})
  for (const ms of [200, 1500]) {
    const end = r.modem.begin({ type: 'under-voltage', power: 'down' })
    await r.pass(50)
    end()
    await r.pass(ms)
  }
  await r.until(() => app.end !== 'open', 'the end')
  expect(app.text).toBe('')
  expect(app.end).toBe('rst')
  await r.reach('ready', 300_000)
})

test.each([3_000, 4_000, 5_000, 6_000, 40_000, 100_000])(
  'P1 P8 a session that is given up while the modem takes no bytes, for %i ms: no command reaches the peer afterwards',
  async (ms) => {
    const [r, app] = await session({ knobs: { window: 2048 } })
    const end = r.modem.begin({ type: 'ack-frozen' })
    const sent = Buffer.alloc(12_000, 'abcdefg')
    app.socket.write(sent)
    await r.pass(2000)
    app.socket.resetAndDestroy()
    await r.pass(ms)
    end()
    await r.reach('ready', 300_000)
    expect(r.peer.bytes.subarray(1).equals(sent.subarray(0, r.peer.bytes.length - 1))).toBe(true)
  },
)

test.each([80, 100, 110, 120, 130, 140])(
  'P2 a peer that writes CLOSED, and %i ms later its rest and its end, where DCD goes off before the rest has come',
  async (ms) => {
    const [r, app] = await session({ lines: true, knobs: { dcdOnClose: 'at-once' } })
    r.peer.socket.write('\r\nCLOSED\r\n')
    await r.pass(ms)
    r.peer.socket.end('the rest')
    await r.until(() => app.end !== 'open', 'the end')
    expect([app.text, app.end]).toEqual(['\r\nCLOSED\r\nthe rest', 'fin'])
    await r.reach('ready', 300_000)
  },
)

test('P9 a stop while recovery escapes from what an unanswered dial may have come to is a stop in order', async () => {
  const r = await rig()
  await r.reach('ready')
  const end = r.modem.begin({ type: 'no-answer' })
  r.connect().socket.write('hello')
  await r.reach('recovering', 300_000)
  end()
  await r.pass(500)
  expect(r.link.state).toBe('recovering')
  await r.stop()
  expect(r.bug).toBeUndefined()
})

test('P8 what CTS held up when the modem went down is not given to it when it is back', async () => {
  const [r, app] = await session({})
  const end = r.modem.begin({ type: 'cts-stuck' })
  app.socket.write('AT+APP\rAT+APP\r')
  await r.pass(300)
  const sag = r.modem.begin({ type: 'under-voltage', power: 'down' })
  await r.pass(700)
  end()
  sag()
  await r.until(() => app.end !== 'open', 'the end')
  await r.reach('ready', 300_000)
  expect(app.end).toBe('rst')
  expect(r.modem.record.saw(/APP/)).toBe(false)
})

test('P11 P5 a command that is asked while the modem takes no bytes is refused with the reason, and the session lives', async () => {
  const [r, app] = await session({ knobs: { window: 2048 } })
  const end = r.modem.begin({ type: 'ack-frozen' })
  const sent = Buffer.alloc(12_000, 'abcdefg')
  app.socket.write(sent)
  await r.pass(2000)
  let refusal = ''
  r.link.ask('AT+CSQ').catch((error: unknown) => (refusal = String(error)))
  await r.until(() => refusal !== '', 'the refusal', 15_000)
  expect(refusal).toContain('CTS')
  await r.pass(60_000)
  expect([app.end, r.link.state]).toEqual(['open', 'online'])
  end()
  await r.until(() => r.peer.bytes.length > sent.length, 'the rest')
  expect(r.peer.bytes.subarray(1).equals(sent)).toBe(true)
  expect((await asked(r)).ok).toBe(true)
})

async function asked(r: Rig): Promise<{ ok: boolean }> {
  let answer: { ok: boolean } | undefined
  r.link.ask('AT+CSQ').then(
    (given) => (answer = given),
    () => undefined,
  )
  await r.until(() => answer !== undefined, 'the answer', 20_000)
  return answer ?? { ok: false }
}
