/**
 * The only door to koffi, that is to the system calls that Node lacks. koffi is an optional dependency, loaded at the
 * first use and once; without it everything here says `undefined` or `false`, and only what has no other way throws.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'

/** Speed and flow control that are set on a tty. */
export interface TtySettings {
  /** bits per second; odd rates too */
  readonly baudRate: number
  /** RTS/CTS (CRTSCTS) */
  readonly hardwareFlow: boolean
}

/** The lines that the modem drives, `true` = asserted. */
export interface NativeModemLines {
  readonly dcd: boolean
  readonly cts: boolean
  readonly dsr: boolean
  readonly ri: boolean
}

/** ioctl requests of <asm-generic/ioctls.h>: the same on x64, arm64 and armhf. */
const REQUEST = {
  outputQueue: 0x5411, // TIOCOUTQ
  getLines: 0x5415, // TIOCMGET
  raiseLines: 0x5416, // TIOCMBIS
  dropLines: 0x5417, // TIOCMBIC
  getTermios: 0x802c542a, // TCGETS2
  setTermios: 0x402c542b, // TCSETS2
  lockPty: 0x40045431, // TIOCSPTLCK
  getPtyNumber: 0x80045430, // TIOCGPTN
} as const

const LINE = { dtr: 0x002, rts: 0x004, cts: 0x020, dcd: 0x040, ri: 0x080, dsr: 0x100 } as const

/** struct termios2: four words of flags, c_line, c_cc[19], two words of speed. */
const TERMIOS = { bytes: 44, iflag: 0, oflag: 4, cflag: 8, lflag: 12, characters: 17, outputSpeed: 40 } as const
const CFLAG = { size: 0o60, eightBits: 0o60, receive: 0o200, parity: 0o400, hangUpOnClose: 0o2000, rtsCts: 2 ** 31 }
const CHARACTER = { time: 5, minimum: 6 } as const

/** <fcntl.h>, the same on x64, arm64 and armhf. */
const F_GETFL = 3
const F_SETFL = 4
const F_DUPFD_CLOEXEC = 1030

type Koffi = typeof import('koffi')

/** <sys/socket.h>, the same on x64, arm64 and armhf. */
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

interface Libc {
  ioctl(fd: number, request: number, argument: Buffer): number
  fcntl(fd: number, command: number, argument: number): number
  socket(domain: number, type: number, protocol: number): number
  sendto(fd: number, data: Buffer, bytes: number, flags: number, address: Buffer, addressBytes: number): number
  errno(): number
}

/** `null`: tried, not there. */
let koffi: Koffi | null | undefined
let loadedLibc: Libc | undefined

function loadKoffi(): Koffi | undefined {
  if (koffi === undefined) {
    try {
      koffi = createRequire(import.meta.url)('koffi') as Koffi
    } catch {
      koffi = null // not installed, or no build of it for this machine
    }
  }
  return koffi ?? undefined
}

function libc(): Libc | undefined {
  const loader = loadKoffi()
  if (!loader || loadedLibc) return loadedLibc
  const library = loader.load(null)
  loadedLibc = {
    ioctl: library.func('int ioctl(int fd, unsigned long request, void *argument)') as Libc['ioctl'],
    fcntl: library.func('int fcntl(int fd, int command, int argument)') as Libc['fcntl'],
    socket: library.func('int socket(int domain, int type, int protocol)') as Libc['socket'],
    sendto: library.func(
      'intptr_t sendto(int fd, void *data, size_t bytes, int flags, void *address, unsigned int addressBytes)',
    ) as Libc['sendto'],
    errno: () => loader.errno(),
  }
  return loadedLibc
}

/** Whether koffi could be loaded, so that the functions here do their work. */
export function hasNative(): boolean {
  return libc() !== undefined
}

function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno)
  return Object.assign(new Error(`${call}: ${code}`), { code, errno: -errno, syscall: call })
}

function required(): Libc {
  const found = libc()
  if (!found) throw new Error('the optional package koffi is not installed (npm install koffi)')
  return found
}

/** ioctl(2) with a structure that the call may change. Throws without koffi, and a system error with its code. */
export function control(fd: number, name: string, request: number, argument: Buffer): void {
  const system = required()
  if (system.ioctl(fd, request, argument) < 0) throw systemError(name, system.errno())
}

/** One int out of an ioctl; undefined if there is no koffi or the descriptor does not know the request. */
function queryNumber(fd: number, request: number): number | undefined {
  const answer = Buffer.alloc(4)
  const system = libc()
  if (!system || system.ioctl(fd, request, answer) < 0) return undefined
  return answer.readInt32LE()
}

function queryTermios(fd: number): Buffer | undefined {
  const termios = Buffer.alloc(TERMIOS.bytes)
  const system = libc()
  return system && system.ioctl(fd, REQUEST.getTermios, termios) >= 0 ? termios : undefined
}

/**
 * A new pseudo-terminal, raw from the first byte: its master's descriptor (non-blocking, close-on-exec) and the path
 * of its slave. Throws without koffi, and a system error when the machine has none left.
 */
