import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hasNative } from '../../src/core/native.ts'
import { openPseudoTerminal, type PseudoTerminal } from '../../src/core/pseudo-terminal.ts'
import { take } from '../support/take.ts'

vi.mock('../../src/core/native.ts', { spy: true })

const opened: PseudoTerminal[] = []

async function open(): Promise<PseudoTerminal> {
  const terminal = await openPseudoTerminal()
  opened.push(terminal)
  return terminal
}

/** A program at the other end, in this process. */
function openSlave(path: string): ReadStream {
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants
  return new ReadStream(openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK), { highWaterMark: 4096 } as never)
}

const everyByte = Buffer.from(Array.from({ length: 1 << 18 }, (_, index) => (index * 7 + (index >> 8)) & 255))

describe.each(['in this process', 'through script(1)'])('a pseudo-terminal %s', (way) => {
  const native = way === 'in this process'
  const usable = !native || hasNative()

  async function openOne(): Promise<PseudoTerminal> {
    vi.mocked(hasNative).mockReturnValue(native)
    return open()
  }

  afterEach(async () => {
    vi.mocked(hasNative).mockReset()
    await Promise.all(opened.splice(0).map((terminal) => terminal.close()))
  })

  it.runIf(usable)('carries every byte unchanged, both ways at once', async () => {
    const terminal = await openOne()
    const slave = openSlave(terminal.path)
    const there = take(slave, everyByte.length)
    const back = take(terminal.stream, everyByte.length)
    terminal.stream.write(everyByte)
    slave.write(everyByte)
    expect((await there).equals(everyByte)).toBe(true)
    expect((await back).equals(everyByte)).toBe(true)
    slave.destroy()
  })

  it.runIf(usable)('stays when the program at the other end goes, killed or not, and comes again', async () => {
    const terminal = await openOne()
    for (const [text, signal] of [
      ['one', 'SIGTERM'],
      ['two', 'SIGKILL'],
    ] as const) {
      const program = spawn('sh', ['-c', `exec <>${terminal.path}; printf ${text} >&0; exec sleep 60`])
      expect((await take(terminal.stream, 3)).toString()).toBe(text)
      const ended = once(program, 'exit')
      program.kill(signal)
      await ended
    }
    const slave = openSlave(terminal.path)
    terminal.stream.write('RING')
    expect((await take(slave, 4)).toString()).toBe('RING')
    expect(terminal.stream.destroyed).toBe(false)
    slave.destroy()
  })

  it.runIf(usable)('hangs up at the other end when it is closed', async () => {
    const terminal = await openOne()
    const slave = openSlave(terminal.path)
    slave.on('error', () => undefined)
    slave.resume()
    const closed = once(slave, 'close')
    await terminal.close()
    await closed
    await terminal.close()
    expect(terminal.stream.closed).toBe(true)
  })

  it.runIf(usable)('closes while a write waits for the other end', async () => {
    const terminal = await openOne()
    terminal.stream.on('error', () => undefined)
    while (terminal.stream.write(everyByte)) continue
    await terminal.close()
    expect(terminal.stream.destroyed).toBe(true)
  })
})

describe.runIf(hasNative())('a pseudo-terminal in this process', () => {
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((terminal) => terminal.close()))
  })

  it('stops the writer at the other end while nobody reads here', async () => {
    const { path, stream } = await open()
    stream.once('data', () => stream.pause())
    const slave = openSlave(path)
    slave.write(Buffer.alloc(200_000))
    await vi.waitUntil(() => stream.isPaused() && stream.readableLength >= 256)
    // What the kernel cannot hold waits at the writer, where it can be seen and thrown away: next to nothing is here.
    const waiting = slave.writableLength
    await new Promise((resolve) => setImmediate(resolve))
    expect(slave.writableLength).toBe(waiting)
    expect(stream.readableLength).toBeLessThanOrEqual(512)
    slave.destroy()
  })

  it('lets bytes in while a write waits', async () => {
    const { path, stream } = await open()
    stream.write(Buffer.alloc(200_000))
    const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
    const program = spawn('sh', ['-c', `printf RING >${path}`])
    const ended = once(program, 'exit')
    expect((await take(stream, 4)).toString()).toBe('RING')
    expect(stream.writableLength).toBeGreaterThan(0)
    await ended
    closeSync(slave)
  })

  it('shows what the program at the other end has set', async () => {
    const terminal = await open()
    execFileSync('stty', ['-F', terminal.path, '9600', 'crtscts'])
    expect(terminal.lineSettings()).toEqual({ baudRate: 9600, hardwareFlow: true })
    await terminal.close()
    expect(terminal.lineSettings()).toBeUndefined()
  })

  it('leaves no descriptor behind', async () => {
    const { readdirSync } = await import('node:fs')
    const before = readdirSync('/proc/self/fd').length
    for (let round = 0; round < 5; round++) {
      const terminal = await openPseudoTerminal()
      terminal.stream.resume()
      await terminal.close()
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before)
  })
})
