/** Out of data mode and back on the virtual modem, with bytes of both sides on their way. */
import { describe, expect, test } from 'vitest'
import * as at from '../../src/at/commands.ts'
import { resume, say } from '../../src/dte/dialogue.ts'
import { type EscapeOptions, escape } from '../../src/dte/escape.ts'
import { Bench, type BenchOptions, during, pass } from './bench.ts'

const never = new AbortController().signal
const PLUS: EscapeOptions = { method: 'plus', guardMs: 1000 }
const DTR: EscapeOptions = { method: 'dtr', guardMs: 1000 }

const WAYS: readonly (readonly [string, BenchOptions, EscapeOptions])[] = [
  ['+++', { escape: 'plus', lines: false }, PLUS],
  [
    '+++ where the modem waits only half a second',
    { escape: 'plus', knobs: { guardBefore: 500, guardAfter: 500 } },
    PLUS,
  ],
  ['DTR', { escape: 'dtr' }, DTR],
  ['DTR that must have been on for a second', { escape: 'dtr', knobs: { dtrOnTime: 1000 } }, DTR],
]

describe.each(WAYS)('P11 by %s', (_, options, how) => {
  async function escaped(extra: Partial<BenchOptions> = {}): Promise<Bench> {
    const bench = (await Bench.connect({ ...options, ...extra })).attach()
    await pass(2000)
    expect(await during(escape(bench.dte, how, never))).toBe('answered')
    return bench
  }

  test('commands can be asked beside the connection, and data goes on afterwards', async () => {
    const bench = await escaped()
    expect([bench.dte.mode, bench.modem.mode]).toEqual(['command', 'command'])
    expect(await during(say(bench.dte, at.ipStatus))).toBe('CONNECT OK')
    expect((await during(say(bench.dte, at.signalQuality))).rssi).toBeGreaterThan(0)
    await during(resume(bench.dte))
    bench.carrier.write(Buffer.from('up'))
    bench.peer.write('down')
    await pass(1000)
    expect([bench.user.text, bench.received]).toEqual(['down', 'up'])
    expect(bench.modem.record.strayBytes).toBe(0)
  })

  test('P1 what is written meanwhile waits, and goes up in order afterwards', async () => {
    const bench = (await Bench.connect(options)).attach()
    bench.carrier.write(Buffer.from('one '))
    const work = escape(bench.dte, how, never)
    await pass(300)
    expect(bench.carrier.write(Buffer.from('two '))).toBe(false)
    expect(await during(work)).toBe('answered')
    expect(bench.carrier.write(Buffer.from('three'))).toBe(false)
    await during(say(bench.dte, at.signalQuality))
    await during(resume(bench.dte))
    await pass(2000)
    expect(bench.received).toBe('one two three')
    expect(bench.modem.record.strayBytes).toBe(0)
  })

  test('P1 a peer that talks on all the time is heard in full and in order', async () => {
    const bench = (await Bench.connect(options)).attach()
    let sent = ''
    const talk = setInterval(() => {
      const line = `line ${sent.length}\r\nOK\r\n`
      sent += line
      bench.peer.write(line)
    }, 330)
    await pass(1000)
    const answered = await during(escape(bench.dte, how, never))
    if (answered === 'answered') {
      await during(say(bench.dte, at.signalQuality))
      await during(resume(bench.dte))
    }
    await pass(1000)
    clearInterval(talk)
    await pass(1000)
    expect(answered).toBe('answered')
    expect(bench.user.text).toBe(sent)
  })

  test('P1 an OK of the peer’s in the window is delivered; the modem’s own is not', async () => {
    for (const delay of [0, 500, 900, 1000, 1040, 1060, 1100]) {
      const bench = (await Bench.connect(options)).attach()
      await pass(2000)
      setTimeout(() => bench.peer.write('\r\nOK\r\n'), delay)
      expect(await during(escape(bench.dte, how, never)), `${delay} ms`).toBe('answered')
      await during(say(bench.dte, at.ipStatus))
      await during(resume(bench.dte))
      await pass(3000)
      expect(bench.user.text, `${delay} ms`).toBe('\r\nOK\r\n')
    }
  })

  test('P5 a client that takes nothing does not hide the modem’s OK', async () => {
    const bench = await Bench.connect(options)
    bench.user.appetite = 1
    bench.attach()
    bench.peer.write('x'.repeat(6000))
    await pass(3000)
    expect(await during(escape(bench.dte, how, never))).toBe('answered')
    await during(resume(bench.dte))
    for (let i = 0; i < 50; i += 1) {
      bench.user.appetite = 1000
      bench.carrier.wantMore()
      await pass(100)
    }
    expect(bench.user.text).toBe('x'.repeat(6000))
  })

  test('P1 what waits in the modem’s buffers comes before its OK, however long that takes', async () => {
    const bench = (await Bench.connect({ ...options, knobs: { ...options.knobs, readBytes: 1 } })).attach()
    const sent = '\r\nOK\r\n\r\n+PDP: DEACT\r\n.'.repeat(80)
    bench.peer.write(sent)
    await pass(1500)
    expect(await during(escape(bench.dte, how, never))).toBe('answered')
    await during(resume(bench.dte))
    await pass(60_000)
    expect(bench.user.text).toBe(sent)
  })

  test('P1 a modem that does not listen stays in data mode, and nothing is lost', async () => {
    const bench = (await Bench.connect(options)).attach()
    bench.modem.begin({ type: 'escape-swallowed' })
    await pass(2000)
    const work = escape(bench.dte, how, never)
    setTimeout(() => bench.peer.write('still here\r\n'), 700)
    expect(await during(work)).toBe('unanswered')
    expect(bench.dte.mode).toBe('data')
    bench.carrier.proceed()
    bench.carrier.write(Buffer.from('so am I'))
    await pass(3000)
    expect(bench.user.text).toBe('still here\r\n')
    expect(bench.received.endsWith('so am I')).toBe(true)
  })

  test('an abort ends it at once, and what was kept is delivered if the connection goes on', async () => {
    const bench = (await Bench.connect(options)).attach()
    bench.modem.begin({ type: 'escape-swallowed' })
    await pass(2000)
    const stop = new AbortController()
    const work = escape(bench.dte, how, stop.signal)
    const outcome = expect(work).rejects.toThrow('enough')
    await pass(50)
    bench.peer.write('half\r\nO')
    await pass(100)
    stop.abort(new Error('enough'))
    await outcome
    await pass(1000)
    expect(bench.user.text).toBe('half')
    bench.carrier.proceed()
    await pass(1000)
    expect(bench.user.text).toBe('half\r\nO')
  })

  test('a line that goes in the middle of it is told', async () => {
    const bench = (await Bench.connect(options)).attach()
    await pass(2000)
    bench.modem.begin({ type: 'escape-swallowed' })
    const outcome = expect(escape(bench.dte, how, never)).rejects.toMatchObject({ code: 'line-gone' })
    await pass(100)
    bench.modem.unplug()
    await pass(10_000)
    await outcome
    expect(bench.user.ends).toMatchObject([{ kind: 'broken', fault: { code: 'line-gone' } }])
  })
})

