import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import type { Port } from '../../src/core/port.ts'
import { lockDevice } from '../../src/line/device-lock.ts'
import { take } from '../support/take.ts'
import { eachOnItsTerminal, faultOf, open, stty, stuck, terminal } from './terminal-bench.ts'

eachOnItsTerminal()

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
