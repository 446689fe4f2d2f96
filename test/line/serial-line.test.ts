/** The serial line: when bytes are really gone, when it reads, and how it ends. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Fault, isFault } from '../../src/core/fault.ts'
import { now } from '../../src/core/time.ts'
import { SerialLine } from '../../src/line/serial-line.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'
import { virtualPort } from '../../src/virtual-modem/virtual-port.ts'
import { lineOn, TestPort } from '../dte/test-port.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

interface Clocked {
  /** How long the work took, in ms of virtual time; undefined while it goes on. */
  took: number | undefined
}

function clocked(work: Promise<unknown>): Clocked {
  const start = now()
  const clock: Clocked = { took: undefined }
  const settle = (): void => void (clock.took = now() - start)
  work.then(settle, settle)
  return clock
}

/** How long `work` takes if nothing else happens. */
async function timeOf(work: Promise<unknown>): Promise<number | undefined> {
  const clock = clocked(work)
  for (let waited = 0; clock.took === undefined && waited < 20_000; waited += 1) await pass(1)
  return clock.took
}

function modemLine(): { modem: VirtualModem; open: (baudRate?: number) => Promise<SerialLine> } {
  const network = { dial: () => Promise.reject(new Error('nobody')), resolve: () => Promise.resolve([]) }
  const modem = new VirtualModem({ network, knobs: { baudRate: 115_200 } })
  const open = (baudRate = 115_200): Promise<SerialLine> =>
    SerialLine.open(virtualPort(modem), 'virtual', { baudRate, flowControl: 'hardware' })
  return { modem, open }
}

describe('backlog', () => {
  test('P8 is what the line cannot have taken yet, even where every queue looks empty', async () => {
    const line = await lineOn(new TestPort(), 9600)
    line.write(Buffer.alloc(960))
    expect(line.backlog).toBe(960)
    await pass(500)
    expect(line.backlog).toBeGreaterThanOrEqual(479)
    expect(line.backlog).toBeLessThanOrEqual(480)
    await pass(500)
    expect(line.backlog).toBe(0)
    expect(line.stalled).toBe(false)
  })

  test('is what the operating system tells where that is more: CTS holds it up', async () => {
    const port = new TestPort()
    const line = await lineOn(port, 9600)
    line.write(Buffer.alloc(960))
    port.unsent = 960
    await pass(2000)
    expect(line.backlog).toBe(960)
    expect(line.stalled).toBe(true)
  })
})

describe('drained', () => {
  test('waits for the time that the bytes take on the wire, even where every queue looks empty', async () => {
    const line = await lineOn(new TestPort(), 9600)
    line.write(Buffer.alloc(960))
    const took = await timeOf(line.drained())
    expect(took).toBeGreaterThanOrEqual(1000)
    expect(took).toBeLessThan(1010)
  })

  test('has nothing to wait for when nothing was written', async () => {
    const line = await lineOn(new TestPort())
    expect(await timeOf(line.drained())).toBeLessThanOrEqual(1)
  })

  test('of several writes waits for all of them', async () => {
    const line = await lineOn(new TestPort(), 1200)
    for (let i = 0; i < 4; i += 1) line.write(Buffer.alloc(30))
    expect(await timeOf(line.drained())).toBeGreaterThanOrEqual(1000)
  })

  test('waits for what the operating system still holds, and for the FIFO behind it', async () => {
    const port = new TestPort()
    const line = await lineOn(port, 9600)
    line.write(Buffer.from('x'))
    port.unsent = 1
    const clock = clocked(line.drained())
    await pass(5000)
    port.unsent = 0
    await pass(1000)
    // 64 bytes at 9600 baud
    expect(clock.took).toBeGreaterThanOrEqual(5000 + 66)
  })

  test('waits for CTS: bytes that the modem does not let out are not gone', async () => {
    const { modem, open } = modemLine()
    const line = await open()
    const end = modem.begin({ type: 'cts-stuck' })
    line.write(Buffer.from('AT\r'))
    const clock = clocked(line.drained())
    await pass(10)
    expect(line.stalled).toBe(true)
    await pass(3000)
    expect(clock.took).toBeUndefined()
    end()
    await pass(100)
    expect(clock.took).toBeGreaterThanOrEqual(3010)
    expect(clock.took).toBeLessThan(3050)
    expect([line.stalled, modem.record.commands.length]).toEqual([false, 1])
  })

  test('dates the silence after it: the last byte has left when it resolves', async () => {
    const { modem, open } = modemLine()
    const line = await open()
    const end = modem.begin({ type: 'cts-stuck' })
    line.write(Buffer.from('x'))
    const work = line.drained()
    await pass(500)
    end()
    await timeOf(work)
    // Timers count whole milliseconds.
    expect(now() - line.lastOutputAt).toBeGreaterThan(-1)
    expect(now() - line.lastOutputAt).toBeLessThan(10)
  })

  test.each([288, 287, 300])(
    'nobody waits for %i bytes that CTS holds up, and their release is seen all the same',
    async (bytes) => {
      const { modem, open } = modemLine()
      const line = await open()
      const end = modem.begin({ type: 'cts-stuck' })
      line.write(Buffer.alloc(bytes, '.'))
      await pass(3000)
      end()
      await pass(100)
      expect(now() - line.lastOutputAt).toBeLessThan(100)
    },
  )

  test('ends with an abort', async () => {
    const { modem, open } = modemLine()
    const line = await open()
    modem.begin({ type: 'cts-stuck' })
    line.write(Buffer.from('x'))
    const stop = new AbortController()
    const outcome = expect(line.drained(stop.signal)).rejects.toThrow('enough')
    await pass(1000)
    stop.abort(new Error('enough'))
    await outcome
  })

  test('does not wait for a line that is gone', async () => {
    const { modem, open } = modemLine()
    const line = await open()
    line.listen({ onBytes: () => undefined, onWritable: () => undefined, onGone: () => undefined })
    modem.begin({ type: 'cts-stuck' })
    line.write(Buffer.from('x'))
    const clock = clocked(line.drained())
    await pass(100)
    modem.unplug()
    await pass(100)
    expect(clock.took).toBeLessThan(150)
  })
})