describe('P1 pluses of the payload on the wire of a strict modem', () => {
  const PATTERNS: readonly (readonly [string, readonly (readonly [number, string])[]])[] = [
    ['+++ alone', [[3000, '+++']]],
    [
      'one by one',
      [
        [3000, '+'],
        [400, '+'],
        [400, '+'],
      ],
    ],
    [
      'again and again',
      [
        [3000, '+++'],
        [3000, '+++'],
        [1000, '+++'],
      ],
    ],
    [
      'after a byte and half a second',
      [
        [3000, 'a'],
        [600, '+++'],
      ],
    ],
    [
      'a fourth just before the hold is over',
      [
        [3000, '+++'],
        [999, '+'],
        [0, '+'],
      ],
    ],
    [
      'with a doubtful pause between',
      [
        [3000, '+'],
        [600, '+'],
        [0, '++'],
      ],
    ],
    ['as the first bytes of all', [[0, '+++']]],
  ]
  const MODEMS = [{}, { guardBefore: 500, guardAfter: 500 }, { guardBefore: 500 }]

  test.each(PATTERNS)('%s', async (_, script) => {
    for (const knobs of MODEMS) {
      const bench = (await Bench.connect({ knobs, lines: false })).attach()
      for (const [wait, text] of script) {
        await pass(wait)
        bench.carrier.write(Buffer.from(text))
      }
      await pass(6000)
      expect(bench.modem.record.escapes, JSON.stringify(knobs)).toBe(0)
      expect(bench.received).toBe(script.map(([, text]) => text).join(''))
    }
  })

  test('five, where nobody knows which is the third, all go in the end', async () => {
    const bench = (await Bench.connect({ lines: false })).attach()
    for (const text of ['+', '+', '+++']) {
      bench.carrier.write(Buffer.from(text))
      await pass(600)
    }
    await pass(6000)
    expect(bench.modem.record.escapes).toBe(0)
    expect(bench.received).toBe('+++++')
  })

  test('held up by CTS in front of them: the pause that nobody measured is reckoned with', async () => {
    const bench = (await Bench.connect({ lines: false })).attach()
    await pass(2000)
    const end = bench.modem.begin({ type: 'cts-stuck' })
    bench.carrier.write(Buffer.from('a'))
    await pass(1500)
    bench.carrier.write(Buffer.from('+++'))
    await pass(1500)
    end()
    await pass(6000)
    expect(bench.modem.record.escapes).toBe(0)
    expect(bench.received).toBe('a+++')
  })

  test('an escape of ours does not disturb the plus that is held: it goes up afterwards, in order', async () => {
    const bench = (await Bench.connect({ lines: false })).attach()
    await pass(2000)
    bench.carrier.write(Buffer.from('+++'))
    expect(bench.carrier.plusesHeld).toBe(1)
    expect(await during(escape(bench.dte, PLUS, never))).toBe('answered')
    await during(resume(bench.dte))
    bench.carrier.write(Buffer.from('b'))
    await pass(5000)
    expect(bench.received).toBe('+++b')
    expect(bench.modem.record.escapes).toBe(1)
  })
})
