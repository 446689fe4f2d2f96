import { expect, test, vi } from 'vitest'
import { rig } from '../support/rig.ts'

test('P14 a hundred sessions leave no timer, no listener and no byte behind', async () => {
  const r = await rig({ peer: (socket) => socket.on('data', (chunk: Buffer) => socket.write(chunk)) })
  await r.reach('ready')
  const session = async (index: number): Promise<void> => {
    const app = r.connect()
    app.socket.write(`session ${index}\r\n`)
    await r.until(() => app.text.length > 0, 'the echo')
    // In order, by abort, by the peer: each way out in turn.
    if (index % 3 === 0) app.socket.end()
    else if (index % 3 === 1) app.socket.resetAndDestroy()
    else r.peer.socket.end()
    await r.until(() => r.told('session-end').length === index + 1, 'the end')
    app.socket.destroy()
    await r.reach('ready')
  }
  for (let index = 0; index < 10; index += 1) await session(index)
  await r.pass(31_000)
  const timers = vi.getTimerCount()
  const listeners = r.link.eventNames().reduce((sum, name) => sum + r.link.listenerCount(name), 0)
  for (let index = 10; index < 110; index += 1) await session(index)
  await r.pass(31_000)
  expect(vi.getTimerCount()).toBe(timers)
  expect(r.link.eventNames().reduce((sum, name) => sum + r.link.listenerCount(name), 0)).toBe(listeners)
  expect(r.modem.record.stray).toEqual([])
}, 60_000)
