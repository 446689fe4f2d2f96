/**
 * The modem's last words in command mode beside a live connection: of the modem, or of a peer whose bytes come between the
 * answers (modem-facts 3.3, 9). `AT+CIPSTATUS` decides, and until then they are neither lost nor believed.
 */
import { describe, expect, test } from 'vitest'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { type Rig, rig, type Witness } from '../support/rig.ts'

const RESTARTS = [
  'RDY',
  'NORMAL POWER DOWN',
  'NORMAL POWER OFF',
  'UNDER-VOLTAGE POWER DOWN',
  'UNDER-VOLTAGE POWER OFF',
  'OVER-VOLTAGE POWER DOWN',
  'OVER-VOLTAGE POWER OFF',
]
const WORDS = [...RESTARTS, 'CLOSED', '+PDP: DEACT', '+PDP DEACT', 'NO CARRIER']

const framed = (word: string): string => `\r\n${word}\r\n`

/** A session with a modem that hands the peer's bytes on while it is escaped. */
async function session(knobs: Partial<Knobs> = {}): Promise<[Rig, Witness]> {
  const r = await rig({ knobs: { escapedData: 'delivered', quickTime: 100, ...knobs } })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('>')
  await r.until(() => r.peers[0]?.text === '>', 'the session')
  return [r, app]
}

/** The peer says two parts `pauseMs` apart while the modem is in command mode; `down`: what the client has then. */
async function sayCut(r: Rig, app: Witness, parts: readonly string[], pauseMs: number, down: string): Promise<void> {
  await r.reach('commanding')
  for (const part of parts) {
    r.peer.socket.write(part)
    await r.pass(pauseMs)
  }
  await r.until(
    () => app.text.length >= down.length,
    () => `${JSON.stringify(parts)}: ${JSON.stringify(app.text)}`,
    30_000,
  )
}

async function expectBothLive(r: Rig, app: Witness, down: string): Promise<void> {
  app.socket.write('up')
  await r.until(
    () => r.peer.text === '>up',
    () => `up: ${r.peer.text}`,
    30_000,
  )
  r.peer.socket.write('end')
  await r.until(
    () => app.text.endsWith('end'),
    () => `down: ${JSON.stringify(app.text)}`,
    30_000,
  )
  expect([app.text, app.end]).toEqual([`${down}end`, 'open'])
  expect(r.told('recovering')).toEqual([])
  expect(r.peers).toHaveLength(1)
}

describe('of the peer', () => {
  test.each(WORDS)('P1 P11 %s at any moment of a window is data, and the window goes on', async (word) => {
    const [r, app] = await session()
    let down = ''
    for (let at = 0; at < 450; at += 30) {
      r.link.ask('AT+CSQ').catch(() => undefined)
      await r.reach('commanding')
      await r.pass(at)
      r.peer.socket.write(`<${framed(word)}>`)
      down += `<${framed(word)}>`
      await r.until(
        () => app.text.length >= down.length,
        () => `${at} ms: ${JSON.stringify(app.text)}`,
        30_000,
      )
      await r.reach('online')
    }
    await expectBothLive(r, app, down)
  })

  test.each(WORDS)('P1 P11 %s as the last that comes in a window, cut at every byte', async (word) => {
    const [r, app] = await session()
    const text = framed(word)
    let down = ''
    for (let cut = 0; cut < text.length; cut += 1) {
      r.link.ask('AT+CSQ').catch(() => undefined)
      down += text
      await sayCut(r, app, [text.slice(0, cut), text.slice(cut)], 20, down)
      await r.reach('online')
    }
    await expectBothLive(r, app, down)
  })

  test.each(WORDS)('P1 P11 %s cut at every byte by an answer of the modem', async (word) => {
    const [r, app] = await session()
    const text = framed(word)
    let down = ''
    for (let cut = 1; cut < text.length; cut += 1) {
      let answered = ''
      r.link.ask('AT+CSQ').then(
        ({ lines }) => (answered = lines.join()),
        () => undefined,
      )
      down += text
      await sayCut(r, app, [text.slice(0, cut), text.slice(cut)], 120, down)
      expect(answered).toBe('+CSQ: 17,0')
      await r.reach('online')
    }
    await expectBothLive(r, app, down)
  })

  test.each(WORDS)('P1 %s in a window that proves the connection', async (word) => {
    const [r, app] = await session()
    await r.pass(290_000)
    await r.reach('commanding')
    r.peer.socket.write(framed(word))
    await expectBothLive(r, app, framed(word))
  })

  test.each(WORDS)(
    'P1 P2 %s while the modem is asked for what is unacknowledged: the client has it before its end',
    async (word) => {
      const [r, app] = await session({ ackDelay: 2000 })
      app.socket.end('last')
      await r.reach('closing')
      await r.until(() => r.modem.mode === 'command', 'command mode')
      await r.pass(150)
      r.peer.socket.write(framed(word))
      await r.until(() => app.end !== 'open', 'the end')
      expect([app.text, app.end, r.peer.text]).toEqual([framed(word), 'rst', '>last'])
      await r.reach('ready')
      expect(r.told('recovering')).toEqual([])
    },
  )
})

