/**
 * A serial port of this machine. serialport (this is its only door) opens, configures, locks and flushes the tty; the
 * bytes go over libuv's own tty stream on a second descriptor, because serialport 13's stream
 * - drops the read interest while a write waits, so that a modem with CTS off is not heard;
 * - spins at 100 % CPU on a pause() after one EAGAIN, and on a line that has hung up;
 * - answers a second late from Node 26.4 on.
 */
import { execFile } from 'node:child_process'
import { closeSync, constants, open } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { SerialPort } from 'serialport'
import { Fault, isFault } from '../core/fault.ts'
import { driveLines, keepLinesOnClose, modemLines, queuedBytes } from '../core/native.ts'
import type { ModemSignals, OpenPort, Port, PortSettings, TerminalSignals } from '../core/port.ts'
import { after, soon } from '../core/time.ts'
import { busy, type DeviceLock, deviceHolder, flockHolder, lockDevice } from './device-lock.ts'
import { LineStream } from './line-stream.ts'

/** serialport's object for an open tty, without its stream. */
type Tty = Extract<
  Awaited<ReturnType<typeof SerialPort.binding.open>>,
  { poller: unknown; set(options: object): unknown }
>

/** A close() in the kernel can wait for CTS for 30 s (closing_wait of USB adapters, which have nothing to flush with). */
const CLOSE_LIMIT_MS = 2000

/**
 * Opens and configures a tty: 8N1, RTS/CTS as wanted, input and output flushed, DTR and RTS raised. Carrier or not, it
 * does not wait.
 * @throws Fault `line-missing`: no such device, no permission, not a tty; `line-busy`: locked or in exclusive use
 */
