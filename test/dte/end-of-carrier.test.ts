/** The modem's last words at the end of the stream, told from the peer's bytes (modem-facts 3.1, 0.2, 4). */
import { describe, expect, test } from 'vitest'
import { EndOfCarrier, type LastWord, type Suspicion } from '../../src/dte/end-of-carrier.ts'
import { everyCut, latin1 } from '../at/cuts.ts'

const WORDS: readonly (readonly [string, LastWord])[] = [
  ['CLOSED', 'closed'],
  ['+PDP: DEACT', 'context-lost'],
  ['+PDP DEACT', 'context-lost'],
  ['NO CARRIER', 'lost'],
  ['RDY', 'rebooted'],
  ['NORMAL POWER DOWN', 'powered-down'],
  ['NORMAL POWER OFF', 'powered-down'],
  ['UNDER-VOLTAGE POWER DOWN', 'under-voltage'],
  ['UNDER-VOLTAGE POWER OFF', 'under-voltage'],
  ['OVER-VOLTAGE POWER DOWN', 'powered-down'],
  ['OVER-VOLTAGE POWER OFF', 'powered-down'],
]
const SYNC = '\0IIII\xff\xff\xff\xff'
const framed = (word: string): string => `\r\n${word}\r\n`

/** What came of the pieces: bytes for the client at once, and what is held. */
function pushAll(pieces: readonly Buffer[]): { end: EndOfCarrier; delivered: string } {
  const end = new EndOfCarrier()
  const delivered = Buffer.concat(pieces.map((piece) => Buffer.from(end.push(piece)))).toString('latin1')
  return { end, delivered }
}

describe('P1 the modem’s words never reach the client, in whatever cut they come', () => {
  test.each(WORDS)('%s', (word, meaning) => {
    for (const prefix of ['', 'payload', 'line\r\n', '\r', '\r\n', '\r\n\r\n', '\0', 'x\r\nCLO']) {
      for (const pieces of everyCut(latin1(prefix + framed(word)))) {
        const { end, delivered } = pushAll(pieces)
        expect(end.suspicion).toBe('complete')
        expect(end.lastWord).toBe(meaning)
        expect(end.leaked).toBe(0)
        expect(delivered).toBe(prefix)
        end.convict()
        expect([end.held, end.suspicion]).toEqual([0, 'none'])
      }
    }
  })

  const FOLLOWED: readonly (readonly [string, LastWord])[] = [
    ['\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n', 'rebooted'],
    ['\r\nRDY\r\n\r\n+CSMINS: 1,1\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: NOT INSERTED\r\n', 'rebooted'],
    ['\r\nRDY\r\n\r\n+CREG: 1,"1A2B","00C3"\r\n\r\n+CGREG: 1\r\n', 'rebooted'],
    ['\r\nCLOSED\r\n\r\nRING\r\n', 'closed'],
    [`${SYNC}\r\nRDY\r\n\r\n+CFUN: 1\r\n`, 'rebooted'],
    [`${SYNC}\r\nRDY\r\n`, 'rebooted'],
  ]
  test.each(FOLLOWED)('with what a booting modem says then: %j', (text, meaning) => {
    for (const pieces of everyCut(latin1(`payload${text}`))) {
      const { end, delivered } = pushAll(pieces)
      expect([end.suspicion, end.lastWord, delivered]).toEqual(['complete', meaning, 'payload'])
    }
  })

  test.each(['\r', '\r\n', '\r\nCLO', '\r\nCLOSED', '\r\nCLOSED\r', '\r\nCLOSED\r\n', '\r\nCLOSED\r\n\r\nRIN'])(
    'a restart that cuts them short: %j',
    (begun) => {
      for (const pieces of everyCut(latin1(`payload${begun}${SYNC}`))) {
        const { end, delivered } = pushAll(pieces)
        expect([end.suspicion, end.lastWord, delivered]).toEqual(['complete', 'rebooted', 'payload'])
      }
    },
  )

  test('they stay the modem’s while the line after them is unfinished', () => {
    const { end } = pushAll([latin1('\r\nRDY\r\n')])
    for (const char of '\r\n+CFUN: 1\r\n') {
      expect(end.push(latin1(char))).toHaveLength(0)
      expect(end.suspicion).toBe('complete')
    }
  })
})