export function openPtyMaster(): { readonly fd: number; readonly path: string } {
  required()
  const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  try {
    const answer = Buffer.alloc(4)
    control(fd, 'TIOCSPTLCK', REQUEST.lockPty, answer)
    control(fd, 'TIOCGPTN', REQUEST.getPtyNumber, answer)
    makeRaw(fd)
    return { fd, path: `/dev/pts/${answer.readInt32LE()}` }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Eight bits, no echo, no line editing, no translation, like cfmakeraw(3). Works through a pty's master as well. */
function makeRaw(fd: number): void {
  const termios = Buffer.alloc(TERMIOS.bytes)
  control(fd, 'TCGETS2', REQUEST.getTermios, termios)
  const cflag = termios.readUInt32LE(TERMIOS.cflag) & ~(CFLAG.size | CFLAG.parity)
  termios.writeUInt32LE(0, TERMIOS.iflag)
  termios.writeUInt32LE(0, TERMIOS.oflag)
  termios.writeUInt32LE(0, TERMIOS.lflag)
  termios.writeUInt32LE((cflag | CFLAG.eightBits | CFLAG.receive) >>> 0, TERMIOS.cflag)
  termios[TERMIOS.characters + CHARACTER.time] = 0
  termios[TERMIOS.characters + CHARACTER.minimum] = 1
  control(fd, 'TCSETS2', REQUEST.setTermios, termios)
}

/** Makes reads of `fd` fail with EAGAIN instead of waiting. Throws without koffi. */
export function unblock(fd: number): void {
  const system = required()
  const flags = system.fcntl(fd, F_GETFL, 0)
  if (flags < 0 || system.fcntl(fd, F_SETFL, flags | constants.O_NONBLOCK) < 0) {
    throw systemError('fcntl', system.errno())
  }
}

/** A second descriptor of what `fd` has open (for a pty's master there is no other way). Throws without koffi. */
export function duplicate(fd: number): number {
  const system = required()
  const copy = system.fcntl(fd, F_DUPFD_CLOEXEC, 0)
  if (copy < 0) throw systemError('dup', system.errno())
  return copy
}

/** What is set on a tty; on a pty's master: what the program at the slave has set. undefined if it cannot be read. */
export function ttySettings(fd: number): TtySettings | undefined {
  const termios = queryTermios(fd)
  if (!termios) return undefined
  return {
    baudRate: termios.readUInt32LE(TERMIOS.outputSpeed),
    hardwareFlow: termios.readUInt32LE(TERMIOS.cflag) >= CFLAG.rtsCts,
  }
}

/**
 * Keeps DTR up when the last descriptor of the tty is closed (-HUPCL). Returns whether it could: without koffi, or on
 * what is no tty, nothing happens.
 */
export function keepLinesOnClose(fd: number): boolean {
  const termios = queryTermios(fd)
  if (!termios) return false
  termios.writeUInt32LE((termios.readUInt32LE(TERMIOS.cflag) & ~CFLAG.hangUpOnClose) >>> 0, TERMIOS.cflag)
  return (libc()?.ioctl(fd, REQUEST.setTermios, termios) ?? -1) >= 0
}

/** Bytes written to the tty that have not left for the wire yet (TIOCOUTQ); undefined if it cannot tell. */
export function queuedBytes(fd: number): number | undefined {
  return queryNumber(fd, REQUEST.outputQueue)
}

/** The modem's lines now (TIOCMGET: a few µs, no thread); undefined on a pty, which has none, and without koffi. */
export function modemLines(fd: number): NativeModemLines | undefined {
  const bits = queryNumber(fd, REQUEST.getLines)
  if (bits === undefined) return undefined
  const on = (bit: number): boolean => (bits & bit) !== 0
  return { dcd: on(LINE.dcd), cts: on(LINE.cts), dsr: on(LINE.dsr), ri: on(LINE.ri) }
}

/**
 * Raises and drops DTR and RTS, and only the ones named: serialport's set() rewrites every line and the break each
 * time. Returns false if it cannot (no koffi, a pty).
 */
export function driveLines(fd: number, lines: { readonly dtr?: boolean; readonly rts?: boolean }): boolean {
  const raise = mask(lines, true)
  const drop = mask(lines, false)
  return changeLines(fd, REQUEST.raiseLines, raise) && changeLines(fd, REQUEST.dropLines, drop)
}

function mask(lines: { readonly dtr?: boolean; readonly rts?: boolean }, level: boolean): number {
  return (lines.dtr === level ? LINE.dtr : 0) | (lines.rts === level ? LINE.rts : 0)
}

function changeLines(fd: number, request: number, bits: number): boolean {
  if (bits === 0) return true
  const argument = Buffer.alloc(4)
  argument.writeInt32LE(bits)
  return (libc()?.ioctl(fd, request, argument) ?? -1) >= 0
}

/**
 * Sends one datagram to a Unix socket, without waiting. `path` begins with `@` for one of the abstract namespace
 * (unix(7)). Throws without koffi, and a system error if nobody is there or its queue is full.
 */
export function sendDatagram(path: string, data: Buffer): void {
  const system = required()
  const name = Buffer.from(path.replace(/^@/, '\0'))
  // struct sockaddr_un: the family in two bytes of this machine's order (all of ours are little-endian), then the name.
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name, Buffer.from(path.startsWith('@') ? [] : [0])])
  const fd = system.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) throw systemError('socket', system.errno())
  try {
    if (system.sendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length) < 0) {
      throw systemError('sendto', system.errno())
    }
  } finally {
    closeSync(fd)
  }
}
