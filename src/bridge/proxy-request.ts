/**
 * What a client of the proxy says before its bytes are its own: SOCKS5 (RFC 1928) or HTTP CONNECT (RFC 9110, 9.3.6), told
 * apart by the first byte. Pure: all bytes so far go in, what to do comes out. Whatever cannot become a request is
 * refused as soon as that is clear.
 */
import { isHost } from '../config/endpoint.ts'

/** More than any CONNECT with its fields needs. */
export const LONGEST_HEAD = 8 * 1024

export type Protocol = 'socks5' | 'http'

export type Reading =
  /** `greeted`: a SOCKS5 client waits for the choice of a method before it goes on. */
  | { readonly kind: 'more'; readonly greeted: boolean }
  | { readonly kind: 'refused'; readonly answer: Buffer; readonly reason: string }
  | {
      readonly kind: 'request'
      readonly protocol: Protocol
      readonly host: string
      readonly port: number
      /** Bytes of the request: what follows is for the server. */
      readonly length: number
    }

/** Why a request came to nothing, as both protocols can say it. */
export type Answer = 'accepted' | 'not-allowed' | 'refused' | 'timeout' | 'unreachable' | 'busy' | 'failed'

/** SOCKS5's reply codes (RFC 1928, 6) and HTTP's status. */
const ANSWERS: Readonly<Record<Answer, readonly [number, string]>> = {
  accepted: [0x00, '200 Connection established'],
  'not-allowed': [0x02, '403 Forbidden'],
  refused: [0x05, '502 Bad Gateway'],
  timeout: [0x04, '504 Gateway Timeout'],
  unreachable: [0x03, '503 Service Unavailable'],
  busy: [0x01, '503 Service Unavailable'],
  failed: [0x01, '502 Bad Gateway'],
}

/** The choice of a method: none is needed. */
export const SOCKS_GREETING = Buffer.from([0x05, 0x00])
const NO_METHOD = Buffer.from([0x05, 0xff])
const SOCKS4_REFUSED = Buffer.from([0x00, 0x5b, 0, 0, 0, 0, 0, 0])

/** The answer in the words of the client's protocol; `why` is for people, where there is room for it. */
export function answerFor(protocol: Protocol, answer: Answer, why = ''): Buffer {
  const [code, status] = ANSWERS[answer]
  return protocol === 'socks5' ? socksReply(code) : httpReply(status, why)
}

/** Reads what a client has sent so far. */
export function readRequest(bytes: Buffer): Reading {
  const [first] = bytes
  if (first === undefined) return { kind: 'more', greeted: false }
  if (first === 0x05) return readSocks(bytes)
  if (first === 0x04) return refused(SOCKS4_REFUSED, 'SOCKS4 is not spoken here, SOCKS5 is')
  // A method of HTTP begins with a letter.
  if (/[A-Za-z]/.test(String.fromCharCode(first))) return readHttp(bytes)
  return refused(Buffer.alloc(0), 'neither SOCKS5 nor HTTP')
}

function readSocks(bytes: Buffer): Reading {
  const methods = bytes[1]
  if (methods === undefined || bytes.length < 2 + methods) return { kind: 'more', greeted: false }
  if (!bytes.subarray(2, 2 + methods).includes(0x00))
    return refused(NO_METHOD, 'it wants to log in, which nobody can here')
  const at = 2 + methods
  const [version, command, reserved, kind] = bytes.subarray(at)
  if (version !== undefined && version !== 0x05) return refused(socksReply(0x01), 'a request of another version')
  if (command !== undefined && command !== 0x01) return refused(socksReply(0x07), 'another command than CONNECT')
  if (reserved !== undefined && reserved !== 0x00) return refused(socksReply(0x01), 'a request that is none')
  if (kind === undefined) return { kind: 'more', greeted: true }
  // The modem speaks IPv4.
  if (kind !== 0x01 && kind !== 0x03) return refused(socksReply(0x08), 'an address that is no name and not IPv4')
  const long = kind === 0x01 ? 4 : bytes[at + 4]
  if (long === undefined) return { kind: 'more', greeted: true }
  const from = at + (kind === 0x01 ? 4 : 5)
  const length = from + long + 2
  if (bytes.length < length) return { kind: 'more', greeted: true }
  const address = bytes.subarray(from, from + long)
  const host = kind === 0x01 ? address.join('.') : address.toString('latin1')
  const port = bytes.readUInt16BE(from + long)
  if (port === 0 || !isHost(host)) return refused(socksReply(0x01), 'no valid host and port')
  return { kind: 'request', protocol: 'socks5', host, port, length }
}

function socksReply(code: number): Buffer {
  return Buffer.from([0x05, code, 0x00, 0x01, 0, 0, 0, 0, 0, 0])
}

function readHttp(bytes: Buffer): Reading {
  const head = bytes.subarray(0, LONGEST_HEAD).toString('latin1')
  const end = head.indexOf('\r\n\r\n')
  if (end < 0) {
    if (bytes.length < LONGEST_HEAD) return { kind: 'more', greeted: false }
    return refused(httpReply('431 Request Header Fields Too Large', ''), 'a request without end')
  }
  const line = head.slice(0, head.indexOf('\r\n'))
  const [, method, target = ''] = /^([!-~]+) ([!-~]+) HTTP\/1\.[01]$/.exec(line) ?? []
  if (method === undefined) return refused(httpReply('400 Bad Request', ''), 'a request that is none')
  if (method !== 'CONNECT') {
    const why = 'this proxy takes CONNECT only (curl: --proxytunnel)'
    return refused(httpReply('405 Method Not Allowed', why, 'Allow: CONNECT\r\n'), `${method} instead of CONNECT`)
  }
  const [, host = '', digits = ''] = /^([^:]+):([1-9]\d{0,4})$/.exec(target) ?? []
  const port = Number(digits)
  if (!isHost(host) || port < 1 || port > 65_535) {
    return refused(
      httpReply('400 Bad Request', 'expected CONNECT HOST:PORT, a name or an IPv4 address'),
      'no valid host and port',
    )
  }
  return { kind: 'request', protocol: 'http', host, port, length: end + 4 }
}

function httpReply(status: string, why: string, fields = ''): Buffer {
  if (status.startsWith('200')) return Buffer.from(`HTTP/1.1 ${status}\r\n\r\n`)
  const body = why === '' ? '' : `${why}\n`
  const head = `HTTP/1.1 ${status}\r\n${fields}Content-Type: text/plain; charset=utf-8\r\n`
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
}

function refused(answer: Buffer, reason: string): Reading {
  return { kind: 'refused', answer, reason }
}
