/** Which servers the proxy may dial: names, addresses, and ports. */
import { BlockList, isIPv4 } from 'node:net'
import { isHost, parsePort, parseSubnet } from './endpoint.ts'
import type { Reading } from './units.ts'

/** One line of the list of allowed destinations. */
export interface Allowed {
  /** As it was written. */
  readonly text: string
  /** `example.com`, `*.example.com`, `192.0.2.0/24` or `*`, in lower case. */
  readonly host: string
  /** undefined: every port. */
  readonly port: number | undefined
}

/** Reads `example.com:443`, `*.example.com`, `192.0.2.0/24:1883`, `*` or `*:443`. */
export function parseAllowed(text: string): Reading<Allowed> {
  const [, name = '', digits] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? []
  const port = digits === undefined || digits === '*' ? undefined : parsePort(digits)
  if (digits !== undefined && digits !== '*' && port === undefined) return { problem: 'has no port from 1 to 65535' }
  const host = name.toLowerCase()
  const plain = host.startsWith('*.') ? host.slice(2) : host
  const subnet = 'value' in parseSubnet(host) && isIPv4(host.split('/')[0] ?? '')
  if (host !== '*' && !subnet && !isHost(plain)) return { problem: 'is no host name, IPv4 address or subnet' }
  return { value: { text, host, port } }
}

/** Whether `list` lets the proxy dial there. */
export function isAllowed(list: readonly Allowed[], host: string, port: number): boolean {
  return list.some((allowed) => (allowed.port === undefined || allowed.port === port) && covers(allowed.host, host))
}

function covers(pattern: string, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (pattern === '*' || pattern === name) return true
  if (pattern.startsWith('*.')) return name.endsWith(pattern.slice(1))
  if (!pattern.includes('/') || !isIPv4(name)) return false
  const [address = '', prefix] = pattern.split('/')
  const block = new BlockList()
  block.addSubnet(address, Number(prefix), 'ipv4')
  return block.check(name, 'ipv4')
}
