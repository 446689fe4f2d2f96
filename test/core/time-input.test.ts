/** Timers and input that are due in the same moment, in real time: fake timers know no input. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { afterInput, now } from '../../src/core/time.ts'

test('input that has come while the process was kept from the processor is read before a timer ends the wait for it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [near] = (await once(server, 'connection')) as [Socket]
  const order: string[] = []
  near.on('data', () => order.push('input'))
  const over = new Promise<void>((resolve) => {
    afterInput(20, () => {
      order.push('timer')
      resolve()
    })
  })
  far.write('x')
  for (const until = now() + 60; now() < until; );
  await over
  expect(order).toEqual(['input', 'timer'])
  near.destroy()
  far.destroy()
  server.close()
})
