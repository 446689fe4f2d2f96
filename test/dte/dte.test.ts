/** One command in flight: its answer, the lack of one, and what else the modem says meanwhile. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as at from '../../src/at/commands.ts'
import type { Urc } from '../../src/at/urc.ts'
import { isFault } from '../../src/core/fault.ts'
import { CommandFault } from '../../src/dte/command-fault.ts'
import { say, sayIfKnown } from '../../src/dte/dialogue.ts'
import { Dte } from '../../src/dte/dte.ts'
import { type Habit, slowModem } from './slow-modem.ts'
import { lineOn, TestPort } from './test-port.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface Bench {
  readonly port: TestPort
  readonly dte: Dte
  readonly trace: string[]
  readonly urcs: Urc[]
}

async function bench(): Promise<Bench> {
  const port = new TestPort()
  const trace: string[] = []
  const dte = new Dte(await lineOn(port), {
    sent: (line) => trace.push(`» ${line}`),
    received: (line) => trace.push(`« ${line}`),
  })
  const urcs: Urc[] = []
  dte.on('urc', (urc) => urcs.push(urc))
  await vi.advanceTimersByTimeAsync(0)
  return { port, dte, trace, urcs }
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
const outcomeOf = <T>(promise: Promise<T>): Promise<T | Error> =>
  promise.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))

describe('an answer', () => {
  test('is read line by line, however it comes', async () => {
    const { port, dte } = await bench()
    const answer = dte.execute(at.signalQuality)
    expect(port.written).toBe('AT+CSQ\r')
    for (const char of 'AT+CSQ\r\r\n+CSQ: 17,0\r\n\r\nOK\r\n') {
      port.say(char)
      await pass(1)
    }
    expect(await answer).toEqual({ rssi: 17, dbm: -80 })
  })

  test('that refuses names the modem’s own words', async () => {
    const { port, dte } = await bench()
    const answer = outcomeOf(dte.execute(at.radio(1)))
    port.say('\r\n+CME ERROR: 10\r\n')
    const error = await answer
    expect(error).toBeInstanceOf(CommandFault)
    expect(error).toMatchObject({
      code: 'command-failed',
      result: '+CME ERROR: 10',
      message: 'AT+CFUN=1: +CME ERROR: 10',
    })
    expect(dte.answerDue).toBe(false)
  })

  test('that refuses is no obstacle for what this firmware need not have', async () => {
    const { port, dte } = await bench()
    const answer = sayIfKnown(dte, at.keepAlive(60))
    port.say('\r\nERROR\r\n')
    expect(await answer).toBeUndefined()
  })

  test('has URCs around and inside it that reach whoever listens', async () => {
    const { port, dte, urcs } = await bench()
    port.say('\r\nRING\r\n')
    const answer = dte.execute(at.registration)
    port.say('\r\n+CREG: 1\r\n\r\n+CREG: 0,5\r\n\r\nCall Ready\r\n\r\nOK\r\n\r\nDST: 0\r\n')
    expect(await answer).toBe(5)
    expect(urcs.map(({ line }) => line)).toEqual(['RING', '+CREG: 1', 'Call Ready', 'DST: 0'])
  })

  test('is not waited for when the modem restarts meanwhile', async () => {
    const { port, dte } = await bench()
    const answer = outcomeOf(dte.execute(at.bringUpContext))
    port.say('\r\nRDY\r\n')
    expect(isFault(await answer, 'modem-rebooted')).toBe(true)
    expect(dte.answerDue).toBe(true)
  })
})

describe('P9 a missing answer', () => {
  test('ends after the manual’s maximum, not before, and says what was asked', async () => {
    const { dte } = await bench()
    let ended: unknown
    outcomeOf(dte.execute(at.bringUpContext)).then(
      (error) => (ended = error),
      () => undefined,
    )
    await pass(84_999)
    expect(ended).toBeUndefined()
    await pass(1)
    expect(isFault(ended, 'no-answer')).toBe(true)
    expect(String(ended)).toContain('no answer to AT+CIICR within 85 s')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ends with the abort of whoever asked, at once and with no timer left', async () => {
    const { dte } = await bench()
    const stop = new AbortController()
    const answer = outcomeOf(dte.execute(at.bringUpContext, stop.signal))
    await pass(100)
    stop.abort(new Error('enough'))
    expect(String(await answer)).toContain('enough')
    expect(dte.answerDue).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is not begun when it is aborted already', async () => {
    const { port, dte } = await bench()
    const answer = await outcomeOf(dte.execute(at.attention, AbortSignal.abort(new Error('before'))))
    expect(String(answer)).toContain('before')
    expect(port.written).toBe('')
  })

  test('ends at once when the line is gone', async () => {
    const { port, dte } = await bench()
    const gone: unknown[] = []
    dte.on('gone', (fault) => gone.push(fault))
    const answer = outcomeOf(dte.execute(at.bringUpContext))
    port.stream.destroy(new Error('unplugged'))
    await pass(0)
    expect(isFault(await answer, 'line-gone')).toBe(true)
    expect(gone).toHaveLength(1)
    expect(isFault(await outcomeOf(dte.execute(at.attention)), 'line-gone')).toBe(true)
  })
})

describe('a late answer is never taken for the answer to the next command', () => {
  const REFUSED: Habit = { ms: 5, lines: ['+CME ERROR: 3'] }

  /** `slow` answers with OK `ms` after it was asked; then a command that is refused must be told so. */
  async function lateBy(ms: number): Promise<{ first: unknown; second: unknown }> {
    const { port, dte } = await bench()
    slowModem(port, {
      'AT+CGATT=1': { ms: 75_000 + ms, lines: ['OK'] },
      'AT+CMEE?': { ms: 5, lines: ['+CMEE: 1', 'OK'] },
      'AT+CFUN=1': REFUSED,
    })
    const first = outcomeOf(say(dte, at.attach(true)))
    await pass(75_000)
    if (ms < 0) await pass(0)
    const answered = await Promise.race([first, Promise.resolve('pending')])
    if (answered === 'pending') await pass(1)
    const result = await first
    const second = outcomeOf(say(dte, at.radio(1)))
    await pass(60_000)
    return { first: result, second: await second }
  }

  const offsets = Array.from({ length: 1000 }, (_, index) => index - 500)
  test('P9 in the very tick of the time-out, and 500 ms around it', async () => {
    const seen = { answered: 0, late: 0 }
    for (const offset of offsets) {
      const { first, second } = await lateBy(offset)
      if (first === undefined) seen.answered += 1
      else if (isFault(first, 'no-answer')) seen.late += 1
      expect(second, `${offset} ms after the time-out`).toMatchObject({ result: '+CME ERROR: 3' })
    }
    expect(seen.answered + seen.late).toBe(1000)
    expect(Math.min(seen.answered, seen.late)).toBeGreaterThan(400)
  })

  test.each([2060, 2500, 4500])('P9 %i ms later, when the question for a fresh answer was late as well', async (ms) => {
    expect((await lateBy(ms)).second).toMatchObject({ result: '+CME ERROR: 3' })
  })

  test.each([600, 1000, 1990, 1999, 2000, 2001, 2040])('P9 %i ms later', async (ms) => {
    expect((await lateBy(ms)).second).toMatchObject({ result: '+CME ERROR: 3' })
  })
})

