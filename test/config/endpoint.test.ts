import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Listen } from '../../src/config/endpoint.ts'
import {
  collide,
  formatListen,
  formatSubnet,
  formatTarget,
  isLocal,
  parseListen,
  parseSubnet,
  parseTarget,
} from '../../src/config/endpoint.ts'

function listen(text: string): Listen {
  const reading = parseListen(text)
  if ('problem' in reading) throw new Error(reading.problem)
  return reading.value
}

const port = fc.integer({ min: 1, max: 65_535 })
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/)
const hostName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))

describe('where a route listens', () => {
  test.each([
    ['127.0.0.1:1883', { host: '127.0.0.1', port: 1883 }],
    ['localhost:80', { host: '127.0.0.1', port: 80 }],
    ['[::1]:1883', { host: '::1', port: 1883 }],
    ['[0:0:0:0:0:0:0:1]:1883', { host: '::1', port: 1883 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
    ['/run/app.sock', { path: '/run/app.sock' }],
  ])('%s is understood', (text, value) => {
    expect(parseListen(text)).toEqual({ value })
  })

  test.each([
    ['127.0.0.1', 'is not an address with a port'],
    ['1883', 'is not an address with a port'],
    ['::1:1883', 'is not an address with a port'],
    ['run/app.sock', 'is not an address with a port'],
    ['127.0.0.1:0', 'has no port from 1 to 65535'],
    ['127.0.0.1:65536', 'has no port from 1 to 65535'],
    ['127.0.0.1:01', 'has no port from 1 to 65535'],
    ['127.0.0.1:', 'has no port from 1 to 65535'],
    ['example.com:80', 'has "example.com" where an IP address of this machine is needed'],
    ['[127.0.0.1]:80', 'has "127.0.0.1" where an IP address of this machine is needed'],
    ['[fe80::1%eth0]:80', 'has "fe80::1%eth0" where an IP address of this machine is needed'],
    ['127.1:80', 'has "127.1" where an IP address of this machine is needed'],
    [`/${'x'.repeat(107)}`, 'is longer than the 107 bytes that the path of a socket may have'],
    ['/run/a\nb', 'is not an absolute path'],
  ])('%j %s', (text, problem) => {
    expect(parseListen(text)).toEqual({ problem })
  })

  test('every address is read back as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (host, number) => {
        const first = listen(formatListen({ host, port: number }))
        expect(listen(formatListen(first))).toEqual(first)
      }),
    )
  })

  test.each([
    ['127.0.0.1:1', true],
    ['127.9.9.9:1', true],
    ['[::1]:1', true],
    ['[::ffff:127.0.0.1]:1', true],
    ['/run/x.sock', true],
    ['0.0.0.0:1', false],
    ['[::]:1', false],
    ['192.168.1.1:1', false],
  ])('%s is for this machine alone: %s', (text, expected) => {
    expect(isLocal(listen(text))).toBe(expected)
  })

  test.each([
    ['127.0.0.1:1', '127.0.0.1:1', true],
    ['127.0.0.1:1', '127.0.0.1:2', false],
    ['127.0.0.1:1', '127.0.0.2:1', false],
    ['0.0.0.0:1', '127.0.0.1:1', true],
    ['127.0.0.1:1', '[::]:1', true],
    ['/a', '/a', true],
    ['/a', '/b', false],
    ['/a', '0.0.0.0:1', false],
  ])('%s and %s cannot both be bound: %s', (a, b, expected) => {
    expect(collide(listen(a), listen(b))).toBe(expected)
  })
})

describe('where a route leads', () => {
  test.each([
    ['tcp://broker.example.com:1883', { scheme: 'tcp', host: 'broker.example.com', port: 1883 }],
    ['tcp://192.0.2.1:1', { scheme: 'tcp', host: '192.0.2.1', port: 1 }],
    ['tls://a-b.c:65535', { scheme: 'tls', host: 'a-b.c', port: 65_535 }],
    ['udp://x:53', { scheme: 'udp', host: 'x', port: 53 }],
  ])('%s is understood', (text, value) => {
    expect(parseTarget(text)).toEqual({ value })
  })

  test.each([
    ['broker:1883', 'does not begin with tcp://'],
    ['http://x:1', 'has an unknown scheme'],
    ['tcp://x', 'has no port from 1 to 65535'],
    ['tcp://x:0', 'has no port from 1 to 65535'],
    ['tcp://x:70000', 'has no port from 1 to 65535'],
    ['tcp://x:1/path', 'has more than a host and a port'],
    ['tcp://:1', 'has no valid host name or IPv4 address'],
    ['tcp://1.2.3:1', 'has no valid host name or IPv4 address'],
    ['tcp://1.2.3.400:1', 'has no valid host name or IPv4 address'],
    ['tcp://a..b:1', 'has no valid host name or IPv4 address'],
    ['tcp://-a:1', 'has no valid host name or IPv4 address'],
    ['tcp://bücher.example:1', 'has no valid host name or IPv4 address'],
    [`tcp://${'a'.repeat(64)}:1`, 'has no valid host name or IPv4 address'],
    ['tcp://[::1]:1', 'is an IPv6 address, which the modem cannot dial'],
    ['tcp://me:secret@x:1', 'has a user name in it, which TCP has no use for'],
  ])('%j %s', (text, problem) => {
    expect(parseTarget(text)).toEqual({ problem })
  })

  test('every target is read back as it was written', () => {
    fc.assert(
      fc.property(fc.constantFrom('tcp', 'tls', 'udp'), fc.oneof(hostName, fc.ipV4()), port, (scheme, host, number) => {
        const value = { scheme, host, port: number }
        expect(parseTarget(formatTarget(value))).toEqual({ value })
      }),
    )
  })

  test('P8 no host that is accepted can end the quotes of an AT command, or the line', () => {
    const hostile = fc.string({ unit: fc.constantFrom('a', '"', ';', '\r', '\n', ',', ' ', '+', '\\', '.', '\0') })
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (host) => {
        const reading = parseTarget(`tcp://${host}:1883`)
        if ('value' in reading) expect(reading.value.host).toMatch(/^[a-z\d.-]+$/i)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('who may connect', () => {
  test.each([
    ['192.168.1.7', { address: '192.168.1.7', prefix: 32, family: 'ipv4' }],
    ['192.168.1.0/24', { address: '192.168.1.0', prefix: 24, family: 'ipv4' }],
    ['FE80::/10', { address: 'fe80::', prefix: 10, family: 'ipv6' }],
  ] as const)('%s is understood', (text, value) => {
    expect(parseSubnet(text)).toEqual({ value })
    expect(parseSubnet(formatSubnet(value))).toEqual({ value })
  })

  test.each([
    ['10.0.0.0/33', 'has a prefix of more than 32 bits'],
    ['::/129', 'has a prefix of more than 128 bits'],
    ['10.0.0/8', 'is not an IP address'],
    ['everyone', 'is not an IP address'],
    ['10.0.0.0/', 'is not an IP address'],
  ])('%j %s', (text, problem) => {
    expect(parseSubnet(text)).toEqual({ problem })
  })
})
