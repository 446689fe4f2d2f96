/** What the yardstick needs of libc: descriptors that are waited for, and a TCP connection on one. Loopback only. */
import { closeSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { unblock } from '../src/core/native.ts'

type Call = (...args: readonly unknown[]) => number

const AF_INET = 2
const SOCK_STREAM = 1
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const POLL_BYTES = 8
export const READABLE = 1
export const WRITABLE = 4

/** koffi, which the daemon has as an optional package; without it there is no yardstick. */
function calls(): { readonly poll: Call; readonly socket: Call; readonly connect: Call; readonly setsockopt: Call } {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const libc = koffi.load(null)
  return {
    poll: libc.func('int poll(void *fds, unsigned long count, int timeout)') as Call,
    socket: libc.func('int socket(int domain, int type, int protocol)') as Call,
    connect: libc.func('int connect(int fd, const void *address, unsigned int length)') as Call,
    setsockopt: libc.func(
      'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
    ) as Call,
  }
}

let loaded: ReturnType<typeof calls> | undefined
const libc = (): ReturnType<typeof calls> => (loaded ??= calls())

/** Waits for at most `ms` until one of `wanted` (descriptor, events) has something to tell; returns their events. */
export class Poll {
  readonly #fds: Buffer
  readonly #count: number

  constructor(...wanted: readonly (readonly [fd: number, events: number])[]) {
    this.#count = wanted.length
    this.#fds = Buffer.alloc(POLL_BYTES * wanted.length)
    wanted.forEach(([fd, events], index) => {
      this.#fds.writeInt32LE(fd, index * POLL_BYTES)
      this.want(index, events)
    })
  }

  want(index: number, events: number): void {
    this.#fds.writeInt16LE(events, index * POLL_BYTES + 4)
  }

  /** @returns whether anything happened */
  wait(ms: number): boolean {
    return libc().poll(this.#fds, this.#count, ms) > 0
  }

  /** Events, or an error or hang-up, of one of them. */
  happened(index: number): boolean {
    return this.#fds.readInt16LE(index * POLL_BYTES + 6) !== 0
  }
}

/** Connects to a port of loopback, without Nagle's delay. @returns undefined if nobody listens */
export function connectTcp(port: number): number | undefined {
  const fd = libc().socket(AF_INET, SOCK_STREAM, 0)
  const address = Buffer.alloc(16)
  address.writeUInt16LE(AF_INET, 0)
  address.writeUInt16BE(port, 2)
  address.set([127, 0, 0, 1], 4)
  if (libc().connect(fd, address, address.length) < 0) {
    closeSync(fd)
    return undefined
  }
  const on = Buffer.from([1, 0, 0, 0])
  libc().setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, on, on.length)
  unblock(fd)
  return fd
}

/** Reads what there is; 0 if nothing is. A closed connection is an error. */
export function readSome(fd: number, into: Buffer): number {
  const count = attempt(() => readSync(fd, into, 0, into.length, null))
  if (count === 0) throw new Error('the far end of the bridge has closed')
  return Math.max(0, count)
}

/** Writes what there is room for. */
export function writeSome(fd: number, bytes: Buffer): number {
  return Math.max(
    0,
    attempt(() => writeSync(fd, bytes)),
  )
}

function attempt(call: () => number): number {
  try {
    return call()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1
    throw error
  }
}