describe('P1 what the peer says is delivered, however much it looks like the modem', () => {
  const PAYLOAD: readonly (readonly [string, string, Suspicion])[] = [
    ['\r\nCLOSED\r\nX', '\r\nCLOSED\r\nX', 'none'],
    ['\r\nCLOSED\r\n\r\nX', '\r\nCLOSED\r\n\r\nX', 'none'],
    ['\r\nCLOSED\r\n\n', '\r\nCLOSED\r\n\n', 'none'],
    ['\r\nCLOSED \r\n', '\r\nCLOSED ', 'line-end'],
    ['\r\nclosed\r\n', '\r\nclosed', 'line-end'],
    ['xCLOSED\r\n', 'xCLOSED', 'line-end'],
    ['\nCLOSED\r\n', '\nCLOSED', 'line-end'],
    ['\rCLOSED\r\n', '\rCLOSED', 'line-end'],
    ['\r\nCLOSED\r', '', 'partial'],
    ['\r\nCLOSED\n', '\r\nCLOSED\n', 'none'],
    ['\r\nCLOSED\r\r', '\r\nCLOSED\r', 'line-end'],
    ['\r\n\r\nCLOSED\r\n', '\r\n', 'complete'],
    ['\r\r\nCLOSED\r\n', '\r', 'complete'],
    ['\r\nCLOSE', '', 'partial'],
    ['\r\nCLOSE\r\n', '\r\nCLOSE', 'line-end'],
    ['\r\nCLOSEDX', '\r\nCLOSEDX', 'none'],
    ['\r\nOK\r\n', '\r\nOK', 'line-end'],
    ['\r\ntoString\r\n', '\r\ntoString', 'line-end'],
    ['\r\n__proto__\r\n', '\r\n__proto__', 'line-end'],
    ['\r\nconstructor\r\n', '\r\nconstructor', 'line-end'],
    ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK', 'line-end'],
    ['\r\nRDY\r\n\r\n+CFUX', '\r\nRDY\r\n\r\n+CFUX', 'none'],
    ['\0', '', 'line-end'],
    ['\0III', '', 'line-end'],
    ['\0IIII', '', 'partial'],
    ['\0IIIX', '\0IIIX', 'none'],
    ['\0\0\0', '\0\0', 'line-end'],
    [`${SYNC}X`, `${SYNC}X`, 'none'],
  ]
  test.each(PAYLOAD)('%j', (text, delivered, suspicion) => {
    for (const pieces of everyCut(latin1(text))) {
      const found = pushAll(pieces)
      expect([found.delivered, found.end.suspicion]).toEqual([delivered, suspicion])
      expect(found.delivered + found.end.acquit().toString('latin1')).toBe(text)
    }
  })

  test.each(WORDS)('%s followed by anything but a line of the modem', (word) => {
    for (const more of ['X', '\n', ' ', '\r\nX', '\r\n\r\n\r\nX', '\0X', '+X', '++++', '\r\nXOK']) {
      const text = framed(word) + more
      for (const pieces of everyCut(latin1(text))) {
        const { end, delivered } = pushAll(pieces)
        expect(end.lastWord).toBeUndefined()
        expect(delivered + end.acquit().toString('latin1')).toBe(text)
      }
    }
  })

  test('a peer that says CLOSED and then closes: its own word is delivered, the modem’s is not', () => {
    for (const pieces of everyCut(latin1('\r\nCLOSED\r\n\r\nCLOSED\r\n'))) {
      const { end, delivered } = pushAll(pieces)
      expect([delivered, end.lastWord]).toEqual(['\r\nCLOSED\r\n', 'closed'])
      end.convict()
    }
  })

  test('P2 the modem says CLOSED once: the one before was the peer’s', () => {
    const { end, delivered } = pushAll([latin1(framed('CLOSED').repeat(4))])
    expect([delivered, end.lastWord]).toEqual([framed('CLOSED').repeat(3), 'closed'])
  })

  test('P2 whatever the last words are, only a last CLOSED makes a clean end', () => {
    for (const [one] of WORDS) {
      for (const [other, meaning] of WORDS) {
        const { end, delivered } = pushAll([latin1(framed(one) + framed(other))])
        expect(end.suspicion).toBe('complete')
        // What is not the modem's for sure may be kept back at an end that is no clean one, never changed.
        expect(framed(one).startsWith(delivered)).toBe(true)
        if (end.lastWord === 'closed') expect([meaning, delivered]).toEqual(['closed', framed(one)])
      }
    }
  })

  test('P2 CLOSED and then the end of the context: whoever said the first, it is no clean end', () => {
    for (const word of ['+PDP: DEACT', '+PDP DEACT']) {
      expect(pushAll([latin1(framed('CLOSED') + framed(word))]).end.lastWord).toBe('context-lost')
    }
  })

  test('a follower longer than any URC is the peer’s', () => {
    const text = `\r\nRDY\r\n\r\n+CPIN: ${'x'.repeat(80)}`
    const { end, delivered } = pushAll([latin1(text)])
    expect([delivered, end.suspicion]).toEqual([text, 'none'])
  })

  test('followers without end are the peer’s, and are not hoarded', () => {
    const end = new EndOfCarrier()
    const text = `\r\nRDY\r\n${'\r\n+CREG: 1\r\n'.repeat(100)}`
    const delivered: Buffer[] = []
    for (const byte of latin1(text)) {
      delivered.push(Buffer.from(end.push(Buffer.of(byte))))
      expect(end.held).toBeLessThanOrEqual(400)
    }
    expect(Buffer.concat([...delivered, end.acquit()]).toString('latin1')).toBe(text)
  })
})