describe('one at a time', () => {
  test('a second command while one is in flight is a bug', async () => {
    const { dte } = await bench()
    const first = outcomeOf(dte.execute(at.attention))
    await expect(dte.execute(at.signalQuality)).rejects.toThrow(TypeError)
    await pass(1000)
    expect(isFault(await first, 'no-answer')).toBe(true)
  })

  test('P1 a command in data mode would reach the peer: it is a bug, and not a byte goes out', async () => {
    const { port, dte } = await bench()
    dte.assumeDataMode()
    await expect(dte.execute(at.attention)).rejects.toThrow('would reach the peer')
    expect(port.written).toBe('')
  })
})

describe('P12 the trace', () => {
  test('shows no secret, in the command, its echo or an answer that repeats it', async () => {
    const { port, dte, trace } = await bench()
    const answer = outcomeOf(dte.execute(at.accessPoint('internet', 'user', 'hunter2')))
    port.say('AT+CSTT="internet","user","hunter2"\r\r\n+CSTT: "internet","user","hunter2"\r\n\r\nERROR\r\n')
    const error = await answer
    expect(trace.join('\n')).toContain('» AT+CSTT="internet","user","****"')
    expect(`${trace.join('\n')}${String(error)}`).not.toContain('hunter2')
  })

  test('nor does the fault of a command that is not answered', async () => {
    const { dte, trace } = await bench()
    const answer = outcomeOf(dte.execute(at.enterPin('4711')))
    await pass(5000)
    expect(`${trace.join('\n')}${String(await answer)}`).not.toContain('4711')
    expect(String(await answer)).toContain('AT+CPIN="****"')
  })
})
