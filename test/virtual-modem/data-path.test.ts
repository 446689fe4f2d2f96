import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { now } from '../../src/core/time.ts'
import { pass, rig } from './rig.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const block = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, i) => (i * 131 + (i >> 8)) & 0xff))
const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('packing (AT manual 8.2.23)', () => {
  test('a partial block leaves after WaitTm of silence, in the unit of the knob', async () => {
    for (const [packUnit, ms] of [
      [200, 400],
      [100, 200],
    ] as const) {
      const { connect, write } = await rig({ knobs: { packUnit, ackDelay: 0 } })
      const peer = await connect()
      write('abc')
      await pass(ms - 10)
      expect(peer.received().length).toBe(0)
      await pass(20)
      expect(peer.received().toString()).toBe('abc')
    }
  })

  test('a byte starts the wait anew; SendSz bytes do not wait', async () => {
    const { connect, write } = await rig()
    const peer = await connect()
    write('a')
    await pass(350)
    write('b')
    await pass(350)
    expect(peer.received().length).toBe(0)
    write(block(1024))
    await pass(100)
    expect(peer.received().length).toBe(1024)
    await pass(500)
    expect(peer.received().length).toBe(1026)
  })

  test('what is not packed when the connection is closed is lost, and counted', async () => {
    const { connect, write, ask, modem, heard } = await rig({ knobs: { dtrDefault: 1 } })
    const peer = await connect()
    write('late')
    await pass(10)
    modem.wire.setDtr(false)
    await pass(2)
    expect(heard()).toBe('\r\nOK\r\n')
    await ask('AT+CIPCLOSE=1', 50)
    await pass(2000)
    expect(peer.received().length).toBe(0)
    expect(modem.record.lost.unpacked).toBe(4)
  })
})

describe('the line’s rate', () => {
  test('bytes take ten bits each, both ways', async () => {
    const { connect, write, port, heardBytes } = await rig({ baudRate: 9600 })
    const peer = await connect()
    heardBytes()
    write(block(960))
    await pass(500)
    expect(port.unsentBytes()).toBeGreaterThan(470)
    expect(port.unsentBytes()).toBeLessThan(490)
    await pass(1000)
    expect(port.unsentBytes()).toBe(0)
    peer.stream.write(block(960))
    await pass(500)
    expect(heardBytes().length).toBeGreaterThan(470)
    await pass(510)
    expect(heardBytes().length).toBeLessThan(490)
  })

  test('64 KiB both ways at once at 115200: whole, in order, in the time that the line takes', async () => {
    const { connect, write, ask, heardBytes, modem } = await rig()
    await ask('AT+IFC=2,2')
    const peer = await connect()
    heardBytes()
    const bytes = block(65_536)
    const started = now()
    write(bytes)
    peer.stream.write(bytes)
    let got = Buffer.alloc(0)
    while (got.length < bytes.length || peer.received().length < bytes.length) {
      await pass(100)
      got = Buffer.concat([got, heardBytes()])
      expect(now() - started).toBeLessThan(7000)
    }
    expect(hash(got)).toBe(hash(bytes))
    expect(hash(peer.received())).toBe(hash(bytes))
    expect(now() - started).toBeGreaterThan(5600)
    expect(Object.values(modem.record.lost)).toEqual([0, 0, 0, 0, 0, 0, 0])
  })

  test('a wrong rate is garbage both ways, and no command', async () => {
    const { ask, port, modem } = await rig({ knobs: { baudRate: 115200 } })
    await port.setBaudRate(9600)
    expect(await ask('AT')).toBe('')
    modem.urc('RING')
    await port.setBaudRate(115200)
    expect(modem.record.commands).toEqual([])
    expect(modem.record.strayBytes).toBe(0)
    expect(modem.record.lost.deaf).toBe(3)
  })

  test('autobaud learns from AT; AT+IPR takes effect after its OK', async () => {
    const { ask, port } = await rig({ baudRate: 19200 })
    expect(await ask('AT')).toContain('OK')
    expect(await ask('AT+IPR=57600')).toContain('OK')
    expect(await ask('AT')).not.toContain('OK')
    await port.setBaudRate(57600)
    expect(await ask('AT')).toContain('OK')
  })

  test('autobaud learns from an AT that comes in two pieces, and obeys the whole line', async () => {
    const { write, modem } = await rig()
    write('A')
    await pass(20)
    write('TE0\r')
    await pass(100)
    expect(modem.record.commands.map(({ line }) => line)).toEqual(['ATE0'])
    expect(modem.record.strayBytes).toBe(0)
  })
})

describe('flow control', () => {
  test('with IFC=2,2 a peer that takes nothing stops the DTE; nothing is lost', async () => {
    const { connect, write, ask, modem, port } = await rig()
    await ask('AT+IFC=2,2')
    const peer = await connect()
    const bytes = block(40_000)
    await modem.during({ type: 'peer-silent' }, async () => {
      write(bytes)
      await pass(60_000)
      expect(modem.wire.lines.cts).toBe(false)
      expect(modem.stack.carrier?.uplink.held).toBeLessThanOrEqual(modem.knobs.inputBuffer)
      expect(port.unsentBytes()).toBeGreaterThan(0)
    })
    await pass(60_000)
    expect(hash(peer.received())).toBe(hash(bytes))
    expect(modem.record.lost.input).toBe(0)
  })

  test('with IFC=0,0 what does not fit is lost, and counted', async () => {
    const { connect, write, modem } = await rig()
    await connect()
    await modem.during({ type: 'peer-silent' }, async () => {
      write(block(40_000))
      await pass(60_000)
    })
    expect(modem.record.lost.input).toBeGreaterThan(20_000)
  })

  test('a DTE that does not read stops the modem and then the peer, by RTS', async () => {
    const { connect, ask, port, modem, heardBytes } = await rig()
    await ask('AT+IFC=2,2')
    const peer = await connect()
    heardBytes()
    port.stream.pause()
    peer.stream.write(block(100_000))
    await pass(60_000)
    expect(modem.wire.queuedToDte).toBeLessThan(modem.knobs.outputBuffer + 2000)
    expect(modem.record.fromPeer).toBeLessThan(30_000)
    port.stream.resume()
    await pass(60_000)
    expect(heardBytes().length).toBe(100_000)
    expect(modem.record.lost.output).toBe(0)
  })

  test('without flow control a DTE that does not read loses bytes, and they are counted', async () => {
    const subject = await rig()
    await subject.port.close()
    await subject.open({ flowControl: 'none' })
    const peer = await subject.connect()
    subject.port.stream.pause()
    peer.stream.write(block(100_000))
    await pass(60_000)
    expect(subject.modem.record.fromPeer).toBe(100_000)
    expect(subject.modem.record.lost.output).toBeGreaterThan(80_000)
  })
})

test('sent and acknowledged bytes are counted; frozen acknowledgements stay open', async () => {
  const { connect, write, ask, modem } = await rig({ knobs: { dtrDefault: 1, ackDelay: 300 } })
  await connect()
  write(block(2048))
  await pass(1000)
  await modem.during({ type: 'ack-frozen' }, async () => {
    write(block(1000))
    await pass(2000)
    modem.wire.setDtr(false)
    expect(await ask('AT+CIPACK')).toContain('+CIPACK: 3048,2048,1000\r\n')
  })
  await pass(400)
  expect(await ask('AT+CIPACK')).toContain('+CIPACK: 3048,3048,0\r\n')
})
