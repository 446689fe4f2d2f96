/** A route with several peers: each in turn, a backup for a while, then the first again. */
import { expect, test } from 'vitest'
import { type Rig, rig } from '../support/rig.ts'

const NAMES = ['first.example.com:1', 'second.example.com:2', 'third.example.com:3']

async function threePeers(up: () => readonly string[]): Promise<Rig> {
  const r = await rig({
    config: {
      routes: [
        {
          name: 'broker',
          listen: '127.0.0.1:1883',
          to: NAMES.map((name) => `tcp://${name}`),
          backupTime: '10m',
          linger: '0s',
        },
      ],
    },
  })
  r.accept = () => Promise.resolve(up().includes(r.dialled.at(-1) ?? ''))
  await r.reach('ready')
  return r
}

/** One session; the peer that it reached. */
async function reached(r: Rig): Promise<string | undefined> {
  const count = r.peers.length
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.peers.length > count && r.peer.text === 'hello', 'a peer')
  const peer = r.dialled.at(-1)
  app.socket.end()
  await r.until(() => app.end !== 'open' && r.link.state === 'ready', 'the end')
  return peer
}

test('the first peer that answers is the one; the client’s bytes reach only that one', async () => {
  const r = await threePeers(() => NAMES.slice(2))
  expect(await reached(r)).toBe(NAMES[2])
  expect(r.dialled).toEqual(NAMES)
  expect(r.told('next-peer').map(({ fault }) => fault)).toEqual(['peer-refused', 'peer-refused'])
})

test('a backup is dialled first for a while, then the first has its turn again', async () => {
  let up = NAMES.slice(1)
  const r = await threePeers(() => up)
  expect(await reached(r)).toBe(NAMES[1])
  up = NAMES
  r.dialled.length = 0
  expect(await reached(r)).toBe(NAMES[1])
  expect(r.dialled).toEqual([NAMES[1]])
  await r.pass(10 * 60_000)
  expect(await reached(r)).toBe(NAMES[0])
  expect(await reached(r)).toBe(NAMES[0])
})

test('a backup that fails in its time: the others follow, the first too', async () => {
  let up = NAMES.slice(1)
  const r = await threePeers(() => up)
  expect(await reached(r)).toBe(NAMES[1])
  up = NAMES.slice(0, 1)
  expect(await reached(r)).toBe(NAMES[0])
})

test('P10 nobody answers: the client is reset with the last one’s reason, and the next client tries again', async () => {
  let up: string[] = []
  const r = await threePeers(() => up)
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => app.end === 'rst', 'the reset')
  expect(r.dialled).toEqual(NAMES)
  expect(r.told('session-end')[0]).toMatchObject({ fault: 'peer-refused' })
  expect(r.told('session-end')[0]?.message).toContain(NAMES[2])
  up = NAMES
  await r.until(() => r.link.usable, 'the link')
  expect(await reached(r)).toBe(NAMES[0])
})

test('a client that leaves between two peers ends the search', async () => {
  const r = await threePeers(() => [])
  const app = r.connect()
  app.socket.write('hello')
  await r.until(() => r.dialled.length === 1, 'the first dial')
  app.socket.resetAndDestroy()
  await r.pass(60_000)
  expect(r.dialled).toHaveLength(1)
})
