/** The carrier over the real serial line: bytes both ways, back-pressure, the modem's last words, the end. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import * as at from '../../src/at/commands.ts'
import type { Carrier } from '../../src/dte/carrier.ts'
import { Dte } from '../../src/dte/dte.ts'
import { everyCut, latin1 } from '../at/cuts.ts'
import { Bench, pass, User } from './bench.ts'
import { lineOn, TestPort } from './test-port.ts'

afterEach(() => void vi.useRealTimers())

interface Joined {
  readonly port: TestPort
  readonly dte: Dte
  readonly carrier: Carrier
  readonly user: User
}

/** A carrier on a bare port; `greeting` is how the modem said CONNECT, and what came with it. */
async function joined(pieces: readonly string[] = ['\r\nCONNECT\r\n'], highWaterMark?: number): Promise<Joined> {
  vi.useFakeTimers()
  const port = new TestPort(highWaterMark)
  const dte = new Dte(await lineOn(port), { sent: () => undefined, received: () => undefined })
  await pass(0)
  const dialled = dte.execute(at.dial('host', 1))
  for (const piece of pieces) port.say(piece)
  expect(await dialled).toEqual({ kind: 'connected' })
  const user = new User()
  dte.carrier!.attach(user)
  return { port, dte, carrier: dte.carrier!, user }
}

describe('P4 what comes with CONNECT is the peer’s', () => {
  test('a banner glued to it, in every cut, arrives whole', async () => {
    for (const pieces of everyCut(latin1('\r\nOK\r\n\r\nCONNECT\r\n\nSSH-2.0-x\r\n!'))) {
      const { user } = await joined(pieces.map((piece) => piece.toString('latin1')))
      expect(user.text).toBe('\nSSH-2.0-x\r\n!')
      vi.useRealTimers()
    }
  })

  test('on the virtual modem, and waits for whoever will attach', async () => {
    const bench = await Bench.connect({ peer: (socket) => socket.write('220 hello\r\n') })
    await pass(5000)
    expect(bench.attach().user.text).toBe('220 hello\r\n')
  })
})

describe('P5 back-pressure', () => {
  test('a client that takes nothing stops the line; nothing is lost, and memory stays bounded', async () => {
    const sent = Buffer.from(Array.from({ length: 120_000 }, (_, index) => index % 251))
    const bench = await Bench.connect()
    bench.user.appetite = 1
    bench.attach()
    bench.peer.write(sent)
    await pass(20_000)
    expect(bench.port.stream.isPaused()).toBe(true)
    expect(bench.user.bytes.length).toBeLessThan(5000)
    expect(bench.port.stream.readableLength).toBeLessThan(20_000)
    for (let i = 0; i < 400 && bench.user.bytes.length < sent.length; i += 1) {
      bench.user.appetite = 3000
      bench.carrier.wantMore()
      await pass(100)
    }
    expect(bench.user.bytes.equals(sent)).toBe(true)
    expect(bench.modem.record.lost.output).toBe(0)
  })

  test('bytes that nobody is attached for are kept, in order', async () => {
    const bench = await Bench.connect()
    bench.peer.write('one ')
    await pass(1000)
    bench.peer.write('two')
    await pass(1000)
    expect(bench.attach().user.text).toBe('one two')
  })

  test('a line that takes nothing stops the client; nothing is lost', async () => {
    const { port, carrier, user } = await joined(undefined, 1024)
    const before = port.written.length
    port.stuck = true
    let taken = 0
    while (carrier.write(Buffer.alloc(500, 65 + (taken % 26)))) taken += 1
    const writable = user.writable
    expect(taken).toBeLessThan(20)
    expect(port.stream.writableLength).toBeLessThan(10_000)
    expect(carrier.hasRoom).toBe(false)
    port.free()
    await pass(100)
    expect(user.writable).toBeGreaterThan(writable)
    expect(carrier.hasRoom).toBe(true)
    const all = Array.from({ length: taken + 1 }, (_, index) => String.fromCharCode(65 + (index % 26)).repeat(500))
    expect(port.written.slice(before)).toBe(all.join(''))
    expect(carrier.bytesUp).toBe((taken + 1) * 500)
  })
})

