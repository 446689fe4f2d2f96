import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

test.each([true, false])(
  'P6 a daemon killed in data mode finds the modem there and serves the next client (DCD wire: %s)',
  async (lines) => {
    const before = await rig({ lines })
    await before.reach('ready')
    const app = before.connect()
    app.socket.write('hello')
    await before.until(() => before.peers[0]?.text === 'hello', 'the first session')
    await before.kill()
    expect(before.modem.mode).toBe('data')

    const after = await rig({ lines, modem: before.modem })
    await after.reach('ready')
    expect(after.told('adopted')).toHaveLength(1)
    expect(before.peer.text).toBe('hello')
    const next = after.connect()
    next.socket.write('again')
    await after.until(() => before.peers[1]?.text === 'again', 'the next session')
    expect(after.modem.record.stray).toEqual([])
  },
)

test.each([9600, 57_600, 19_200])(
  'P6 a modem that is fixed at %i baud is found and set to the configured rate',
  async (baudRate) => {
    const r = await rig({ knobs: { baudRate } })
    await r.reach('ready')
    expect(r.told('baud-rate')[0]?.message).toContain(`${baudRate} baud`)
    expect(r.told('recovering')).toEqual([])
  },
)

test('P6 a modem that waits for text at a prompt gives that up, and the peer gets nothing', async () => {
  const r = await rig()
  await r.reach('ready')
  await r.kill()
  r.modem.prompt()
  const after = await rig({ modem: r.modem })
  await after.reach('ready')
  expect(after.told('recovering')).toEqual([])
  expect(after.modem.record.stray).toEqual([])
  expect(after.modem.record.toPeer).toBe(0)
})

test('P6 a booting modem is waited for', async () => {
  const r = await rig({ knobs: { start: 'booting', baudRate: 115_200 } })
  await r.reach('ready')
})

test('P6 P7 a modem that answers an error to everything is at its rate: it is looked for at no other, and served as soon as it can', async () => {
  const r = await rig()
  const end = r.modem.begin({ type: 'command-failed' })
  await r.until(() => r.told('recovering').length > 2, 'attempts', 300_000)
  expect(r.told('recovering').map(({ fault }) => fault)).not.toContain('no-answer')
  end()
  await r.reach('ready', 300_000)
})

test('P6 a modem whose echo and result codes were changed by somebody is understood', async () => {
  const r = await rig()
  await r.reach('ready')
  await r.kill()
  r.modem.settings.now.echo = 1
  const after = await rig({ modem: r.modem })
  await after.reach('ready')
})

test.each([3_000, 5_000, 8_000])(
  'P8 a question that a modem in its boot of %i ms cuts becomes no ATA',
  async (bootTime) => {
    const r = await rig({
      knobs: { start: 'booting', baudRate: 9600, bootTime },
      config: { line: { device: 'virtual', baudRate: 9600 } },
    })
    await r.reach('ready')
    r.modem.begin({ type: 'reboot' })
    await r.pass(1_000)
    await r.reach('ready')
    expect(r.modem.record.callsAnswered).toBe(0)
  },
)
