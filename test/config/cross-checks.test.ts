import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'

const CONTEXT = 'context: { apn: internet }'
const ROUTES = 'routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1 }]'

function problems(text: string): string[] {
  const loaded = parseConfig(text, 'c.yaml', {})
  return 'problems' in loaded ? loaded.problems.map(formatProblem) : []
}

describe('routes over UDP', () => {
  test.each([
    ['listen: udp://127.0.0.1:53, to: udp://192.0.2.1:53'],
    ['listen: 127.0.0.1:53, to: udp://192.0.2.1:53'],
    ['listen: /run/x.sock, to: [udp://192.0.2.1:53]'],
    ['listen: "udp://[::1]:53", to: udp://dns.example.com:53, open: always, busy: queue'],
  ])('may be as in %s', (keys) => {
    expect(problems(`${CONTEXT}\nroutes: [{ name: a, ${keys} }]`)).toEqual([])
  })

  test.each([
    [
      'listen: udp://127.0.0.1:53, to: tcp://x:1',
      'to: "tcp://x:1" is not UDP, but listen is, expected udp://HOST:PORT',
    ],
    ['listen: udp://127.0.0.1:53, to: [tls://x:1]', 'to: "tls://x:1" is not UDP, but listen is'],
    ['listen: 127.0.0.1:53, to: [udp://x:1, udp://y:1]', 'to: has udp:// in a list, but UDP does not tell'],
    ['listen: 127.0.0.1:53, to: [tcp://x:1, udp://y:1]', 'to: has udp:// in a list'],
    ['listen: udp://127.0.0.1:53, to: udp://x:1, tls: { serverName: x }', 'tls: is set, but `to` has no tls://'],
    ['listen: udp://0.0.0.0:53, to: udp://x:1', 'listen: "udp://0.0.0.0:53" is not loopback'],
    ['listen: udp://localhost, to: udp://x:1', 'listen: "udp://localhost" is not an address with a port'],
    ['listen: udp:///run/x.sock, to: udp://x:1', 'listen: "udp:///run/x.sock" is not an address with a port'],
  ])('not as in %s', (keys, expected) => {
    const found = problems(`${CONTEXT}\nroutes: [{ name: a, ${keys} }]`)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`routes[0].${expected}`)
  })

  test('UDP and TCP may have the same port, two of the same kind may not', () => {
    const route = (name: string, listen: string): string => `{ name: ${name}, listen: ${listen}, to: udp://x:1 }`
    const both = (other: string): string[] =>
      problems(`${CONTEXT}\nroutes: [${route('a', 'udp://127.0.0.1:53')}, ${route('b', other)}]`)
    expect(both('127.0.0.1:53')).toEqual([])
    expect(both('udp://127.0.0.1:53')).toEqual([expect.stringContaining('routes[1].listen')])
  })

  test('the proxy and callers have nothing to do with it', () => {
    const proxy = 'proxy: { listen: udp://127.0.0.1:1, allow: ["*"] }'
    expect(problems(`${CONTEXT}\n${ROUTES}\n${proxy}`)).toEqual([expect.stringContaining('proxy.listen')])
    const inbound = 'inbound: [{ name: b, modemPort: 1, to: udp://127.0.0.1:1, allowFrom: [10.0.0.0/8] }]'
    expect(problems(`${CONTEXT}\n${ROUTES}\n${inbound}`)).toEqual([expect.stringContaining('inbound[0].to')])
  })
})

test('P13 metrics beyond loopback need a list of those who may ask', () => {
  const open = 'metrics: { listen: 0.0.0.0:9479'
  const refusal =
    /^c\.yaml:1:20 metrics\.listen: "0\.0\.0\.0:9479" is not loopback, expected 127\.0\.0\.1 or a list allowFrom/
  expect(problems(`${open} }\n${CONTEXT}\n${ROUTES}`)).toEqual([expect.stringMatching(refusal)])
  expect(problems(`${open}, allowFrom: [192.168.1.0/24] }\n${CONTEXT}\n${ROUTES}`)).toEqual([])
  expect(problems(`metrics: { listen: "[::1]:9479" }\n${CONTEXT}\n${ROUTES}`)).toEqual([])
})

test('an escape by DTR needs a DTR', () => {
  const escape = 'escape: { method: dtr }'
  expect(problems(`${escape}\nline: { dtr: none }\n${CONTEXT}\n${ROUTES}`)).toEqual([
    'c.yaml:1:19 escape.method: "dtr" has no wire, for line.dtr is none, expected auto or plus',
  ])
  expect(problems(`${escape}\n${CONTEXT}\n${ROUTES}`)).toEqual([])
})

