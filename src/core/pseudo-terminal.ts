/**
 * A pseudo-terminal: the virtual modem at our end, any program that expects a tty at the other. The only door to
 * `@serialport/bindings-cpp`, whose poller watches the master: libuv's own tty stream falls back to blocking writes
 * on a master.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { LinuxPortBinding } from '@serialport/bindings-cpp'
import { duplicate, hasNative, openPtyMaster, type TtySettings, ttySettings } from './native.ts'
import { soon } from './time.ts'

/**
 * Read at once, and ahead: what is not wanted yet stays in the kernel, where the program at the other end can see it
 * (TIOCOUTQ) and throw it away (TCIOFLUSH).
 */
const INPUT_BYTES = 256
/** Written at once. */
const OUTPUT_BYTES = 4096

/** Our end of a pseudo-terminal. The slave is raw: eight bits, no echo. It exists until `close()`. */
export interface PseudoTerminal {
  /** What the program at the other end opens, `/dev/pts/N`. */
  readonly path: string
  /**
   * The bytes. Not reading stops the writer at the other end once the kernel's 4 to 20 KiB are full; the other end may
   * be opened, closed and opened again (killed, too) without this stream noticing.
   */
  readonly stream: Duplex
  /** What the program at the other end has set; undefined where it cannot be seen (no koffi). */
  lineSettings(): TtySettings | undefined
  /** Takes the pseudo-terminal away: the other end sees its line hang up. Idempotent. */
  close(): Promise<void>
}

/** Opens a pseudo-terminal: in this process with koffi, otherwise through a child `script(1)`. Rejects if neither can. */
export function openPseudoTerminal(): Promise<PseudoTerminal> {
  return hasNative() ? openInProcess() : openThroughScript()
}

function openInProcess(): Promise<PseudoTerminal> {
  return Promise.resolve().then(() => {
    const master = openPtyMaster()
    const stream = new MasterStream(master.fd, master.path)
    return {
      path: master.path,
      stream,
      lineSettings: () => (stream.destroyed ? undefined : ttySettings(master.fd)),
      close: () => destroyed(stream),
    }
  })
}

async function destroyed(stream: Duplex): Promise<void> {
  if (stream.closed) return
  const closed = once(stream, 'close')
  stream.destroy()
  await closed
}

/** The master as a stream: one poller per direction, because a poller of serialport 13 forgets one interest for the other. */
class MasterStream extends Duplex {
  readonly #reader: LinuxPortBinding
  readonly #writer: LinuxPortBinding
  /** A slave kept open: without it the master reads EIO whenever no program has the pseudo-terminal open. */
  readonly #holder: number
  readonly #input = Buffer.allocUnsafe(INPUT_BYTES)
  #waitsForInput = false

  constructor(fd: number, path: string) {
    super({ readableHighWaterMark: INPUT_BYTES, writableHighWaterMark: OUTPUT_BYTES })
    this.#holder = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
    this.#reader = new LinuxPortBinding(fd, bindingOptions(path))
    this.#writer = new LinuxPortBinding(duplicate(fd), bindingOptions(path))
  }

  override _read(): void {
    if (this.#waitsForInput) return
    this.#waitsForInput = true
    // From Node 26.4 on, promises settled in the poller's own callback wait for the next event of the loop: 1 s was
    // seen. A fresh turn of the loop has no such trouble.
    this.#reader.poller.once('readable', (error) => soon(() => this.#take(error)))
  }

  #take(error: Error | null): void {
    this.#waitsForInput = false
    const fd = this.#reader.fd
    if (this.destroyed || fd === null) return
    if (error) {
      this.destroy(error)
      return
    }
    const count = this.#attempt(() => readSync(fd, this.#input, 0, INPUT_BYTES, null))
    if (count === 'not yet') this._read()
    else if (count !== 'failed') this.push(count === 0 ? null : Buffer.from(this.#input.subarray(0, count)))
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const fd = this.#writer.fd
    if (this.destroyed || fd === null) return
    const count = this.#attempt(() => writeSync(fd, chunk, 0, chunk.length))
    if (count === 'failed') return
    const rest = count === 'not yet' ? chunk : chunk.subarray(count)
    if (rest.length === 0) {
      done()
      return
    }
    this.#writer.poller.once('writable', (error) =>
      soon(() => {
        if (error) done(error)
        else this._write(rest, 'buffer' as BufferEncoding, done)
      }),
    )
  }

  /** Does one system call that must not block; an error other than EAGAIN ends the stream. */
  #attempt(call: () => number): number | 'not yet' | 'failed' {
    try {
      return call()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN' || code === 'EINTR') return 'not yet'
      this.destroy(error as Error)
      return 'failed'
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    closeSync(this.#holder)
    Promise.all([this.#reader.close(), this.#writer.close()]).then(
      () => done(error),
      (failure: unknown) => done(error ?? (failure as Error)),
    )
  }
}

/** What the binding wants to be told about a descriptor that is open already; it uses none of it. */
function bindingOptions(path: string): LinuxPortBinding['openOptions'] {
  return {
    path,
    baudRate: 115200,
    dataBits: 8,
    stopBits: 1,
    parity: 'none',
    lock: false,
    rtscts: false,
    xon: false,
    xoff: false,
    xany: false,
    hupcl: false,
    vmin: 1,
    vtime: 0,
  }
}

/**
 * script(1) holds the master; its child makes the slave raw, says its name and keeps it open for as long as this process
 * lives. Reading ahead is coarser than in-process: pipes of 64 KiB lie between.
 */
async function openThroughScript(): Promise<PseudoTerminal> {
  const command = `stty raw -echo; tty; exec tail --pid=${process.pid} -f /dev/null`
  const child = spawn('script', ['-qfc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true, // a Ctrl-C is for this process, which closes the pseudo-terminal when it is done with it
    env: { ...process.env, SHELL: '/bin/sh' }, // the user of a service often has no shell that works
  })
  const path = await slavePath(child)
  const stream = new ChildStream(child)
  return {
    path,
    stream,
    lineSettings: () => undefined,
    close: () => destroyed(stream),
  }
}

type PipedChild = ChildProcessByStdio<Writable, Readable, null>

/** A child's input and output as one stream, which ends with the child and the child with it. */
class ChildStream extends Duplex {
  readonly #child: PipedChild

  constructor(child: PipedChild) {
    super({ readableHighWaterMark: INPUT_BYTES, writableHighWaterMark: OUTPUT_BYTES })
    this.#child = child
    child.once('exit', () => this.destroy())
    child.stdin.on('error', (error) => this.destroy(error))
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause()
    })
    child.stdout.pause()
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const child = this.#child
    child.stdin.destroy()
    child.stdout.destroy()
    if (child.exitCode !== null || child.signalCode !== null) {
      done(error)
      return
    }
    child.once('exit', () => done(error))
    child.kill('SIGKILL')
  }
}

/** The path that the child says in its first line. */
function slavePath(child: PipedChild): Promise<string> {
  const { stdout } = child
  return new Promise((resolve, reject) => {
    let said = ''
    const onData = (chunk: Buffer): void => {
      said += chunk.toString('latin1')
      const path = /^(\/dev\/\S+)\r?\n/.exec(said)?.[1]
      if (path === undefined) return
      stdout.off('data', onData)
      stdout.pause()
      resolve(path)
    }
    stdout.on('data', onData)
    child.once('exit', () => reject(new Error('cannot open a pseudo-terminal: script(1) ended')))
    child.once('error', (error) =>
      reject(new Error('cannot open a pseudo-terminal: install koffi, or script(1) of bsdutils', { cause: error })),
    )
  })
}