export const openTtyPort: OpenPort = async (device, settings) => {
  const path = await realDevice(device)
  const lock = lockDevice(path)
  try {
    return await openLocked(path, settings, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function realDevice(device: string): Promise<string> {
  try {
    const path = await realpath(device)
    if (!(await stat(path)).isCharacterDevice()) throw new Fault('line-missing', `${device} is a file, not a tty`)
    return path
  } catch (error) {
    throw await openFault(device, error)
  }
}

async function openLocked(path: string, settings: PortSettings, lock: DeviceLock): Promise<Port> {
  const holder = flockHolder(path)
  if (holder) throw busy(path, holder, 'flock')
  const fd = await openDescriptor(path)
  let opened: Tty | Port | undefined
  try {
    if (!isatty(fd)) throw new Fault('line-missing', `${path} is not a tty, or there is no hardware behind it`)
    const tty = (opened = await configure(path, settings))
    const lines = await linesOf(tty)
    // CLOCAL is set now: libuv opens the tty once more, without O_NONBLOCK, and so does not wait for DCD.
    const port = (opened = new TtyPort(path, tty, new LineStream(fd, path), lock, lines))
    await port.setSignals({ dtr: true, rts: true })
    return port
  } catch (error) {
    await opened?.close()
    throw error
  } finally {
    closeSync(fd)
  }
}

/** For this descriptor Node tells the error by its code; serialport only in a sentence. */
async function openDescriptor(path: string): Promise<number> {
  try {
    return await promisify(open)(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch (error) {
    throw await openFault(path, error)
  }
}

async function openFault(device: string, error: unknown): Promise<Fault> {
  if (isFault(error)) return error
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EBUSY':
      return busy(device, deviceHolder(device), 'EBUSY')
    case 'EACCES':
    case 'EPERM': {
      const advice = `permission denied on ${device}: add the user to the group ${await groupOf(device)}`
      return new Fault('line-missing', advice, { cause: error })
    }
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return new Fault('line-missing', `there is no device ${device} (${code})`, { cause: error })
    default:
      return new Fault('line-missing', `cannot open ${device}: ${message}`, { cause: error })
  }
}

/** The group that may use the device, `dialout` on a Raspberry Pi. */
async function groupOf(device: string): Promise<string> {
  try {
    const { gid } = await stat(device)
    const groups = await readFile('/etc/group', 'utf8')
    return (
      groups
        .split('\n')
        .find((line) => line.split(':')[2] === String(gid))
        ?.split(':')[0] ?? String(gid)
    )
  } catch {
    return 'dialout'
  }
}

async function configure(path: string, { baudRate, flowControl }: PortSettings): Promise<Tty> {
  const rtscts = flowControl === 'hardware'
  let tty: Tty
  try {
    // The daemon runs on Linux: of serialport's bindings it is the one with a poller.
    tty = (await SerialPort.binding.open({ path, baudRate, rtscts, hupcl: false })) as Tty
  } catch (error) {
    const { message } = error as Error
    if (/lock|busy/i.test(message)) throw busy(path, flockHolder(path) ?? deviceHolder(path), 'flock')
    throw new Fault('line-missing', `cannot set up ${path}: ${message}`, { cause: error })
  }
  try {
    // serialport 13 with `hupcl: false` only does not set HUPCL; a fresh tty has it, and DTR would drop at every close.
    if (tty.fd !== null && !keepLinesOnClose(tty.fd)) await promisify(execFile)('stty', ['-F', path, '-hupcl'])
    // At a rate without a constant of its own serialport 13 does not flush.
    await tty.flush()
    return tty
  } catch (error) {
    await tty.close()
    throw new Fault('line-missing', `cannot set up ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** Who can read the modem's lines: we, cheaply and with RI; serialport; or nobody, because a pty has none. */
type Lines = 'native' | 'serialport' | 'none'

async function linesOf(tty: Tty): Promise<Lines> {
  if (tty.fd !== null && modemLines(tty.fd)) return 'native'
  try {
    await tty.get()
    return 'serialport'
  } catch {
    return 'none'
  }
}

class TtyPort implements Port {
  readonly stream: LineStream
  readonly #path: string
  readonly #tty: Tty
  readonly #lock: DeviceLock
  readonly #lines: Lines
  #levels = { dtr: true, rts: true }
  #closing: Promise<void> | undefined

  constructor(path: string, tty: Tty, stream: LineStream, lock: DeviceLock, lines: Lines) {
    this.stream = stream
    this.#path = path
    this.#tty = tty
    this.#lock = lock
    this.#lines = lines
    // Called back outside of Node's own scope, where promises would wait for the loop's next event from Node 26.4 on.
    tty.poller.once('disconnect', () => soon(() => stream.hangUp()))
    stream.once('close', () => {
      this.#closing ??= this.#close()
    })
  }

  /** Rejects with `line-gone` once the port is closed: then nothing is known about the lines. */
  async signals(): Promise<ModemSignals | undefined> {
    const fd = this.#descriptor()
    if (this.#lines === 'none') return undefined
    if (this.#lines === 'native') return modemLines(fd)
    const { dcd, cts, dsr } = await this.#ask(() => this.#tty.get())
    return { dcd, cts, dsr }
  }

  async setSignals(signals: TerminalSignals): Promise<void> {
    const fd = this.#descriptor()
    this.#levels = { ...this.#levels, ...signals }
    if (this.#lines === 'native') driveLines(fd, signals)
    // serialport 13 rewrites every line each time: what is not named would be raised.
    if (this.#lines === 'serialport') await this.#ask(() => this.#tty.set({ ...this.#levels, brk: false }))
  }

  /** Takes effect at once. Standard rates discard what is queued both ways (serialport 13 flushes there). */
  async setBaudRate(baudRate: number): Promise<void> {
    this.#descriptor()
    await this.#ask(() => this.#tty.update({ baudRate }))
  }

  /** undefined without koffi. A pseudo-terminal always says 0. */
  unsentBytes(): number | undefined {
    const { fd } = this.#tty
    return fd === null ? undefined : queuedBytes(fd)
  }

  /** What the kernel holds; bytes that the stream has read ahead or not written yet stay. */
  async discard(): Promise<void> {
    this.#descriptor()
    await this.#ask(() => this.#tty.flush())
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    // The stream first, so that nothing is written behind the flush; then the flush, so that the last close of the
    // tty does not wait for a CTS that stays low.
    if (!this.stream.closed) {
      const closed = new Promise<void>((resolve) => this.stream.once('close', () => resolve()))
      this.stream.destroy()
      await closed
    }
    await limited(
      this.#tty.flush().then(
        () => this.#tty.close(),
        () => this.#tty.close(),
      ),
    )
    this.#lock.release()
  }

  /** The descriptor for the control calls. */
  #descriptor(): number {
    const { fd } = this.#tty
    if (fd === null || this.stream.destroyed) throw new Fault('line-gone', `${this.#path} is closed`)
    return fd
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      throw new Fault('line-gone', `${this.#path}: ${(error as Error).message}`, { cause: error })
    }
  }
}

/** Resolves when `work` settles, or after CLOSE_LIMIT_MS: the kernel goes on closing by itself. */
function limited(work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const limit = after(CLOSE_LIMIT_MS, resolve)
    work
      .catch(() => undefined) // it is gone anyway
      .finally(() => {
        limit.cancel()
        resolve()
      })
  })
}
