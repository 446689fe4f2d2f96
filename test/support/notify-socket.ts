/** The other end of NOTIFY_SOCKET: what a service manager hears. Node has no datagrams over Unix sockets, koffi has. */
import { closeSync } from 'node:fs'
import koffi from 'koffi'
import { every, type Timer } from '../../src/core/time.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40
const LONGEST = 4096
const POLL_MS = 5

type Call = (...parameters: (number | Buffer)[]) => number

export class NotifySocket {
  /** Each message as it came, assignments on lines. */
  readonly heard: string[] = []
  readonly #fd: number
  readonly #recv: Call
  readonly #timer: Timer

  /** @param path as in NOTIFY_SOCKET: `@` begins a name of the abstract namespace */
  constructor(path: string) {
    const libc = koffi.load(null)
    const socket = libc.func('int socket(int domain, int type, int protocol)') as Call
    const bind = libc.func('int bind(int fd, void *address, unsigned int bytes)') as Call
    this.#recv = libc.func('intptr_t recv(int fd, void *data, size_t bytes, int flags)') as Call
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0)
    const name = path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`
    const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name)])
    if (bind(this.#fd, address, address.length) < 0) throw new Error(`cannot bind ${path}`)
    this.#timer = every(POLL_MS, () => this.#take())
  }

  /** The value of the newest assignment to `name`. */
  value(name: string): string | undefined {
    return this.values(name).at(-1)
  }

  values(name: string): string[] {
    const lines = this.heard.flatMap((message) => message.split('\n'))
    return lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1))
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
    closeSync(this.#fd)
  }

  #take(): void {
    const data = Buffer.alloc(LONGEST)
    for (;;) {
      const bytes = this.#recv(this.#fd, data, data.length, MSG_DONTWAIT)
      if (bytes < 0) return
      this.heard.push(data.toString('utf8', 0, bytes))
    }
  }
}
