import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'
import type { Config } from '../../src/config/schema.ts'

const CONTEXT = 'context: { apn: internet }'
const ROUTES = 'routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1 }]'

function problems(text: string): string[] {
  const loaded = parseConfig(text, 'c.yaml', {})
  return 'problems' in loaded ? loaded.problems.map(formatProblem) : []
}

function config(text: string): Config {
  const loaded = parseConfig(text, 'c.yaml', {})
  if ('problems' in loaded) throw new Error(problems(text).join('\n'))
  return loaded.config
}

test('a short file is enough: everything else has a default', () => {
  const { line, routes, liveness, recovery } = config(`${CONTEXT}\n${ROUTES}`)
  expect(line).toEqual({
    device: '/dev/serial0',
    baudRate: 115_200,
    flowControl: 'hardware',
    dcd: 'auto',
    dtr: 'auto',
    ri: 'auto',
  })
  expect(routes[0]).toMatchObject({ open: 'on-demand', busy: 'refuse', linger: 2_000, closeTimeout: 30_000 })
  expect(liveness).toEqual({ keepalive: 120_000, probeAfter: 300_000 })
  expect(recovery).toEqual({ firstPause: 2_000, maxPause: 300_000, bootTime: 30_000, healthyAfter: 300_000 })
})

test('a proxy or callers are enough where there is no route', () => {
  expect(config(`${CONTEXT}\nproxy: { listen: 127.0.0.1:1080, allow: ["*"] }`).routes).toEqual([])
  const inbound = 'inbound: [{ name: ssh, modemPort: 22, to: 127.0.0.1:22, allowFrom: [10.0.0.0/8] }]'
  expect(config(`${CONTEXT}\n${inbound}\nroutes: []`).inbound).toHaveLength(1)
})

