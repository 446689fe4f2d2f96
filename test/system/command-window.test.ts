/** A session that lives on beside AT commands, and under a person's fingers. */
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { every, sleep } from '../../src/core/time.ts'
import { cipbridge } from '../support/built-program.ts'
import { type Stage, stage } from '../support/built-program-stage.ts'

interface StatusJson {
  readonly usable: boolean
  readonly state: string
  readonly guard: { readonly plusesHeld: number }
  readonly routes: readonly { readonly bytesUp: number }[]
}

test.concurrent('P11 ten commands are asked while bytes flow both ways: all are answered, no byte is lost or moved', async () => {
  await using s = await stage()
  const app = s.connect()
  app.socket.write('0\n')
  await s.until(() => s.peer.conversations.length === 1, 'the session')
  const { latest: peer } = s.peer
  const sent = { up: '0\n', down: '' }
  let count = 0
  const traffic = every(50, () => {
    count += 1
    sent.up += `up ${count}\n`
    app.socket.write(`up ${count}\n`)
    sent.down += `down ${count}\r\nOK\r\n`
    peer.socket.write(`down ${count}\r\nOK\r\n`)
  })
  try {
    for (let asked = 0; asked < 10; asked += 1) {
      const { exit, stdout, stderr } = await cipbridge('at', 'AT+CSQ', '--socket', s.controlSocket)
      expect(stderr).toBe('')
      expect(stdout).toMatch(/^\+CSQ: \d+,\d+\nOK\n$/)
      expect(exit).toBe(0)
    }
    expect(await status(s)).toMatchObject({ usable: true })
  } finally {
    traffic.cancel()
  }
  await s.until(() => peer.length >= sent.up.length && app.length >= sent.down.length, 'the rest')
  expect(peer.text).toBe(sent.up)
  expect(app.text).toBe(sent.down)
  expect([app.end, peer.end]).toEqual(['open', 'open'])
  expect(s.peer.conversations).toHaveLength(1)
}, 120_000)

/** Bytes and the pause after them in ms: escapes as a person, or an unlucky program, would type them. */
const FINGERS: readonly (readonly [string, number])[] = [
  ['\r', 1200],
  ['+++', 1200],
  ['+', 300],
  ['+', 300],
  ['+', 1500],
  ['+++', 1100],
  ['ls\r', 1050],
  ['++', 1050],
  ['+', 1050],
  ['+++', 500],
  ['\r', 1010],
  ['++++', 1200],
  ['+++', 1300],
  ['.', 0],
]

test.concurrent('P1 a person types single characters and +++ with pauses around the guard time, and sees each echoed', async () => {
  await using s = await stage({ greet: (socket) => socket.on('data', (bytes) => socket.write(bytes)) })
  const app = s.connect()
  const typed: [string, number][] = FINGERS.map(([keys, pause]) => [keys, pause])
  for (let keys = 0; keys < 8; keys += 1) typed.push([randomInt(3) === 0 ? 'x' : '+', randomInt(900, 1150)])
  let sent = ''
  for (const [keys, pause] of typed) {
    app.socket.write(keys)
    sent += keys
    await sleep(pause)
  }
  const what = `the echo of ${JSON.stringify(typed)}`
  await s.until(() => app.length >= sent.length, what)
  expect(app.text, what).toBe(sent)
  expect(s.peer.latest.text, what).toBe(sent)
  // The modem was in danger, and never left data mode.
  expect((await status(s)).guard.plusesHeld).toBeGreaterThan(1)
  expect(s.modem.stdout).not.toContain('escaped')
}, 120_000)

async function status(s: Stage): Promise<StatusJson> {
  const { exit, stdout } = await cipbridge('status', '--json', '--socket', s.controlSocket)
  expect(exit).toBe(0)
  return JSON.parse(stdout) as StatusJson
}
