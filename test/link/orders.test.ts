/** What others want of the link stands until it is carried out, taken back or refused. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { Carrier } from '../../src/dte/carrier.ts'
import { Orders } from '../../src/link/orders.ts'
import { lineOn, TestPort } from '../dte/test-port.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const TO = { host: 'broker.example', port: 1883 }
const never = new AbortController().signal
const fault = new Fault('not-registered', 'no network')
/** Whether the bell rang since it was last asked. */
async function rang(orders: Orders): Promise<boolean> {
  let woken = false
  const wait = orders.bell.wait(1000, never).then(() => (woken = true))
  await vi.advanceTimersByTimeAsync(1)
  const rung = woken
  await vi.advanceTimersByTimeAsync(1000)
  await wait
  return rung
}
const carrier = new Carrier(await lineOn(new TestPort()), undefined)

test('a dial stands until it is carried out', async () => {
  const orders = new Orders()
  const dialled = orders.placeDial(TO, never)
  expect(orders.dial?.to).toBe(TO)
  orders.dial?.resolve(carrier)
  expect(await dialled).toBe(carrier)
  expect(orders.dial).toBeUndefined()
})

test('a dial that cannot be is refused with the reason', async () => {
  const orders = new Orders()
  const dialled = orders.placeDial(TO, never)
  orders.dial?.reject(fault)
  await expect(dialled).rejects.toBe(fault)
  expect(orders.dial).toBeUndefined()
})

test('a client that leaves takes its dial back', async () => {
  const orders = new Orders()
  const leave = new AbortController()
  const dialled = orders.placeDial(TO, leave.signal)
  const outcome = expect(dialled).rejects.toThrow('left')
  leave.abort(new Error('left'))
  await outcome
  expect(orders.dial).toBeUndefined()
})

test('a client that leaves after its dial does not take back the next one', async () => {
  const orders = new Orders()
  const leave = new AbortController()
  const first = orders.placeDial(TO, leave.signal)
  orders.dial?.resolve(carrier)
  await first
  const second = orders.placeDial(TO, never)
  leave.abort(new Error('left'))
  expect(orders.dial).toBeDefined()
  orders.dial?.resolve(carrier)
  expect(await second).toBe(carrier)
})

test('a second dial while one stands is a bug, and the first is not disturbed', async () => {
  const orders = new Orders()
  const first = orders.placeDial(TO, never)
  await expect(orders.placeDial(TO, never)).rejects.toThrow(TypeError)
  orders.dial?.resolve(carrier)
  expect(await first).toBe(carrier)
})

test('every order rings', async () => {
  const orders = new Orders()
  expect(await rang(orders)).toBe(false)
  const dialled = orders.placeDial(TO, never)
  expect(await rang(orders)).toBe(true)
  const asked = orders.placeAsk('AT+CSQ')
  expect(await rang(orders)).toBe(true)
  orders.placeHangUp({ deliver: true, lingerMs: 0, placedAt: 0, deadline: 0 })
  expect(await rang(orders)).toBe(true)
  const outcomes = Promise.allSettled([dialled, asked])
  orders.refuseAll(fault)
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('a link that cannot serve refuses everything, with the reason', async () => {
  const orders = new Orders()
  const wanted = [orders.placeDial(TO, never), orders.placeAsk('AT+CSQ'), orders.placeAsk('ATI')]
  orders.placeHangUp({ deliver: false, lingerMs: 0, placedAt: 0, deadline: 0 })
  const outcomes = Promise.allSettled(wanted)
  orders.refuseAll(fault)
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: fault })
  expect([orders.dial, orders.asks, orders.hangUp]).toEqual([undefined, [], undefined])
})

test('asks are kept in their order', () => {
  const orders = new Orders()
  for (const command of ['AT+CSQ', 'ATI', 'AT+CREG?']) orders.placeAsk(command).catch(() => undefined)
  expect(orders.asks.map(({ command }) => command)).toEqual(['AT+CSQ', 'ATI', 'AT+CREG?'])
})