test('every problem is reported in one go, in the order of the file, with line and column', () => {
  const text = `line:
  baudrate: 9600
  baudRate: fast
context:
  apn: 'x";+CIPSHUT'
routes:
  - name: a
    listen: 127.0.0.1:99999
    to: tcp://x:1
    linger: 5
`
  expect(problems(text)).toEqual([
    expect.stringMatching(/^c\.yaml:2:3 line\.baudrate: unknown key "baudrate", .*did you mean "baudRate"\?$/),
    expect.stringMatching(/^c\.yaml:3:13 line\.baudRate: "fast" is not a number, expected one of 1200, .*921600$/),
    expect.stringMatching(/^c\.yaml:5:8 context\.apn: "x\\";\+CIPSHUT" has a quote, a semicolon .*, expected /),
    expect.stringMatching(
      /^c\.yaml:8:13 routes\[0\]\.listen: "127\.0\.0\.1:99999" has no port from 1 to 65535, expected /,
    ),
    expect.stringMatching(
      /^c\.yaml:10:13 routes\[0\]\.linger: 5 is a bare number, expected a duration with its unit, /,
    ),
  ])
})

describe('one wrong thing gets one line that tells what to write', () => {
  const cases: [name: string, text: string, expected: string][] = [
    ['nothing at all', '', '1:1 (file): is empty'],
    ['comments alone', '# nothing\n', '1:1 (file): is empty'],
    ['a word', 'hello', '1:1 (file): is not a map of keys'],
    ['a list', '- a', '1:1 (file): is not a map of keys'],
    ['no routes', CONTEXT, '1:1 routes: is missing, expected a list of at least one route'],
    ['no route', `${CONTEXT}\nroutes: []`, '2:9 routes: is empty, expected a list of at least one route'],
    [
      'an empty list of callers instead',
      `${CONTEXT}\ninbound: []`,
      '1:1 routes: is missing, expected a list of at least',
    ],
    [
      'TLS twice',
      `${CONTEXT}\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tls://x:1, modemTls: true }]`,
      '2:67 routes[0].modemTls: true is for a server that is reached by tcp://, expected false',
    ],
    [
      'sleep without a wire',
      `${CONTEXT}\n${ROUTES}\nmodem: { sleep: true }\nline: { dtr: none }`,
      '3:17 modem.sleep: true has no wire, for line.dtr is none, expected false, or DTR at a GPIO line',
    ],
    [
      'sleep with callers',
      `${CONTEXT}\nmodem: { sleep: true }\ninbound: [{ name: a, modemPort: 1, to: 127.0.0.1:1, allowFrom: [] }]`,
      '2:17 modem.sleep: true lets what is said first to a caller (inbound) be lost, expected false',
    ],
    [
      'a packet in two ways',
      `${CONTEXT}\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tcp://x:1, heartbeat: { text: a, hex: "00" } }]`,
      '2:57 routes[0].heartbeat: has both text and hex, expected one of them',
    ],
    [
      'a packet that is none',
      `${CONTEXT}\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tcp://x:1, registration: { hex: "0x1" } }]`,
      '2:78 routes[0].registration.hex: is not such a packet, expected 1 to 256 bytes',
    ],
    ['no context', ROUTES, '1:1 context: is missing, expected a map of keys'],
    ['no apn', `context: {}\n${ROUTES}`, '1:1 context.apn: is missing, expected the access point name'],
    [
      'a section that ends with its name',
      `${CONTEXT}\nlog:\n${ROUTES}`,
      '2:1 log: is empty, expected a map of keys, or {}',
    ],
    ['a tab', `context:\n\tapn: x\n${ROUTES}`, '2:1 (syntax): is indented with a tab, expected spaces'],
    ['a key twice', `${CONTEXT}\n${CONTEXT}\n${ROUTES}`, '2:1 (syntax): key "context" is there already'],
    ['an open quote', 'context: { apn: "x }', '1:21 (syntax): lacks a closing quote'],
    ['two documents', `${CONTEXT}\n---\n${ROUTES}`, '2:1 (syntax): a second document begins, expected one'],
    ['an alias', `${CONTEXT}\nlog: *x\n${ROUTES}`, '2:6 (syntax): an alias (*name) is not supported'],
    ['a tag', `${CONTEXT}\nlog: !x {}\n${ROUTES}`, '2:6 (syntax): a tag (!name) is not supported'],
    ['a key in the wrong place', `apn: x\n${CONTEXT}\n${ROUTES}`, '1:1 apn: unknown key "apn", expected'],
    [
      'an unquoted PIN',
      modem('pin: 0000'),
      '1:15 modem.pin: is a number without quotes around it, expected 4 to 8 digits in quotes',
    ],
    ['a short PIN', modem('pin: "123"'), '1:15 modem.pin: is no PIN, expected 4 to 8 digits'],
    [
      'a PIN twice',
      modem('pin: "1234", pinFile: x'),
      '1:23 modem.pinFile: pin is set as well, expected one of pin and pinFile',
    ],
    ['a masked PIN', modem('pin: "****"'), '1:15 modem.pin: is the mask that stands for the secret'],
    ['a dialling command', modem('initCommands: [ATD123]'), '1:25 modem.initCommands[0]: "ATD…" would dial'],
    [
      'an odd speed',
      `line: { baudRate: 115201 }\n${CONTEXT}\n${ROUTES}`,
      '1:19 line.baudRate: 115201 is not one of the choices',
    ],
    [
      'a short guard time',
      top('escape: { guardTime: 500ms }'),
      '1:22 escape.guardTime: "500ms" is out of range, expected a duration with its unit, from 1s to 10s',
    ],
    [
      'a short keepalive',
      top('liveness: { keepalive: 29s }'),
      '1:24 liveness.keepalive: "29s" is out of range, expected a duration with its unit, from 30s to 2h, or 0s (off)',
    ],
    ['a long keepalive', top('liveness: { keepalive: 7201s }'), '1:24 liveness.keepalive: "7201s" is out of range'],
    [
      'an empty packet',
      top('transparent: { sendSize: 0 }'),
      '1:26 transparent.sendSize: 0 is out of range, expected a whole number from 1 to 1460',
    ],
    [
      'too few retries',
      top('transparent: { retries: 2 }'),
      '1:25 transparent.retries: 2 is out of range, expected a whole number from 3 to 8',
    ],
    ['half a step', top('transparent: { waitTime: 1.5 }'), '1:26 transparent.waitTime: 1.5 is not a whole number'],
    [
      'a long user',
      `context: { apn: x, user: ${'u'.repeat(51)} }\n${ROUTES}`,
      `1:26 context.user: "${'u'.repeat(51)}" is longer than 50 bytes`,
    ],
    ['a relative socket', top('control: { socket: run/x }'), '1:20 control.socket: "run/x" is not an absolute path'],
    [
      'a line break in a host',
      route('to: "tcp://x\\r\\nATD:1"'),
      '2:49 routes[0].to: "tcp://x\\r\\nATD:1" has no valid host name',
    ],
  ]
  test.each(cases)('%s', (_, text, expected) => {
    const found = problems(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`c.yaml:${expected}`)
  })

  function top(line: string): string {
    return `${line}\n${CONTEXT}\n${ROUTES}`
  }
  function modem(keys: string): string {
    return top(`modem: { ${keys} }`)
  }
  function route(keys: string): string {
    return `${CONTEXT}\nroutes: [{ name: a, listen: 127.0.0.1:1883, ${keys} }]`
  }
})

test('a YAML 1.1 boolean is explained', () => {
  const wire = 'line: { dcd: { chip: /dev/gpiochip0, line: 3, activeLow: yes } }'
  expect(problems(`${wire}\n${CONTEXT}\n${ROUTES}`)).toContain(
    'c.yaml:1:58 line.dcd.activeLow: "yes" is text in YAML 1.2, expected true or false',
  )
})
