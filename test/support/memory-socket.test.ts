import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type MemorySocket, memorySocketPair } from './memory-socket.ts'

/** Everything that `socket` gives until its end. */
function readAll(socket: MemorySocket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    socket.once('end', () => resolve(Buffer.concat(chunks)))
    socket.once('error', reject)
  })
}

function closed(socket: MemorySocket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}

/** Lets everything that is due with process.nextTick happen, without a timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise<void>((resolve) => process.nextTick(resolve))
}

function errorOf(socket: MemorySocket): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => socket.once('error', resolve))
}

describe('a pair of memory sockets', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('carries bytes both ways, and never inside the call that writes', async () => {
    const [one, other] = memorySocketPair()
    const seen: string[] = []
    other.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
    one.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
    one.write('ping')
    other.write('pong')
    expect(seen).toEqual([])
    await settle()
    expect(seen.sort()).toEqual(['ping', 'pong'])
  })

  it('gives the end after all data and leaves the other direction open', async () => {
    const [one, other] = memorySocketPair({ highWaterMark: 16 })
    const sent = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256))
    one.end(sent)
    expect((await readAll(other)).equals(sent)).toBe(true)
    expect(other.writable).toBe(true)
    other.end('late')
    expect((await readAll(one)).toString()).toBe('late')
    await Promise.all([closed(one), closed(other)])
    expect(one.errored).toBeNull()
    expect(other.errored).toBeNull()
  })

  it('holds the writer back while the other end does not read', async () => {
    const [one, other] = memorySocketPair({ highWaterMark: 100 })
    let written = 0
    const body = Buffer.alloc(10_000, 'x')
    const write = (): void => {
      while (written < body.length && one.write(body.subarray(written, (written += 50)))) continue
    }
    one.on('drain', write)
    write()
    await settle()
    expect(written).toBeLessThanOrEqual(400)
    expect(other.readableLength).toBeLessThanOrEqual(200)
    let read = 0
    other.on('data', (chunk: Buffer) => (read += chunk.length))
    await settle()
    await settle()
    expect(read).toBe(body.length)
  })

  it('does not buffer more than the high-water mark of one large write', async () => {
    const [one, other] = memorySocketPair({ highWaterMark: 64 })
    one.write(Buffer.alloc(5000))
    await settle()
    expect(other.readableLength).toBeLessThanOrEqual(128)
  })

  it('shows a reset as ECONNRESET and close, after what was sent before', async () => {
    const [one, other] = memorySocketPair()
    const seen: string[] = []
    other.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
    other.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''))
    other.on('end', () => seen.push('end'))
    one.on('error', () => seen.push('error at the side that resets'))
    one.write('last words')
    one.resetAndDestroy()
    await closed(other)
    expect(seen).toEqual(['last words', 'ECONNRESET'])
    expect(one.destroyed).toBe(true)
  })

  it('shows destroy() as an end, swallows the first write after it, and refuses the next with EPIPE', async () => {
    const [one, other] = memorySocketPair()
    one.destroy()
    expect(await readAll(other).then((all) => all.length)).toBe(0)
    const accepted = await new Promise((resolve) =>
      other.write('into the void', (error) => resolve(error ?? 'accepted')),
    )
    expect(accepted).toBe('accepted')
    const failed = errorOf(other)
    other.write('again')
    expect((await failed).code).toBe('EPIPE')
  })

  it('delivers what was written just before destroy()', async () => {
    const [one, other] = memorySocketPair()
    one.write('goodbye')
    one.destroy()
    expect((await readAll(other)).toString()).toBe('goodbye')
  })

  it('resets when it is destroyed with bytes that it never took', async () => {
    const [one, other] = memorySocketPair({ highWaterMark: 10 })
    const failed = errorOf(one)
    one.write(Buffer.alloc(100))
    await settle()
    other.destroy()
    expect((await failed).code).toBe('ECONNRESET')
    await settle()
    expect(one.closed).toBe(true)
  })

  it('fails a write when a reset has arrived that could not be read yet', async () => {
    const [one, other] = memorySocketPair({ highWaterMark: 10 })
    one.write(Buffer.alloc(100))
    await settle()
    one.resetAndDestroy()
    await settle()
    expect(other.destroyed).toBe(false)
    const failed = errorOf(other)
    other.write('x')
    expect((await failed).code).toBe('ECONNRESET')
  })

  it('copies what is written, so that the writer may use its buffer again', async () => {
    const [one, other] = memorySocketPair()
    const buffer = Buffer.from('first')
    one.write(buffer, () => buffer.fill(0))
    await settle()
    expect((other.read() as Buffer).toString()).toBe('first')
  })
})
