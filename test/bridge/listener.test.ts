/** P13: a listener that is open to others lets those of its list in, and nobody else. */
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/bridge/listener.ts'
import { configFrom } from '../../src/config/schema.ts'
import { freePort } from '../daemon/live-daemon.ts'

/** Where clients of a listener are let in. @returns what becomes of a client that comes from an address */
async function doorOf(host: string, allowFrom: string[]): Promise<(from: string) => Promise<'in' | 'refused'>> {
  const port = await freePort()
  const { routes } = configFrom({
    context: { apn: 'internet' },
    routes: [{ name: 'a', listen: `${host}:${port}`, to: 'tcp://x:1', allowFrom }],
  })
  const [route] = routes
  if (!route) throw new Error('no route')
  const listener = new Listener(route, (_route, client) => client.end('in'))
  await listener.open()
  onTestFinished(() => listener.close())
  return async (from) => {
    const client = connect({ host: '127.0.0.1', port, localAddress: from })
    const heard: Buffer[] = []
    client.on('data', (chunk: Buffer) => heard.push(chunk))
    client.on('error', () => undefined)
    await new Promise((resolve) => client.once('close', resolve))
    return Buffer.concat(heard).toString() === 'in' ? 'in' : 'refused'
  }
}

test.each(['127.0.0.1', '0.0.0.0', '[::]'])(
  'P13 at %s those of allowFrom get in, their neighbours do not',
  async (host) => {
    const come = await doorOf(host, ['127.0.0.4/30', '192.0.2.1'])
    expect(await Promise.all(['127.0.0.4', '127.0.0.7'].map(come))).toEqual(['in', 'in'])
    expect(await Promise.all(['127.0.0.1', '127.0.0.3', '127.0.0.8'].map(come))).toEqual([
      'refused',
      'refused',
      'refused',
    ])
  },
)

test('at loopback without a list every program of this machine gets in', async () => {
  const come = await doorOf('127.0.0.1', [])
  expect(await come('127.0.0.1')).toBe('in')
})
