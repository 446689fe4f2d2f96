/** Addresses: where a route listens, where it leads, and who may connect. Reading them and writing them back. */
import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'
import type { Reading } from './units.ts'

/** A TCP address on this machine; `host` is an IP address. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Where a route listens: a TCP address, or a Unix socket. */
export type Listen = HostPort | { readonly path: string }

/** Where a route takes datagrams. */
export interface UdpListen extends HostPort {
  readonly transport: 'udp'
}

/** Where a route listens: for connections, or for datagrams. */
export type RouteListen = Listen | UdpListen

/** Where a route leads. */
export interface Target {
  readonly scheme: 'tcp' | 'tls' | 'udp'
  readonly host: string
  readonly port: number
}

/** Addresses that may connect; shaped for `BlockList.addSubnet`. */
export interface Subnet {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** Longest path of a Unix socket on Linux: 108 bytes with its final zero. */
const LONGEST_SOCKET_PATH = 107

const UDP_SCHEME = 'udp://'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Reads `127.0.0.1:1883`, `localhost:1883`, `[::1]:1883` or `/run/app.sock`. */
export function parseListen(text: string): Reading<Listen> {
  return text.startsWith('/') ? parseSocketPath(text) : parseHostPort(text)
}

/** Reads what `parseListen` does, or `udp://127.0.0.1:5353`. */
export function parseRouteListen(text: string): Reading<RouteListen> {
  if (!text.startsWith(UDP_SCHEME)) return parseListen(text)
  const reading = parseHostPort(text.slice(UDP_SCHEME.length))
  return 'problem' in reading ? reading : { value: { ...reading.value, transport: 'udp' } }
}

/** Whether datagrams come in there. */
export function takesDatagrams(listen: RouteListen): listen is UdpListen {
  return 'transport' in listen
}

/** Reads the path of a Unix socket. */
export function parseSocketPath(text: string): Reading<{ readonly path: string }> {
  if (!isPath(text)) return { problem: 'is not an absolute path' }
  if (Buffer.byteLength(text) > LONGEST_SOCKET_PATH) {
    return { problem: `is longer than the ${LONGEST_SOCKET_PATH} bytes that the path of a socket may have` }
  }
  return { value: { path: text } }
}

/** Reads `IP:PORT`, an IPv6 address in brackets. */
export function parseHostPort(text: string): Reading<HostPort> {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]+)):(.*)$/s.exec(text) ?? []
  const address = bracketed ?? plain
  if (address === undefined || port === undefined) return { problem: 'is not an address with a port' }
  // One address, not whatever the resolver makes of the name: the check for loopback must hold for what is bound.
  const host = address === 'localhost' ? '127.0.0.1' : canonicalIp(address)
  if (host === undefined || (bracketed !== undefined) !== host.includes(':')) {
    return { problem: `has ${JSON.stringify(address)} where an IP address of this machine is needed` }
  }
  const number = parsePort(port)
  return number === undefined ? { problem: 'has no port from 1 to 65535' } : { value: { host, port: number } }
}

/** Reads `tcp://broker.example.com:1883`. */
export function parseTarget(text: string): Reading<Target> {
  const [, scheme, rest] = /^([a-z]*):\/\/(.*)$/s.exec(text) ?? []
  if (rest === undefined) return { problem: 'does not begin with tcp://' }
  if (scheme !== 'tcp' && scheme !== 'tls' && scheme !== 'udp') return { problem: `has an unknown scheme` }
  if (rest.includes('@')) return { problem: 'has a user name in it, which TCP has no use for' }
  if (rest.startsWith('[')) return { problem: 'is an IPv6 address, which the modem cannot dial' }
  const [, host, port] = /^([^:/]*)(?::([^/]*))?$/.exec(rest) ?? []
  if (host === undefined) return { problem: 'has more than a host and a port' }
  if (!isHost(host)) return { problem: 'has no valid host name or IPv4 address' }
  const number = parsePort(port ?? '')
  return number === undefined ? { problem: 'has no port from 1 to 65535' } : { value: { scheme, host, port: number } }
}

/** Reads `192.168.1.7` or `192.168.1.0/24`. */
export function parseSubnet(text: string): Reading<Subnet> {
  const [, ip = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = canonicalIp(ip)
  if (address === undefined) return { problem: 'is not an IP address' }
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const longest = family === 'ipv4' ? 32 : 128
  const prefix = Number(bits ?? longest)
  if (prefix > longest) return { problem: `has a prefix of more than ${longest} bits` }
  return { value: { address, prefix, family } }
}

/** The configuration's spelling of where a route listens. */
export function formatListen(listen: RouteListen): string {
  if ('path' in listen) return listen.path
  const scheme = takesDatagrams(listen) ? UDP_SCHEME : ''
  return `${scheme}${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`
}

/** The configuration's spelling of where a route leads. */
export function formatTarget(target: Target): string {
  return `${target.scheme}://${target.host}:${target.port}`
}

/** The peers of a route, of which the first comes first. */
export function targetsOf(to: Target | readonly Target[]): readonly Target[] {
  return 'scheme' in to ? [to] : to
}

/** The configuration's spelling of who may connect. */
export function formatSubnet(subnet: Subnet): string {
  return `${subnet.address}/${subnet.prefix}`
}

/** Whether only this machine can connect there. */
export function isLocal(listen: RouteListen): boolean {
  return 'path' in listen || LOOPBACK.check(listen.host, listen.host.includes(':') ? 'ipv6' : 'ipv4')
}

/** Tells whether somebody with this address may connect. `allowFrom` without entries stands for everybody. */
export function doorFor(allowFrom: readonly Subnet[]): (address: string | undefined) => boolean {
  if (allowFrom.length === 0) return () => true
  const list = new BlockList()
  for (const { address, prefix, family } of allowFrom) list.addSubnet(address, prefix, family)
  return (address) => address !== undefined && list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

/** Whether two listeners cannot be bound at once; an unspecified address takes the port of all the others. */
export function collide(a: RouteListen, b: RouteListen): boolean {
  if (takesDatagrams(a) !== takesDatagrams(b)) return false
  if ('path' in a || 'path' in b) return 'path' in a && 'path' in b && a.path === b.path
  return (
    a.port === b.port && (a.host === b.host || [a.host, b.host].some((host) => host === '0.0.0.0' || host === '::'))
  )
}

/** Whether `text` is an absolute path without control characters. */
export function isPath(text: string): boolean {
  return /^\/\P{Cc}*$/u.test(text)
}

/** A host name by RFC 1123 or an IPv4 address: nothing else may come between the quotes of AT+CIPSTART. */
export function isHost(text: string): boolean {
  if (isIPv4(text)) return true
  const labels = text.split('.')
  if (text.length > 253 || !labels.every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(label))) return false
  // 1.2.3 or 1.2.3.400 is a broken address, not a name
  return !/^\d+$/.test(labels.at(-1) ?? '')
}

/** The one spelling of an IP address; a zone (`%eth0`) is none. */
function canonicalIp(text: string): string | undefined {
  if (text.includes('%')) return undefined
  const version = isIP(text)
  if (version === 0) return undefined
  return new SocketAddress({ address: text, family: version === 4 ? 'ipv4' : 'ipv6' }).address
}

/** Reads a port from 1 to 65535. */
export function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}
