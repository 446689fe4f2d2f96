import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONGEST_HEAD, readRequest } from '../../src/bridge/proxy-request.ts'
import { isAllowed, parseAllowed } from '../../src/config/destination.ts'
import { isHost } from '../../src/config/endpoint.ts'

const socks = (host: string, port: number, methods: readonly number[] = [0]): Buffer =>
  Buffer.concat([
    Buffer.from([5, methods.length, ...methods, 5, 1, 0, 3, host.length]),
    Buffer.from(host, 'latin1'),
    Buffer.from([port >> 8, port & 255]),
  ])
const http = (host: string, port: number, fields = ''): Buffer =>
  Buffer.from(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)

const hosts = fc.oneof(fc.domain(), fc.ipV4())
const ports = fc.integer({ min: 1, max: 65_535 })
const requests = fc.record({
  host: hosts,
  port: ports,
  make: fc.constantFrom<(host: string, port: number) => Buffer>(socks, http),
})

test('a request is read alike at every cut: before its end it wants more, behind it is the server’s', () => {
  fc.assert(
    fc.property(requests, fc.uint8Array({ maxLength: 40 }), ({ host, port, make }, rest) => {
      const request = make(host, port)
      const whole = Buffer.concat([request, rest])
      for (let cut = 0; cut <= whole.length; cut += 1) {
        const reading = readRequest(whole.subarray(0, cut))
        if (cut < request.length) expect(reading.kind).toBe('more')
        else expect(reading).toMatchObject({ kind: 'request', host, port, length: request.length })
      }
    }),
    { numRuns: 60 },
  )
})

test('P8 whatever is said, only a host and a port that fit between quotes come out', () => {
  const scrap = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string().map((text) => Buffer.from(text)),
    fc
      .constantFrom('CONNECT ', ' HTTP/1.1\r\n', '\r\n\r\n', ':', '"', ';', 'x.y:1', '\0', ' ', '\r')
      .map((t) => Buffer.from(t)),
    fc.constantFrom([5, 1, 0], [5, 1, 0, 1], [5, 1, 0, 3], [5, 1, 0, 4], [4, 1]).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.string(), ports).map(([host, port]) => socks(host.slice(0, 255), port)),
    fc.tuple(fc.string(), ports).map(([host, port]) => http(host, port)),
  )
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 6 }), (parts) => {
      const bytes = Buffer.concat(parts)
      const reading = readRequest(bytes)
      if (reading.kind === 'more') expect(bytes.length).toBeLessThan(LONGEST_HEAD)
      if (reading.kind !== 'request') return
      expect(isHost(reading.host)).toBe(true)
      expect(reading.host).toMatch(/^[\w.-]+$/)
      expect(reading.port).toBeGreaterThan(0)
      expect(reading.port).toBeLessThan(65_536)
      expect(reading.length).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 2_000 },
  )
})

test('once refused it stays refused, whatever follows', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.uint8Array({ maxLength: 50 }), (said, more) => {
      const before = readRequest(Buffer.from(said))
      const after = readRequest(Buffer.concat([said, more]))
      if (before.kind === 'refused') expect(after).toEqual(before)
    }),
    { numRuns: 1_000 },
  )
})

describe('refusals', () => {
  const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
  test.each([
    ['SOCKS5 with a password', hex('05 01 02'), '05ff'],
    ['SOCKS5 without a method', hex('05 00'), '05ff'],
    ['SOCKS5 BIND', hex('05 01 00 05 02 00 01'), '0507000100000000'],
    ['SOCKS5 UDP', hex('05 01 00 05 03'), '0507000100000000'],
    ['SOCKS5 with IPv6', hex('05 01 00 05 01 00 04'), '0508000100000000'],
    ['SOCKS5 with an empty name', hex('05 01 00 05 01 00 03 00 00 50'), '0501000100000000'],
    ['SOCKS5 with port 0', hex('05 01 00 05 01 00 01 01 02 03 04 00 00'), '0501000100000000'],
    ['SOCKS5 with a quote in the name', socks('a","b', 80), '0501000100000000'],
    ['SOCKS4', hex('04 01 00 50 01 02 03 04 00'), '005b'],
  ])('%s', (_name, bytes, answer) => {
    const reading = readRequest(bytes)
    expect(reading.kind === 'refused' && reading.answer.toString('hex').startsWith(answer)).toBe(true)
  })

  test.each([
    ['GET http://example.com/ HTTP/1.1\r\n\r\n', '405 Method Not Allowed\r\nAllow: CONNECT'],
    ['CONNECT [::1]:80 HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['CONNECT example.com HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['CONNECT example.com:0 HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['CONNECT example.com:99999 HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['CONNECT a"b.com:80 HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['CONNECT example.com:80 HTTP/2\r\n\r\n', '400 Bad Request'],
    ['hello\r\n\r\n', '400 Bad Request'],
    [`CONNECT example.com:80 HTTP/1.1\r\nX: ${'x'.repeat(LONGEST_HEAD)}`, '431 Request Header Fields Too Large'],
  ])('%j', (text, answer) => {
    const reading = readRequest(Buffer.from(text))
    expect(reading.kind === 'refused' && reading.answer.toString()).toContain(`HTTP/1.1 ${answer}`)
  })

  test('what is neither gets no answer at all', () => {
    expect(readRequest(Buffer.from('\u0016\u0003\u0001'))).toMatchObject({ kind: 'refused', answer: Buffer.alloc(0) })
  })
})

test.each([
  ['example.com', 'EXAMPLE.com', 80, true],
  ['example.com', 'www.example.com', 80, false],
  ['example.com', 'notexample.com', 80, false],
  ['*.example.com', 'a.b.example.com', 80, true],
  ['*.example.com', 'example.com', 80, false],
  ['*.example.com', 'badexample.com', 80, false],
  ['example.com:443', 'example.com', 443, true],
  ['example.com:443', 'example.com', 80, false],
  ['*:443', 'anything.org', 443, true],
  ['*', '192.0.2.1', 9, true],
  ['192.0.2.0/24', '192.0.2.77', 9, true],
  ['192.0.2.0/24', '192.0.3.77', 9, false],
  ['192.0.2.0/24', '192.0.2.77.example.com', 9, false],
])('the list %s, asked for %s:%i: %s', (line, host, port, expected) => {
  const reading = parseAllowed(line)
  expect('value' in reading && isAllowed([reading.value], host, port)).toBe(expected)
})

test.each(['', 'a b', '*x', 'x:0', 'x:99999', '[::1]:1', '1.2.3', 'a/24', '*.'])('%j is no destination', (line) => {
  expect(parseAllowed(line)).toHaveProperty('problem')
})
