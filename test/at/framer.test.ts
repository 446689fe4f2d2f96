/** The framer on transcripts of real and documented modems (modem-facts 8), whole and in every cut. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Framer } from '../../src/at/framer.ts'
import { cutAt, cutSizes, everyCut, latin1, oneByOne } from './cuts.ts'

function linesOf(pieces: readonly Buffer[]): string[] {
  const framer = new Framer()
  return pieces.flatMap((piece) => {
    framer.push(piece)
    return drain(framer)
  })
}

function drain(framer: Framer): string[] {
  const lines: string[] = []
  for (let line = framer.next(); line !== undefined; line = framer.next()) lines.push(line)
  return lines
}

/** Takes lines up to CONNECT; the rest is the peer's, as the DTE does it. */
function untilConnect(pieces: readonly Buffer[]): { lines: string[]; payload: string } {
  const framer = new Framer()
  const lines: string[] = []
  const payload: Buffer[] = []
  let connected = false
  for (const piece of pieces) {
    if (connected) {
      payload.push(piece)
      continue
    }
    framer.push(piece)
    for (let line = framer.next(); line !== undefined && !connected; line = connected ? undefined : framer.next()) {
      lines.push(line)
      connected = line.startsWith('CONNECT')
    }
    if (connected) payload.push(framer.takeRest())
  }
  return { lines, payload: Buffer.concat(payload).toString('latin1') }
}

const TRANSCRIPTS: readonly (readonly [string, string, readonly string[]])[] = [
  ['an echo and its OK, as captured', 'AT\r\r\nOK\r\n', ['AT', 'OK']],
  ['T1 attached', '\r\n+CGATT: 1\r\n\r\nOK\r\n', ['+CGATT: 1', 'OK']],
  ['T1 an address without OK', '\r\n10.78.245.128\r\n', ['10.78.245.128']],
  ['T2 server', '\r\nOK\r\n\r\nSERVER OK\r\n', ['OK', 'SERVER OK']],
  ['T2 accept', '\r\nREMOTE IP: 10.78.103.220\r\n', ['REMOTE IP: 10.78.103.220']],
  ['T2 close', '\r\nOK\r\n\r\nSERVER CLOSE\r\n\r\nCLOSE OK\r\n', ['OK', 'SERVER CLOSE', 'CLOSE OK']],
  [
    'T3 names',
    '\r\nOK\r\n\r\n+CDNSGIP: 1,"www.baidu.com","119.75.218.77"\r\n',
    ['OK', '+CDNSGIP: 1,"www.baidu.com","119.75.218.77"'],
  ],
  ['T3 no name', '\r\n+CDNSGIP: 0,8\r\n', ['+CDNSGIP: 0,8']],
  ['T4 acknowledged', '\r\n+CIPACK: 12,12,0\r\n\r\nOK\r\n', ['+CIPACK: 12,12,0', 'OK']],
  ['T5 the last echo', 'ATE0\r\r\nOK\r\n', ['ATE0', 'OK']],
  ['T5 refused, shut', '\r\nERROR\r\n\r\nSHUT OK\r\n', ['ERROR', 'SHUT OK']],
  ['T6 boot', '\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\nERROR\r\n', ['RDY', '+CFUN: 1', 'ERROR']],
  ['T7 noise', '\r\n+CPIN: NOT READY\r\n\x00\xf8\x80\xff\x9e\r\n', ['+CPIN: NOT READY', '\x00\xf8\x80\xff\x9e']],
  [
    'T8 a failed dial',
    '\r\nOK\r\n\r\nSTATE: TCP CLOSED\r\n\r\nCONNECT FAIL\r\n',
    ['OK', 'STATE: TCP CLOSED', 'CONNECT FAIL'],
  ],
  [
    'T9 time',
    '\r\n*PSUTTZ: 2020,12,9,12,57,4,"+12",0\r\n\r\nDST: 0\r\n',
    ['*PSUTTZ: 2020,12,9,12,57,4,"+12",0', 'DST: 0'],
  ],
  ['T10 the trap', '\r\nCONNECT OK\r\n\r\nALREADY CONNECT\r\n', ['CONNECT OK', 'ALREADY CONNECT']],
  ['T11 with its rate', '\r\nCONNECT 1500000\r\n', ['CONNECT 1500000']],
  ['T13 mode', '\r\n+CIPMODE: 0\r\n\r\nOK\r\n', ['+CIPMODE: 0', 'OK']],
  ['T13 SIM', '\r\n+CPIN: READY\r\n\r\nOK\r\n', ['+CPIN: READY', 'OK']],
  ['T13 APN', '\r\n+CSTT: "web.vmc.net.co","",""\r\n\r\nOK\r\n', ['+CSTT: "web.vmc.net.co","",""', 'OK']],
  ['T13 payload and close', 'bla\r\nCLOSED\r\n123123123\r\n', ['bla', 'CLOSED', '123123123']],
  ['T13 fail', '\r\nALREADY CONNECT\r\n\r\nCONNECT FAIL\r\n', ['ALREADY CONNECT', 'CONNECT FAIL']],
  ['ATV0', '+CSQ: 17,0\r\n0\r4\r3\r', ['+CSQ: 17,0', '0', '4', '3']],
  ['ATV0 with echo', 'AT\r0\r', ['AT', '0']],
  ['power-up bytes', '\0IIII\xff\xff\xff\xff\r\nRDY\r\n', ['\0IIII\xff\xff\xff\xff', 'RDY']],
]