describe('stalled', () => {
  test('is a queue that had the time to empty, not one that is on its way', async () => {
    const port = new TestPort()
    const line = await lineOn(port, 1200)
    port.unsent = 30
    line.write(Buffer.alloc(30))
    expect(line.stalled).toBe(false)
    await pass(240)
    expect(line.stalled).toBe(false)
    await pass(20)
    expect(line.stalled).toBe(true)
    port.unsent = 0
    expect(line.stalled).toBe(false)
  })

  test('is never said of a port that cannot tell', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    port.unsent = undefined
    line.write(Buffer.from('x'))
    await pass(1000)
    expect(line.stalled).toBe(false)
  })
})

describe('reading', () => {
  test('P4 nothing is read before somebody listens, and nothing of it is lost', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    port.say('early ')
    await pass(100)
    port.say('bytes')
    await pass(100)
    const heard: string[] = []
    line.listen({ onBytes: (chunk) => heard.push(String(chunk)), onWritable: () => undefined, onGone: () => undefined })
    await pass(0)
    expect(heard.join('')).toBe('early bytes')
  })

  test('P5 stops and goes on', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    let heard = ''
    line.listen({ onBytes: (chunk) => (heard += String(chunk)), onWritable: () => undefined, onGone: () => undefined })
    line.pause()
    port.say('later')
    await pass(1000)
    expect(heard).toBe('')
    line.resume()
    await pass(0)
    expect(heard).toBe('later')
  })
})

describe('writing', () => {
  test('P5 tells when there is no more room, and when there is again', async () => {
    const port = new TestPort(100)
    const line = await lineOn(port)
    let writable = 0
    line.listen({ onBytes: () => undefined, onWritable: () => (writable += 1), onGone: () => undefined })
    port.stuck = true
    expect(line.write(Buffer.alloc(50))).toBe(true)
    expect(line.write(Buffer.alloc(60))).toBe(false)
    expect(writable).toBe(0)
    port.free()
    await pass(0)
    expect(writable).toBe(1)
  })

  test('a byte takes ten bits', async () => {
    const line = await lineOn(new TestPort(), 115_200)
    expect(line.lineTime(11_520)).toBe(1000)
    await line.setBaudRate(9600)
    expect([line.baudRate, line.lineTime(960)]).toEqual([9600, 1000])
  })
})

describe('the end', () => {
  test('is told once, whatever the port says how often, and with its reason', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    const gone: Fault[] = []
    line.listen({ onBytes: () => undefined, onWritable: () => undefined, onGone: (fault) => gone.push(fault) })
    port.stream.push(null)
    port.stream.destroy(new Error('EIO'))
    await pass(10)
    expect(gone).toHaveLength(1)
    expect(isFault(gone[0], 'line-gone')).toBe(true)
    expect(line.gone).toBe(gone[0])
    expect(line.write(Buffer.from('x'))).toBe(false)
    expect(await line.signals()).toBeUndefined()
  })

  test('keeps the code of the port’s own fault', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    port.stream.destroy(new Fault('line-busy', 'taken away'))
    await pass(10)
    expect(line.gone?.code).toBe('line-busy')
  })

  test('is told at once to whoever listens only afterwards', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    port.stream.destroy(new Error('EIO'))
    await pass(10)
    let told = 0
    line.listen({ onBytes: () => undefined, onWritable: () => undefined, onGone: () => (told += 1) })
    expect(told).toBe(1)
    expect(line.gone?.message).toContain('EIO')
  })

  test('that we made ourselves is nobody’s fault: it is not told', async () => {
    const port = new TestPort()
    const line = await lineOn(port)
    let told = 0
    line.listen({ onBytes: () => undefined, onWritable: () => undefined, onGone: () => (told += 1) })
    await line.close()
    await pass(10)
    expect([told, port.stream.destroyed, line.gone?.code]).toEqual([0, true, 'line-gone'])
  })

  test('a line can be opened again, and a second opening meanwhile is refused', async () => {
    const { open } = modemLine()
    const line = await open()
    await expect(open()).rejects.toMatchObject({ code: 'line-busy' })
    await line.close()
    await expect(open()).resolves.toBeInstanceOf(SerialLine)
  })
})