test('metrics cannot have the address of a route', () => {
  expect(problems(`metrics: { listen: 127.0.0.1:1883 }\n${CONTEXT}\n${ROUTES}`)).toEqual([
    'c.yaml:1:20 metrics.listen: "127.0.0.1:1883" is taken by the route that listens on 127.0.0.1:1883, expected a free address',
  ])
})

describe('several routes', () => {
  const routes = (...items: string[]): string =>
    `${CONTEXT}\nroutes:\n${items.map((item) => `  - { ${item} }\n`).join('')}`

  test('each has its own name and its own address', () => {
    const text = routes('name: a, listen: localhost:1, to: tcp://x:1', 'name: a, listen: 127.0.0.1:1, to: tcp://x:1')
    expect(problems(text)).toEqual([
      'c.yaml:4:13 routes[1].name: "a" is taken by another route, expected its own name',
      expect.stringMatching(
        /^c\.yaml:4:24 routes\[1\]\.listen: "127\.0\.0\.1:1" is taken by the route that listens on/,
      ),
    ])
  })

  test('P13 an address beyond loopback needs a list of those who may connect', () => {
    const open = 'name: a, listen: 0.0.0.0:1, to: tcp://x:1'
    const refusal = [expect.stringContaining('"0.0.0.0:1" is not loopback, expected 127.0.0.1 or a list allowFrom')]
    expect(problems(routes(open))).toEqual(refusal)
    expect(problems(routes(`${open}, allowFrom: []`))).toEqual(refusal)
    const loaded = parseConfig(routes(`${open}, allowFrom: [192.168.1.0/24]`), 'c.yaml')
    expect(loaded).toMatchObject({
      config: { routes: [{ allowFrom: [{ address: '192.168.1.0', prefix: 24, family: 'ipv4' }] }] },
    })
  })

  test('one of them may keep its carrier up, for there is one carrier', () => {
    const always = 'to: tcp://x:1, open: always'
    const found = problems(routes(`name: a, listen: 127.0.0.1:1, ${always}`, `name: b, listen: 127.0.0.1:2, ${always}`))
    expect(found).toEqual([
      expect.stringMatching(/^c\.yaml:4:.*routes\[1\]\.open: "always" is what another route has already/),
    ])
  })

  test('the proxy has its own name and address, and P13 keeps to loopback like a route', () => {
    const text = `${routes('name: proxy, listen: 127.0.0.1:1, to: tcp://x:1')}proxy: { listen: 127.0.0.1:1, allow: ["*"] }`
    expect(problems(text)).toEqual([
      expect.stringContaining('routes[0].name: "proxy" is taken'),
      expect.stringContaining('proxy.listen: "127.0.0.1:1" is taken by the route'),
    ])
    const open = `${CONTEXT}\n${ROUTES}\nproxy: { listen: 0.0.0.0:1080, allow: ["*"] }`
    expect(problems(open)).toEqual([expect.stringContaining('proxy.listen: "0.0.0.0:1080" is not loopback')])
  })

  test('a broken route does not hide what is wrong with the next', () => {
    const found = problems(routes('name: 5', 'name: b, listen: 0.0.0.0:1, to: tcp://x:1'))
    const paths = found.map((line) => line.split(' ')[1])
    expect(paths).toEqual(['routes[0].listen:', 'routes[0].to:', 'routes[0].name:', 'routes[1].listen:'])
  })
})

describe('callers', () => {
  const call = (keys = ''): string => `{ name: ssh, modemPort: 22, to: 127.0.0.1:22, allowFrom: [10.0.0.0/8]${keys} }`

  test.each([
    [`[${call()}, ${call()}]`, 'inbound: has more than one entry: the modem listens on one port'],
    ['[{ name: ssh, modemPort: 22, to: 127.0.0.1:22 }]', 'inbound[0].allowFrom: is missing'],
    ['[{ name: a, modemPort: 22, to: 127.0.0.1:22, allowFrom: [] }]', 'inbound[0].name: "a" is taken by a route'],
    ['here', 'inbound: is "here", expected a list of at most one'],
  ])('%s is refused', (inbound, expected) => {
    expect(problems(`${CONTEXT}\n${ROUTES}\ninbound: ${inbound}`).join('\n')).toContain(expected)
  })

  test('leave no carrier that is always up', () => {
    const routes = 'routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1, open: always }]'
    expect(problems(`${CONTEXT}\n${routes}\ninbound: [${call()}]`)).toEqual([
      expect.stringContaining('routes[0].open: always leaves no time in which somebody could call'),
    ])
    expect(problems(`${CONTEXT}\n${ROUTES}\ninbound: [${call()}]`)).toEqual([])
  })
})