describe('of the modem', () => {
  test.each(RESTARTS.map((word) => [word]))(
    'P7 P10 %s and then nothing, in a window: within seconds the session is reset, and the reason is told',
    async (word) => {
      const [r, app] = await session()
      r.link.ask('AT+CSQ').catch(() => undefined)
      await r.reach('commanding')
      await r.pass(20)
      r.modem.begin({ type: 'urc', text: word, where: 'now' })
      r.modem.begin({ type: 'no-answer' })
      await r.until(() => app.end !== 'open', 'the end', 8000)
      const code = word.startsWith('UNDER') ? 'under-voltage' : 'modem-rebooted'
      expect([app.text, app.end, r.link.fault?.code]).toEqual(['', 'rst', code])
    },
  )

  test.each([0, 50, 110, 150, 220, 310])(
    'P7 a restart %d ms after a window has begun is found, and its boot lines reach nobody',
    async (at) => {
      const [r, app] = await session()
      r.link.ask('AT+CSQ').catch(() => undefined)
      await r.reach('commanding')
      await r.pass(at)
      r.modem.begin({ type: 'reboot' })
      await r.until(() => app.end !== 'open', 'the end', 30_000)
      expect([app.text, app.end]).toEqual(['', 'rst'])
      await r.reach('ready', 60_000)
    },
  )

  const ENDS: readonly (readonly [string, Partial<Knobs>, (r: Rig) => void])[] = [
    ['CLOSED', { closeWhileEscaped: 'at-once' }, (r) => r.peer.socket.end()],
    ['+PDP: DEACT', { pdpWord: '+PDP: DEACT' }, (r) => void r.modem.begin({ type: 'context-lost' })],
    ['+PDP DEACT', { pdpWord: '+PDP DEACT' }, (r) => void r.modem.begin({ type: 'context-lost' })],
  ]
  test.each(ENDS)('P2 %s in a window: never a clean end, and the word is not data', async (_word, knobs, end) => {
    for (let at = 0; at < 330; at += 30) {
      const [r, app] = await session(knobs)
      r.link.ask('AT+CSQ').catch(() => undefined)
      await r.reach('commanding')
      r.peer.socket.write('some')
      await r.pass(at)
      end(r)
      await r.until(() => app.end !== 'open', `the end (${at} ms)`, 30_000)
      // From ATO on it is told in data mode, behind everything that the peer has sent.
      const clean = app.end === 'fin' && app.text === 'some' && at > 200
      expect(app.end === 'rst' || clean).toBe(true)
      expect('some'.startsWith(app.text)).toBe(true)
      await r.reach('ready', 60_000)
    }
  })

  test('P2 a context that is lost while the connection is being closed: the client reads nothing of it', async () => {
    const [r, app] = await session({ closeTime: 3000 })
    app.socket.end('last')
    await r.until(() => r.modem.record.commands.some(({ line }) => line.startsWith('AT+CIPCLOSE')), 'the hang-up')
    await r.pass(500)
    r.modem.begin({ type: 'context-lost' })
    await r.until(() => app.end !== 'open', 'the end', 60_000)
    expect(app.text).toBe('')
  })

  test('P7 a restart while the modem is asked for what is unacknowledged is found', async () => {
    const [r, app] = await session({ ackDelay: 5000 })
    app.socket.end('last')
    await r.reach('closing')
    await r.until(() => r.modem.mode === 'command', 'command mode')
    await r.pass(500)
    r.modem.begin({ type: 'reboot' })
    await r.until(() => app.end !== 'open', 'the end', 60_000)
    await r.until(() => r.told('recovering').length > 0, 'what is told')
    expect(r.told('recovering')[0]?.fault).toBe('modem-rebooted')
    await r.reach('ready', 60_000)
  })
})
