import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { openTtyPort } from '../../src/line/tty-port.ts'
import { take } from '../support/take.ts'
import { eachOnItsTerminal, faultOf, open, settings, stty, stuck, terminal } from './terminal-bench.ts'

eachOnItsTerminal()

describe('opening a tty', () => {
  it('sets speed, 8N1 and flow control, and does not let DTR drop at the last close', async () => {
    await open(terminal.path, { baudRate: 57600, flowControl: 'hardware' })
    const set = stty(terminal.path)
    for (const want of [
      'speed 57600',
      'cs8',
      '-parenb',
      '-cstopb',
      ' crtscts',
      'clocal',
      '-hupcl',
      '-echo',
      '-icanon',
    ]) {
      expect(set).toContain(want)
    }
    expect(terminal.lineSettings()).toEqual({ baudRate: 57600, hardwareFlow: true })
  })

  it('takes odd speeds, and others later', async () => {
    const port = await open(terminal.path, { baudRate: 123_456, flowControl: 'none' })
    expect(terminal.lineSettings()).toEqual({ baudRate: 123_456, hardwareFlow: false })
    await port.setBaudRate(9600)
    expect(terminal.lineSettings()?.baudRate).toBe(9600)
  })

  it.each([115200, 123_456])('throws away at %i baud what came before', async (baudRate) => {
    const before = await open()
    terminal.stream.write('stale')
    await once(before.stream, 'data')
    before.stream.pause()
    terminal.stream.write('stale too')
    await before.close()
    const port = await open(terminal.path, { ...settings, baudRate })
    terminal.stream.write('fresh')
    expect((await take(port.stream, 5)).toString()).toBe('fresh')
  })

  it('names a device that is not there', async () => {
    const fault = await faultOf(open('/dev/ttyNOWHERE'))
    expect(fault.code).toBe('line-missing')
    expect(fault.message).toContain('/dev/ttyNOWHERE')
  })

  it('says so when it is no tty', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tty-port-'))
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const [path, what] of [
      [file, 'not a tty'],
      [folder, 'not a tty'],
      ['/dev/null', 'not a tty'],
    ] as const) {
      const fault = await faultOf(open(path))
      expect(fault.code).toBe('line-missing')
      expect(fault.message).toContain(path)
      expect(fault.message).toContain(what)
    }
    rmSync(folder, { recursive: true })
  })

  it('refuses a second opening, says who has it, and leaves the settings of the first alone', async () => {
    await open(terminal.path, { baudRate: 115200, flowControl: 'hardware' })
    const before = stty(terminal.path)
    const fault = await faultOf(open(terminal.path, { baudRate: 9600, flowControl: 'none' }))
    expect(fault.code).toBe('line-busy')
    expect(fault.message).toContain('this process')
    expect(stty(terminal.path)).toBe(before)
  })

  it('sees through symlinks: a link and its target are one device', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tty-port-'))
    const link = join(folder, 'serial0')
    symlinkSync(terminal.path, link)
    await open(link)
    expect((await faultOf(open(terminal.path))).code).toBe('line-busy')
    expect((await faultOf(open(link))).code).toBe('line-busy')
    rmSync(folder, { recursive: true })
  })

  it('finds a program that only holds the flock, names it, and leaves its settings alone', async () => {
    execFileSync('stty', ['-F', terminal.path, 'crtscts'])
    const program = spawn('flock', [terminal.path, 'sh', '-c', 'echo locked; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(program.stdout, 'data')
    const fault = await faultOf(open())
    expect(fault.code).toBe('line-busy')
    expect(fault.message).toContain(String(program.pid))
    expect(stty(terminal.path)).toContain(' crtscts')
    program.kill()
    await once(program, 'exit')
  })

  it('leaves no descriptor and no lock behind, whether it failed or was closed', async () => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length
    await (await openTtyPort(terminal.path, settings)).close()
    const before = descriptors()
    for (let round = 0; round < 5; round++) {
      const port = await openTtyPort(terminal.path, settings)
      await faultOf(openTtyPort(terminal.path, settings))
      await faultOf(openTtyPort('/dev/null', settings))
      await port.close()
    }
    expect(descriptors()).toBe(before)
  })
})

describe('an open tty', () => {
  it('carries 1 MiB both ways at once, cut at random, byte by byte exact', async () => {
    const port = await open()
    const sent = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => (index * 7 + (index >> 8)) & 255))
    let seed = 4711
    const send = async (stream: Duplex): Promise<void> => {
      for (let at = 0; at < sent.length; ) {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
        const cut = sent.subarray(at, (at += 1 + (seed % 5000)))
        if (!stream.write(cut)) await once(stream, 'drain')
      }
    }
    const there = take(terminal.stream, sent.length)
    const back = take(port.stream, sent.length)
    await Promise.all([send(port.stream), send(terminal.stream)])
    expect((await there).equals(sent)).toBe(true)
    expect((await back).equals(sent)).toBe(true)
  })

  it('stops reading when paused, reads nothing ahead, and loses nothing', async () => {
    const port = await open()
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index & 255))
    const chunks: Buffer[] = []
    port.stream.on('data', (chunk: Buffer) => {
      if (chunks.push(chunk) === 1) port.stream.pause()
    })
    terminal.stream.write(sent)
    await vi.waitUntil(() => chunks.length > 0)
    await vi.waitUntil(() => terminal.stream.writableNeedDrain)
    expect(port.stream.readableLength).toBe(0)
    expect(chunks).toHaveLength(1)
    port.stream.resume()
    const total = (): number => chunks.reduce((sum, { length }) => sum + length, 0)
    await vi.waitUntil(() => total() >= sent.length)
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
  })

  it('has no control lines on a pseudo-terminal, and driving them does nothing', async () => {
    const port = await open()
    expect(await port.signals()).toBeUndefined()
    await port.setSignals({ dtr: false })
  })

  it('says what the kernel counts, which of a pseudo-terminal is nothing however much waits', async () => {
    const port = await open()
    expect(port.unsentBytes()).toBe(0)
    await stuck(port.stream)
    expect(port.unsentBytes()).toBe(0)
  })

  it('discards what was received and not read', async () => {
    const port = await open()
    terminal.stream.write('stale')
    await vi.waitUntil(() => terminal.stream.writableLength === 0)
    await port.discard()
    terminal.stream.write('fresh')
    expect((await take(port.stream, 5)).toString()).toBe('fresh')
  })
})
