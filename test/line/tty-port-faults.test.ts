/** The four faults of serialport 13's stock stream: our port has none of them, and the stock class shows that these tests can tell. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { SerialPort } from 'serialport'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hasNative, openPtyMaster } from '../../src/core/native.ts'
import { openPseudoTerminal, type PseudoTerminal } from '../../src/core/pseudo-terminal.ts'
import { openTtyPort } from '../../src/line/tty-port.ts'

type Candidate = (path: string) => Promise<{ stream: Duplex; close(): Promise<void> }>

const ours: Candidate = (path) => openTtyPort(path, { baudRate: 115200, flowControl: 'none' })

const stock: Candidate = async (path) => {
  const stream = new SerialPort({ path, baudRate: 115200 })
  await once(stream, 'open')
  return { stream, close: () => new Promise((resolve) => stream.close(() => resolve())) }
}

const opened: { close(): Promise<void> }[] = []

async function pair(candidate: Candidate): Promise<{ stream: Duplex; terminal: PseudoTerminal }> {
  const terminal = await openPseudoTerminal()
  const port = await candidate(terminal.path)
  opened.push(port, terminal)
  port.stream.on('error', () => undefined)
  terminal.stream.on('error', () => undefined)
  return { stream: port.stream, terminal }
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Fills the kernel's buffers, so that a write of `stream` waits, as it does while the modem's CTS is off. */
async function blockWrites(stream: Duplex): Promise<void> {
  for (let piece = 0; piece < 200; piece++) stream.write(Buffer.alloc(1024, piece))
  let last = -1
  const still = (): boolean => last === (last = stream.writableLength)
  await vi.waitUntil(still, { interval: 50, timeout: 5000 })
}

/** A port at rest uses less than 0.03, one that spins 0.2 (on a machine with more to do) to 1. */
const AT_REST = 0.1

/**
 * Share of one core that this process uses, the least and the most of five spells of 60 ms: a collection of garbage
 * falls into one of them, and in one of them other programs may take the core from a loop that spins.
 */
interface Load {
  least: number
  most: number
}

async function load(): Promise<Load> {
  const shares: number[] = []
  for (let spell = 0; spell < 5; spell++) {
    const before = process.cpuUsage()
    const begun = performance.now()
    await pause(60)
    const { user, system } = process.cpuUsage(before)
    shares.push((user + system) / 1000 / (performance.now() - begun))
  }
  return { least: Math.min(...shares), most: Math.max(...shares) }
}

/** Fault 1: a write that waits takes the read interest away. */
async function hearsWhileAWriteWaits(candidate: Candidate): Promise<boolean> {
  const { stream, terminal } = await pair(candidate)
  let heard = 0
  stream.on('data', (chunk: Buffer) => (heard += chunk.length))
  terminal.stream.write('AT')
  await vi.waitUntil(() => heard === 2)
  await blockWrites(stream)
  terminal.stream.write('RING')
  await vi.waitUntil(() => heard === 6, { timeout: 500 }).catch(() => undefined)
  return heard === 6
}

/** Fault 2: after one write that had to wait, a pause with bytes pending spins. */
async function loadWhilePaused(candidate: Candidate): Promise<Load> {
  const { stream, terminal } = await pair(candidate)
  stream.on('data', () => undefined)
  await blockWrites(stream)
  terminal.stream.resume()
  await vi.waitUntil(() => stream.writableLength === 0)
  stream.pause()
  terminal.stream.write(Buffer.alloc(300_000))
  await vi.waitUntil(() => terminal.stream.writableNeedDrain)
  await pause(100)
  return load()
}

/** Fault 3: reading a line that has hung up spins on its end of file, and 'close' never comes. */
async function hangUpBeforeReading(candidate: Candidate): Promise<{ closed: boolean; load: Load }> {
  const { stream, terminal } = await pair(candidate)
  const closed = new Promise((resolve) => stream.once('close', () => resolve(true)))
  await terminal.close()
  stream.resume()
  const used = await load()
  return { closed: (await Promise.race([closed, pause(0).then(() => false)])) as boolean, load: used }
}

/** Fault 4: on an otherwise idle loop the answer waits for the next timer. Returns the ticks of a 1 s timer meanwhile. */
async function ticksDuringRoundTrips(candidate: Candidate, roundTrips: number): Promise<number> {
  const { path, echo } = startEcho()
  const port = await candidate(path)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1000)
  for (let trip = 0; trip < roundTrips; trip++) {
    const answer = once(port.stream, 'data')
    port.stream.write('A')
    await answer
  }
  clearInterval(timer)
  await port.close()
  echo.kill('SIGKILL')
  await once(echo, 'exit')
  return ticks
}

/**
 * A modem that repeats every byte, in another process: in this one its own events would keep the loop awake. It takes
 * its time, so that the end of the port's own write is no such event either.
 */
function startEcho(): { path: string; echo: ChildProcess } {
  const { fd, path } = openPtyMaster()
  const holder = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  // The spawned program gets its descriptors blocking: libuv sees to that for 0 to 2.
  const script = 'while c=$(dd bs=1 count=1 2>/dev/null) && [ "$c" ]; do sleep 0.03; printf %s "$c"; done'
  const echo = spawn('sh', ['-c', script], { stdio: [fd, fd, holder] })
  closeSync(fd)
  closeSync(holder)
  return { path, echo }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const starves = major > 26 || (major === 26 && minor >= 4)

// Ours first: a stock port that was closed while it spun may go on spinning in this process.
describe('our port', () => {
  it('hears while a write waits (fault 1)', async () => {
    expect(await hearsWhileAWriteWaits(ours)).toBe(true)
  })
  it('is at rest while paused, after a write that had to wait (fault 2)', async () => {
    expect((await loadWhilePaused(ours)).least).toBeLessThan(AT_REST)
  })
  it('closes on a hang-up and is at rest (fault 3)', async () => {
    const seen = await hangUpBeforeReading(ours)
    expect(seen.closed).toBe(true)
    expect(seen.load.least).toBeLessThan(AT_REST)
  })
  it.runIf(hasNative())('answers before a timer of 1 s ticks (fault 4)', async () => {
    expect(await ticksDuringRoundTrips(ours, 5)).toBe(0)
  })
})

describe('the stock class of serialport', () => {
  it('is deaf while a write waits (fault 1)', async () => {
    expect(await hearsWhileAWriteWaits(stock)).toBe(false)
  })
  it('spins while paused, after a write that had to wait (fault 2)', async () => {
    expect((await loadWhilePaused(stock)).most).toBeGreaterThan(AT_REST)
  })
  it('stays open after a hang-up, and spins (fault 3)', async () => {
    const seen = await hangUpBeforeReading(stock)
    expect(seen.closed).toBe(false)
    expect(seen.load.most).toBeGreaterThan(AT_REST)
  })
  it.runIf(hasNative() && starves)('answers when a timer ticks, on this version of Node (fault 4)', async () => {
    expect(await ticksDuringRoundTrips(stock, 5)).toBeGreaterThan(0)
  })
})