describe('P1 the modem’s last words and what looks like them', () => {
  test('a line end is delivered after a moment, letters of the words a little later', async () => {
    const { port, user } = await joined()
    port.say('hello\r\n')
    expect(user.text).toBe('hello')
    await pass(19)
    expect(user.text).toBe('hello')
    await pass(2)
    expect(user.text).toBe('hello\r\n')
    port.say('\r\nCLO')
    await pass(199)
    expect(user.text).toBe('hello\r\n')
    await pass(2)
    expect(user.text).toBe('hello\r\n\r\nCLO')
  })

  test('whole words are never given up by time: it is evidence that decides', async () => {
    const { port, carrier, user } = await joined()
    let told = 0
    carrier.onSuspicion = () => (told += 1)
    port.say('x\r\nCLOSED\r\n')
    await pass(3_600_000)
    expect([user.text, carrier.lastWord, told]).toEqual(['x', 'closed', 1])
    carrier.acquit()
    expect([user.text, carrier.lastWord]).toEqual(['x\r\nCLOSED\r\n', undefined])
  })

  test('P8 while they may have been said not a byte goes up; when they were data, everything does', async () => {
    const { port, carrier, user } = await joined()
    port.say('\r\nCLOSED\r\n')
    const before = port.written
    expect(carrier.write(Buffer.from('ATD112\r'))).toBe(false)
    await pass(10_000)
    expect(port.written).toBe(before)
    port.say('no, not yet')
    expect(user.text).toBe('\r\nCLOSED\r\nno, not yet')
    expect(port.written).toBe(`${before}ATD112\r`)
  })

  test('P8 of much that goes up little is on its way when they come, also on a tty that tells of no queue', async () => {
    const { port, carrier } = await joined()
    const before = port.written.length
    carrier.write(Buffer.alloc(64 * 1024, 'x'))
    await pass(1000)
    const byThen = 11_520
    expect(port.written.length - before).toBeGreaterThan(byThen - 100)
    // Two pieces of 25 ms.
    expect(port.written.length - before).toBeLessThanOrEqual(byThen + 600)
    port.say('\r\nCLOSED\r\n')
    const atTheEnd = port.written.length
    await pass(1000)
    expect(port.written.length).toBe(atTheEnd)
  })

  test('P8 a tty whose queue CTS holds up is given no more than two pieces, and everything once it moves again', async () => {
    const { port, carrier } = await joined()
    const before = port.written.length
    let moves = false
    port.onWritten = (text) => (port.unsent = moves ? 0 : (port.unsent ?? 0) + text.length)
    carrier.write(Buffer.alloc(20_000, 'x'))
    await pass(60_000)
    expect(port.written.length - before).toBeLessThanOrEqual(600)
    moves = true
    port.unsent = 0
    await pass(2000)
    expect(port.written.length - before).toBe(20_000)
  })

  test('P8 a plus that was held back stays back as well', async () => {
    const { port, carrier } = await joined()
    await pass(2000)
    carrier.write(Buffer.from('+++'))
    const before = port.written
    expect(before.endsWith('\r++')).toBe(true)
    port.say('\r\nCLOSED\r\n')
    await pass(10_000)
    expect(port.written).toBe(before)
  })

  test('at an honest end they are dropped, and the client sees what came before, then the end, once', async () => {
    const { port, dte, user } = await joined()
    port.say('last\r\nCLOSED\r\n')
    dte.endCarrier({ kind: 'closed' })
    dte.endCarrier({ kind: 'closed' })
    port.say('\r\nCall Ready\r\n')
    await pass(1000)
    expect([user.text, user.ends]).toEqual(['last', [{ kind: 'closed' }]])
  })

  test('what only began to look like them is delivered before the end', async () => {
    const { port, dte, user } = await joined()
    port.say('data\r\nCLOS')
    dte.endCarrier({ kind: 'hung-up', unacknowledged: 0 })
    expect([user.text, user.ends.length]).toEqual(['data\r\nCLOS', 1])
  })

  test('P2 words that had leaked are counted: that end is not clean', async () => {
    const { port, dte, carrier } = await joined()
    port.say('\r\nCLO')
    await pass(202)
    port.say('SED\r\n')
    expect(carrier.lastWord).toBe('closed')
    dte.endCarrier({ kind: 'closed' })
    expect(carrier.leaked).toBe(5)
  })
})

describe('P2 the end', () => {
  test('a line that is gone breaks the carrier, after the bytes that came, once', async () => {
    const { port, dte, carrier, user } = await joined()
    port.say('almost')
    port.stream.destroy(new Error('unplugged'))
    await pass(100)
    expect(user.text).toBe('almost')
    expect(user.ends).toMatchObject([{ kind: 'broken', fault: { code: 'line-gone' } }])
    expect([carrier.ended, dte.carrier]).toEqual([true, undefined])
    expect(carrier.write(Buffer.from('x'))).toBe(true)
  })

  test('waits for a client that is slow: nothing is told before all is taken', async () => {
    const { port, dte, carrier, user } = await joined()
    user.appetite = 1
    port.say('one\r\n')
    dte.endCarrier({ kind: 'closed' })
    expect([user.text, user.ends]).toEqual(['one', []])
    user.appetite = 100
    carrier.wantMore()
    expect([user.text, user.ends]).toEqual(['one\r\n', [{ kind: 'closed' }]])
  })

  test('is told to a client that attaches only afterwards', async () => {
    const bench = await Bench.connect()
    const { carrier } = bench
    bench.peer.write('early')
    await pass(1000)
    bench.dte.endCarrier({ kind: 'closed' })
    const user = new User()
    carrier.attach(user)
    expect([user.text, user.ends]).toEqual(['early', [{ kind: 'closed' }]])
  })
})