describe('given up for a while', () => {
  test('what was released is still recognised when its rest comes, and the leak is told', () => {
    for (let cut = 1; cut < '\r\nCLOSED\r\n'.length; cut += 1) {
      const text = '\r\nCLOSED\r\n'
      const end = new EndOfCarrier()
      expect(end.push(latin1(text.slice(0, cut)))).toHaveLength(0)
      expect(end.release().toString('latin1')).toBe(text.slice(0, cut))
      expect(end.held).toBe(0)
      expect(end.push(latin1(text.slice(cut)))).toHaveLength(0)
      expect([end.suspicion, end.lastWord, end.leaked]).toEqual(['complete', 'closed', cut])
      expect(end.held).toBe(text.length - cut)
    }
  })

  test('nothing is delivered twice when the rest turns out to be the peer’s', () => {
    const end = new EndOfCarrier()
    const parts = [end.push(latin1('a\r\nCL')), end.release(), end.push(latin1('OSET')), end.acquit()]
    expect(parts.map(String)).toEqual(['a', '\r\nCL', 'OSET', ''])
  })

  test('a new word may begin inside what was released', () => {
    const end = new EndOfCarrier()
    const parts = [end.push(latin1('\r')), end.release(), end.push(latin1('\r\nCLOSED\r\n'))].map(String)
    expect(parts).toEqual(['', '\r', ''])
    expect([end.suspicion, end.leaked]).toEqual(['complete', 0])
  })

  test('acquitted words are forgotten: the next ones are judged afresh', () => {
    const end = new EndOfCarrier()
    end.push(latin1('\r\nCLOSED\r\n'))
    expect(end.acquit().toString()).toBe('\r\nCLOSED\r\n')
    expect([end.suspicion, end.held, end.lastWord]).toEqual(['none', 0, undefined])
    expect(end.push(latin1('X')).toString()).toBe('X')
  })
})
