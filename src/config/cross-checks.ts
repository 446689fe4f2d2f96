/**
 * What must hold between keys. These look at the file's raw values, so that one wrong key does not hide what is wrong
 * with the others; a value of the wrong kind is passed over, for the schema has told of it.
 */

import type { RouteListen } from './endpoint.ts'
import { collide, formatListen, isLocal, parseRouteListen } from './endpoint.ts'
import type { Issue } from './issue.ts'
import { ROUTES } from './route-schema.ts'
import { show } from './words.ts'

/** What log and status call the proxy: no route may have this name beside it. */
export const PROXY_ROUTE = 'proxy'

/** Every issue between keys. */
export function crossIssues(raw: unknown): Issue[] {
  const routes = itemsOf(at(raw, 'routes'))
  return [
    ...exclusive(raw, 'modem', 'pin', 'pinFile'),
    ...exclusive(raw, 'context', 'password', 'passwordFile'),
    ...nowhere(raw),
    ...repeatedNames(routes, at(raw, 'proxy') === undefined ? [] : [PROXY_ROUTE]),
    ...listeners(placesOf(raw)),
    ...standing(routes),
    ...twiceTls(routes),
    ...packets(routes),
    ...datagrams(routes),
    ...callers(raw, routes),
    ...escapeWay(raw),
    ...sleepers(raw),
  ]
}

/** The value of `key` if `value` is a map that has it. */
export function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined
}

/** The items if `value` is a list. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function exclusive(raw: unknown, section: string, secret: string, file: string): Issue[] {
  const { [secret]: here, [file]: there } = (at(raw, section) ?? {}) as Record<string, unknown>
  // an empty password is none
  if (here === undefined || here === '' || there === undefined) return []
  return [
    { path: [section, file], message: `${secret} is set as well, expected one of ${secret} and ${file}`, atKey: true },
  ]
}

/** Nobody could use the modem. */
function nowhere(raw: unknown): Issue[] {
  const routes = at(raw, 'routes')
  const empty = routes === undefined || (Array.isArray(routes) && routes.length === 0)
  if (!empty || at(raw, 'proxy') !== undefined || itemsOf(at(raw, 'inbound')).length > 0) return []
  const found = routes === undefined ? 'is missing' : 'is empty'
  return [{ path: ['routes'], message: `${found}, expected ${ROUTES}, or proxy, or inbound` }]
}

function repeatedNames(routes: readonly unknown[], taken: readonly string[]): Issue[] {
  const names = routes.map((route) => at(route, 'name'))
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || (names.indexOf(name) === index && !taken.includes(name))) return []
    return [
      { path: ['routes', index, 'name'], message: `${show(name)} is taken by another route, expected its own name` },
    ]
  })
}

/** There is one carrier to keep up. */
function standing(routes: readonly unknown[]): Issue[] {
  const always = routes.flatMap((route, index) => (at(route, 'open') === 'always' ? [index] : []))
  return always.slice(1).map((index) => ({
    path: ['routes', index, 'open'],
    message: '"always" is what another route has already, expected on-demand',
  }))
}

/** TLS within TLS is what nobody means. */
function twiceTls(routes: readonly unknown[]): Issue[] {
  return routes.flatMap((route, index) => {
    const to: unknown = at(route, 'to')
    const targets: readonly unknown[] = Array.isArray(to) ? to : [to]
    const own = targets.some((target) => typeof target === 'string' && /^(tls|udp):/.test(target))
    if (at(route, 'modemTls') !== true || !own) return []
    const message = 'true is for a server that is reached by tcp://, expected false: of tls:// the daemon takes care'
    return [{ path: ['routes', index, 'modemTls'], message }]
  })
}

/** A packet is written in one way. */
function packets(routes: readonly unknown[]): Issue[] {
  return routes.flatMap((route, index) =>
    ['registration', 'heartbeat'].flatMap((name) => {
      const packet = at(route, name)
      const ways = ['text', 'hex'].filter((way) => at(packet, way) !== undefined)
      if (typeof packet !== 'object' || packet === null || ways.length === 1) return []
      const found = ways.length === 0 ? 'has neither text nor hex' : 'has both text and hex'
      return [{ path: ['routes', index, name], message: `${found}, expected one of them`, atKey: true }]
    }),
  )
}