describe('lines are the same however the bytes are cut', () => {
  test.each(TRANSCRIPTS)('%s', (_, text, lines) => {
    for (const pieces of everyCut(latin1(text))) expect(linesOf(pieces)).toEqual(lines)
  })

  test('any transcripts in any order, in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TRANSCRIPTS), { maxLength: 6 }), cutSizes(), (rows, sizes) => {
        const bytes = latin1(rows.map(([, text]) => text).join(''))
        expect(linesOf(cutAt(bytes, sizes))).toEqual(rows.flatMap(([, , lines]) => [...lines]))
      }),
    )
  })

  test('any bytes, in any pieces', () => {
    const byte = fc.constantFrom(...Buffer.from('\r\n\r\nCONECT OK0>+: \0\xff', 'latin1'))
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 300 }), cutSizes(), (bytes, sizes) => {
        const all = Buffer.from(bytes)
        expect(linesOf(cutAt(all, sizes))).toEqual(linesOf([all]))
      }),
    )
  })
})

describe('P4 what the peer says first is never taken for a line of the modem', () => {
  const PAYLOADS = [
    'MQTT banner',
    '\nbegins with LF',
    '\rbegins with CR',
    '\r\nbegins with CR LF',
    '\r\n\r\nCONNECT\r\nOK\r\n',
    '\n',
    '\r',
    '\0\xff\x11\x13',
    '\r\nCLOSED\r\n',
  ]
  const GREETINGS = ['\r\nOK\r\n\r\nCONNECT\r\n', '\r\nCONNECT 115200\r\n', 'ATO\r\r\nCONNECT\r\n']
  const rows = GREETINGS.flatMap((greeting) => PAYLOADS.map((payload) => [greeting, payload] as const))

  test.each(rows)('%j glued to %j, in every cut', (greeting, payload) => {
    for (const pieces of everyCut(latin1(greeting + payload))) {
      const found = untilConnect(pieces)
      expect(found.lines.at(-1)).toMatch(/^CONNECT/)
      expect(found.payload).toBe(payload)
    }
  })

  test('CONNECT is not complete before its LF, which belongs to the modem', () => {
    const framer = new Framer()
    framer.push(latin1('\r\nCONNECT\r'))
    expect(framer.next()).toBeUndefined()
    framer.push(latin1('\n\nX'))
    expect(framer.next()).toBe('CONNECT')
    expect(framer.takeRest().toString()).toBe('\nX')
    expect(framer.takeRest()).toHaveLength(0)
  })

  test('CONNECT with a CR alone leaves the next byte to the peer', () => {
    expect(untilConnect(oneByOne(latin1('\r\nCONNECT\rX'))).payload).toBe('X')
  })

  test('any payload after CONNECT, in any pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cutSizes(), (bytes, sizes) => {
        const payload = Buffer.from(bytes).toString('latin1')
        expect(untilConnect(cutAt(latin1(`\r\nOK\r\n\r\nCONNECT\r\n${payload}`), sizes)).payload).toBe(payload)
      }),
    )
  })
})

describe('noise', () => {
  test('without a line end stays bounded, and the next answer is heard', () => {
    const framer = new Framer()
    for (let i = 0; i < 1000; i += 1) {
      framer.push(Buffer.alloc(100, 0xf5))
      expect(framer.next()).toBeUndefined()
      expect(framer.partial.length).toBeLessThanOrEqual(2048 + 100)
    }
    framer.push(latin1('\r\nOK\r\n'))
    expect(drain(framer).at(-1)).toBe('OK')
  })

  test('of line ends alone is nothing, and only what may begin a line is kept', () => {
    const framer = new Framer()
    framer.push(Buffer.alloc(5000, '\r\n\n\r'))
    expect(framer.next()).toBeUndefined()
    expect(framer.partial).toBe('\r')
  })

  test('a line that has begun keeps the line end before it, in every cut', () => {
    for (const pieces of everyCut(latin1('\r\nOK\r\n\r\nUNDER'))) {
      const framer = new Framer()
      for (const piece of pieces) {
        framer.push(piece)
        drain(framer)
      }
      expect(framer.takeRest().toString('latin1')).toBe('\r\nUNDER')
    }
  })

  test('a prompt can be seen before any line end comes', () => {
    const framer = new Framer()
    framer.push(latin1('\r\n> '))
    expect(framer.next()).toBeUndefined()
    expect(framer.partial).toBe('\r\n> ')
  })
})
