/** When the last byte leaves at the latest: a pseudo-terminal hides its queue, and whoever reads it may be slow. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SerialLine } from '../../src/line/serial-line.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'
import { virtualPort } from '../../src/virtual-modem/virtual-port.ts'
import { lineOn, TestPort } from '../dte/test-port.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
const lag = (line: SerialLine): number => Math.round(line.latestOutputAt - line.lastOutputAt)

/** Writes `pieces` of 288 bytes as the line takes them at 115,200 baud. */
async function burst(line: SerialLine, pieces: number): Promise<void> {
  for (let i = 0; i < pieces; i += 1) {
    line.write(Buffer.alloc(288))
    await pass(25)
  }
}

test('P1 the last byte of a line that hides its queue may leave later by the time of the burst: the line may be half as fast as its rate', async () => {
  const line = await lineOn(new TestPort())
  await burst(line, 40)
  expect(lag(line)).toBeGreaterThan(990)
  expect(lag(line)).toBeLessThan(1010)
})

test('P1 it is never later than what a pseudo-terminal can hide', async () => {
  const line = await lineOn(new TestPort())
  await burst(line, 400)
  expect(lag(line)).toBe(Math.round(2 * line.lineTime(22_000)))
})

test('P11 many small pieces with pauses are not behind each other', async () => {
  const line = await lineOn(new TestPort())
  for (let i = 0; i < 100; i += 1) {
    line.write(Buffer.alloc(115))
    await pass(100)
  }
  expect(lag(line)).toBe(10)
})

test('P11 nothing is guessed where the operating system counts what the wire has not taken', async () => {
  const network = { dial: () => Promise.reject(new Error('nobody')), resolve: () => Promise.resolve([]) }
  const port = virtualPort(new VirtualModem({ network, knobs: { baudRate: 115_200 } }))
  const line = await SerialLine.open(port, 'virtual', { baudRate: 115_200, flowControl: 'hardware' })
  for (let i = 0; i < 40; i += 1) {
    line.write(Buffer.alloc(288))
    await pass(24)
  }
  expect(lag(line)).toBe(0)
})

test('P1 a queue that counts only in the moment of the write is not believed', async () => {
  const port = new TestPort()
  const line = await lineOn(port)
  for (let i = 0; i < 40; i += 1) {
    line.write(Buffer.alloc(288))
    port.unsent = 288
    line.write(Buffer.alloc(1))
    port.unsent = 0
    await pass(25)
  }
  expect(lag(line)).toBeGreaterThan(990)
})

test('P1 a hidden queue that was full counts as full when it takes bytes again', async () => {
  const port = new TestPort(1024)
  const line = await lineOn(port)
  port.stuck = true
  line.write(Buffer.alloc(2000))
  await pass(1000)
  expect(line.stalled).toBe(true)
  port.free()
  const drained = line.drained()
  await pass(100)
  await drained
  expect(lag(line)).toBeGreaterThan(3000)
})