/** UDP does not tell whether anybody is there, and has no stream to put datagrams into. */
function datagrams(routes: readonly unknown[]): Issue[] {
  return routes.flatMap((route, index) => {
    const [listen, to] = [at(route, 'listen'), at(route, 'to')]
    const path = ['routes', index, 'to']
    const targets: readonly unknown[] = Array.isArray(to) ? to : [to]
    if (targets.length > 1 && targets.some(isUdp)) {
      const message = 'has udp:// in a list, but UDP does not tell that nobody answers, expected one udp://HOST:PORT'
      return [{ path, message }]
    }
    const [target] = targets
    if (!isUdp(listen) || typeof target !== 'string' || isUdp(target)) return []
    return [{ path, message: `${show(target)} is not UDP, but listen is, expected udp://HOST:PORT` }]
  })
}

function isUdp(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('udp://')
}

/** The modem has one connection: whoever always has it leaves none to callers. */
function callers(raw: unknown, routes: readonly unknown[]): Issue[] {
  const inbound = itemsOf(at(raw, 'inbound'))
  const taken = inbound.flatMap((one, index) => {
    const name = at(one, 'name')
    if (typeof name !== 'string' || !routes.some((route) => at(route, 'name') === name)) return []
    return [{ path: ['inbound', index, 'name'], message: `${show(name)} is taken by a route, expected its own name` }]
  })
  const always = routes.findIndex((route) => at(route, 'open') === 'always')
  if (inbound.length === 0 || always < 0) return taken
  const message = 'always leaves no time in which somebody could call (inbound), expected on-demand'
  return [...taken, { path: ['routes', always, 'open'], message }]
}

/** An escape by a wire that is said not to be there. Whether the tty has one is seen when it is open. */
function escapeWay(raw: unknown): Issue[] {
  if (at(at(raw, 'escape'), 'method') !== 'dtr' || at(at(raw, 'line'), 'dtr') !== 'none') return []
  return [{ path: ['escape', 'method'], message: '"dtr" has no wire, for line.dtr is none, expected auto or plus' }]
}

/** Nothing but DTR wakes a modem that must not lose a byte. */
function sleepers(raw: unknown): Issue[] {
  if (at(at(raw, 'modem'), 'sleep') !== true) return []
  const path = ['modem', 'sleep']
  if (at(at(raw, 'line'), 'dtr') === 'none') {
    return [{ path, message: 'true has no wire, for line.dtr is none, expected false, or DTR at a GPIO line' }]
  }
  if (itemsOf(at(raw, 'inbound')).length === 0) return []
  return [{ path, message: 'true lets what is said first to a caller (inbound) be lost, expected false' }]
}

/** Where one of several listeners is written. */
interface Place {
  readonly path: readonly PropertyKey[]
  readonly listen: unknown
  readonly allowFrom: unknown
  /** What messages call it. */
  readonly name: string
}

/** Two at one address, and one that is open to others without a list of them. */
function listeners(places: readonly Place[]): Issue[] {
  const taken: { readonly listen: RouteListen; readonly name: string }[] = []
  return places.flatMap(({ path, listen: text, allowFrom, name }) => {
    const reading = typeof text === 'string' ? parseRouteListen(text) : undefined
    if (!reading || 'problem' in reading) return []
    const issues: Issue[] = []
    const rival = taken.find((other) => collide(other.listen, reading.value))
    if (rival) {
      const message = `${show(text)} is taken by ${rival.name} that listens on ${formatListen(rival.listen)}, expected a free address`
      issues.push({ path, message })
    }
    if (!isLocal(reading.value) && itemsOf(allowFrom).length === 0) {
      const message = `${show(text)} is not loopback, expected 127.0.0.1 or a list allowFrom of those who may connect`
      issues.push({ path, message })
    }
    taken.push({ listen: reading.value, name })
    return issues
  })
}

function placesOf(raw: unknown): Place[] {
  const metrics = at(raw, 'metrics')
  const routes = itemsOf(at(raw, 'routes')).map((route, index) => ({
    path: ['routes', index, 'listen'],
    listen: at(route, 'listen'),
    allowFrom: at(route, 'allowFrom'),
    name: 'the route',
  }))
  const [listen, allowFrom] = [at(metrics, 'listen'), at(metrics, 'allowFrom')]
  const proxy = at(raw, 'proxy')
  const own = { listen: at(proxy, 'listen'), allowFrom: at(proxy, 'allowFrom') }
  return [
    ...routes,
    { path: ['proxy', 'listen'], ...own, name: 'the proxy' },
    { path: ['metrics', 'listen'], listen, allowFrom, name: 'metrics' },
  ]
}
