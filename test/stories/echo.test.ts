/** A modem that turns its echo on again by itself: what comes back of a command is nothing that the peer has said. */
import { describe, expect, test } from 'vitest'
import { type Rig, type RigOptions, rig, type Witness } from '../support/rig.ts'

async function session(options: RigOptions): Promise<[Rig, Witness]> {
  const r = await rig(options)
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('up')
  await r.until(() => r.peers[0]?.text === 'up', 'a session')
  return [r, app]
}

/** A window with one command of a person; the peer says `texts`, one after the other, as long as it lasts. */
async function window(r: Rig, command: string, texts: readonly string[] = []): Promise<string> {
  let said = ''
  let answer: string | undefined
  const before = r.told('resumed').length
  r.link.ask(command).then(
    ({ lines }) => (answer = lines.join()),
    () => undefined,
  )
  await r.reach('escaping')
  for (let at = 0; r.told('resumed').length === before; at += 1) {
    const text = texts[at % texts.length] ?? ''
    r.peer.socket.write(Buffer.from(text, 'latin1'))
    said += text
    await r.pass(90)
  }
  expect(answer).toBe('+CSQ: 17,0')
  return said
}

async function expectDown(r: Rig, app: Witness, down: string): Promise<void> {
  await r.until(
    () => app.text.length >= down.length,
    () => JSON.stringify(app.text),
    10_000,
  )
  await r.pass(1_000)
  expect(app.text).toBe(down)
  expect(r.dialled.length).toBe(1)
}

const PIECES = [
  { way: 'at once', chopped: 0 },
  { way: 'one byte per read', chopped: 1 },
  { way: 'four bytes per read', chopped: 4 },
]

describe.each(['kept', 'delivered'] as const)('with bytes of the peer %s while it is escaped', (escapedData) => {
  const knobs = { escapedData, quickTime: 200 }

  test.each(PIECES)(
    'P1 P11 the echo comes back, read $way: the client gets what the peer says, and it is turned off',
    async ({ chopped }) => {
      const [r, app] = await session({ knobs })
      if (chopped > 0) r.modem.begin({ type: 'chopped', bytes: chopped, ms: 3 })
      let down = ''
      for (let windows = 0; windows < 3; windows += 1) {
        r.modem.settings.now.echo = 1
        down += await window(r, 'AT+CSQ', ['x', '<one\r\n>', 'AT', '\r', 'A'])
        expect(r.modem.settings.now.echo).toBe(0)
      }
      await expectDown(r, app, down)
    },
  )

  test('P1 P11 the echo comes back before a dial: it is turned off there', async () => {
    const r = await rig({ knobs })
    await r.reach('ready')
    r.modem.begin({ type: 'echo-on' })
    await r.pass(60_000)
    const app = r.connect()
    app.socket.write('up')
    await r.until(() => r.peers[0]?.text === 'up', 'a session')
    expect(r.modem.settings.now.echo).toBe(0)
    expect(app.text).toBe('')
  })

  test('P1 the echo is on when a client that has finished hears more of the peer: no command is in that window, and it is off', async () => {
    const [r, app] = await session({ knobs })
    r.modem.begin({ type: 'echo-on' })
    app.socket.end('the last')
    await r.reach('closing')
    for (let turns = 0; turns < 20; turns += 1) {
      r.peer.socket.write('more ')
      await r.pass(400)
    }
    r.peer.socket.end()
    await r.until(() => app.end !== 'open', 'the end', 60_000)
    expect(app.text).toBe('more '.repeat(20))
    expect(r.modem.settings.now.echo).toBe(0)
  })

  test('P1 P11 the echo comes back between the last command and the way back to data: one more window, and it is off', async () => {
    const [r, app] = await session({ knobs })
    await window(r, 'AT+CSQ')
    r.modem.settings.now.echo = 1
    await expectDown(r, app, await window(r, 'AT+CSQ', ['a', 'b']))
  })

  test.each([[['AT+CSQ\r']], [['AT+CSQ\r', '<>', 'AT+CSQ\r\r\n', 'AT+', 'ATO']], [['ATO\r']]])(
    'P1 P11 a peer that says %j is no echo: every byte arrives, in order',
    async (texts) => {
      const [r, app] = await session({ knobs })
      await expectDown(r, app, await window(r, 'AT+CSQ', texts))
    },
  )

  test('P2 the peer closes in a window with an echo: nothing of it reaches the client', async () => {
    const [r, app] = await session({ knobs })
    r.modem.settings.now.echo = 1
    r.link.ask('AT+CSQ').catch(() => undefined)
    await r.reach('commanding')
    r.peer.socket.end('the rest')
    await r.until(() => app.end !== 'open', 'the end', 60_000)
    expect('the rest'.startsWith(app.text)).toBe(true)
    expect(r.modem.record.stray).toEqual([])
  })

  test('P3 P11 the client finishes while the echo is on: no byte of it reaches the client, all is acknowledged', async () => {
    const [r, app] = await session({ knobs })
    r.modem.settings.now.echo = 1
    app.socket.end('the last')
    await r.until(() => r.told('hung-up').length > 0, 'the hang-up', 60_000)
    expect(r.peer.text).toBe('upthe last')
    expect(app.text).toBe('')
    expect(r.told('hung-up')[0]).toMatchObject({ unacked: 0 })
  })
})
