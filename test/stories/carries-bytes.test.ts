import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

const echo = (socket: import('../support/memory-socket.ts').MemorySocket): void => {
  socket.on('data', (chunk: Buffer) => socket.write(chunk))
}

test('P4 what an app writes before CONNECT arrives whole, and so does the answer', async () => {
  const r = await rig({ peer: echo })
  await r.reach('ready')
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => app.text === 'hello', 'the echo')
  expect(r.dialled).toEqual(['broker.example.com:1883'])
  expect(r.peer.text).toBe('hello')
})

test('three clients one after the other dial three times without a new bring-up', async () => {
  const r = await rig({ peer: echo })
  await r.reach('ready')
  for (const word of ['one', 'two', 'three']) {
    const app = r.connect()
    app.socket.write(word)
    await r.until(() => app.text === word, `the echo of ${word}`)
    app.socket.end()
    await r.until(() => app.end !== 'open', 'the end')
    await r.reach('ready')
  }
  expect(r.dialled).toHaveLength(3)
  expect(r.log.filter((line) => line.includes('» AT+CIICR'))).toHaveLength(1)
})

test.each(['220 hello\r\n', '\r\nOK\r\n', '\r\nCONNECT\r\n', '\r\n', 'x'])(
  'P4 %j that the peer says first, read together with CONNECT, arrives whole',
  async (banner) => {
    const reads: string[] = []
    const tap = {
      sent: () => undefined,
      received: (bytes: Uint8Array) => reads.push(Buffer.from(bytes).toString('latin1')),
    }
    // A USB adapter hands over what came in 16 ms.
    const r = await rig({
      knobs: { readBytes: 512, readGap: 16 },
      watch: () => ({ tap }),
      peer: (socket) => socket.write(banner),
    })
    await r.reach('ready')
    const app = r.connect()
    await r.until(() => reads.some((read) => read.endsWith(`\r\nCONNECT\r\n${banner}`)), 'both in one read')
    app.socket.write('and then?')
    await r.until(() => r.peers[0]?.text === 'and then?', 'the question')
    await r.pass(2000)
    expect(app.text).toBe(banner)
  },
)
