import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import type { Port, PortSettings } from '../../src/core/port.ts'
import { openPseudoTerminal, type PseudoTerminal } from '../../src/core/pseudo-terminal.ts'
import { lockDevice } from '../../src/line/device-lock.ts'
import { openTtyPort } from '../../src/line/tty-port.ts'

const settings: PortSettings = { baudRate: 115200, flowControl: 'none' }

let terminal: PseudoTerminal
const ports: Port[] = []

beforeEach(async () => {
  terminal = await openPseudoTerminal()
})
afterEach(async () => {
  await Promise.all(ports.splice(0).map((port) => port.close()))
  await terminal.close()
})

async function open(device = terminal.path, wanted = settings): Promise<Port> {
  const port = await openTtyPort(device, wanted)
  ports.push(port)
  return port
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Fault)) throw new Error(`expected a Fault, not ${String(error)}`)
  return error
}

function stty(path: string): string {
  return execFileSync('stty', ['-F', path, '-a'], { encoding: 'utf8' })
}

/** The next `length` bytes of `stream`. */
function take(stream: Duplex, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let missing = length
    stream.on('data', function onData(chunk: Buffer) {
      chunks.push(chunk)
      missing -= chunk.length
      if (missing > 0) return
      stream.off('data', onData)
      resolve(Buffer.concat(chunks))
    })
  })
}

/** Writes until neither the stream nor the kernel takes more, which a queue that stays as long shows. */
async function stuck(stream: Duplex): Promise<void> {
  for (let piece = 0; piece < 200; piece++) stream.write(Buffer.alloc(1024, piece))
  let last = -1
  await vi.waitUntil(
    () => {
      const same = stream.writableLength === last
      last = stream.writableLength
      return same
    },
    { interval: 30, timeout: 5000 },
  )
  expect(stream.writableLength).toBeGreaterThan(0)
}

describe('closing a tty', () => {
  it('does not wait for bytes that the modem does not take, and can be asked twice', async () => {
    const port = await open()
    await stuck(port.stream)
    await Promise.all([port.close(), port.close()])
    await port.close()
    expect(port.stream.closed).toBe(true)
    expect(port.unsentBytes()).toBeUndefined()
    expect((await faultOf(port.signals())).code).toBe('line-gone')
  })

  it('gives no error event', async () => {
    const port = await open()
    const failed = vi.fn()
    port.stream.on('error', failed)
    await stuck(port.stream)
    await port.close()
    expect(failed).not.toHaveBeenCalled()
  })

  it('lets the device be opened again at once', async () => {
    for (let round = 0; round < 3; round++) {
      const port = await open()
      terminal.stream.write('RING')
      expect((await take(port.stream, 4)).toString()).toBe('RING')
      await port.close()
    }
  })

  it('leaves DTR up: HUPCL is off afterwards as well', async () => {
    execFileSync('stty', ['-F', terminal.path, 'hupcl'])
    const port = await open()
    await port.close()
    expect(stty(terminal.path)).toContain('-hupcl')
  })
})

describe('a tty that hangs up', () => {
  const states: Record<string, (port: Port) => unknown> = {
    'that nobody reads yet': () => undefined,
    'while it is read': (port) => port.stream.resume(),
    'while paused': (port) => {
      port.stream.on('data', () => undefined)
      port.stream.pause()
    },
    'while paused with bytes waiting': async (port) => {
      const heard = once(port.stream, 'data')
      port.stream.once('data', () => port.stream.pause())
      terminal.stream.write(Buffer.alloc(50_000))
      await heard
    },
    'while a write waits': (port) => stuck(port.stream),
    'while a write waits and it is read': (port) => {
      port.stream.resume()
      return stuck(port.stream)
    },
    'while a write waits and it is paused': (port) => {
      port.stream.on('data', () => undefined)
      port.stream.pause()
      return stuck(port.stream)
    },
  }

  it.each(Object.keys(states))('closes its stream with the fault line-gone (%s)', async (state) => {
    const port = await open()
    const events: unknown[] = []
    port.stream.on('error', (error) => events.push(error))
    const closed = new Promise<void>((resolve) => port.stream.once('close', () => resolve()))
    await states[state]!(port)
    terminal.stream.on('error', () => undefined)
    await terminal.close()
    await closed
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ name: 'Fault', code: 'line-gone' })
    await port.close()
  })

  it('frees the lock without being closed', async () => {
    const port = await open()
    port.stream.on('error', () => undefined)
    const { path } = terminal
    await terminal.close()
    await port.close()
    expect(() => lockDevice(path).release()).not.toThrow()
  })
})
