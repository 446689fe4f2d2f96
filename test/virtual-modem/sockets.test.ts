/** The modem's real ends, on loopback and in real time: few and small. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readlink, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { every } from '../../src/core/time.ts'
import { startPeer } from '../../src/virtual-modem/peer.ts'
import { servePty } from '../../src/virtual-modem/pty-socket.ts'
import { tcpNetwork } from '../../src/virtual-modem/tcp-network.ts'
import { serveTcp } from '../../src/virtual-modem/tcp-socket.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'

const QUICK = { quickTime: 1, contextTime: 5, connectTime: 1, ackDelay: 1 }

test('over TCP: dials a real peer, hears its banner with CONNECT, and its end', async () => {
  const peer = await startPeer({ banner: 'welcome' })
  const modem = new VirtualModem({ network: tcpNetwork(), knobs: QUICK })
  const socket = await serveTcp(modem, '127.0.0.1', 0)
  const dte = connect(socket.port, socket.host)
  let heard = ''
  dte.on('data', (bytes) => (heard += bytes.toString('latin1')))
  const hears = (text: string): Promise<void> => expect.poll(() => heard, { timeout: 5000 }).toContain(text)
  dte.write('AT+CIPMODE=1\r')
  await hears('OK')
  dte.write(`AT+CIPSTART="TCP","${peer.host}",${String(peer.port)}\r`)
  await hears('\r\nCONNECT\r\nwelcome')
  dte.write('echo me')
  await hears('welcomeecho me')
  peer.hangUp('fin')
  await hears('\r\nCLOSED\r\n')
  const second = connect(socket.port, socket.host)
  await once(second, 'close')
  modem.unplug()
  await once(dte, 'close')
  await once(connect(socket.port, socket.host), 'close')
  modem.plug()
  const next = connect(socket.port, socket.host)
  heard = ''
  next.on('data', (bytes) => (heard += bytes.toString('latin1')))
  next.write('AT\r')
  await hears('OK')
  next.destroy()
  await socket.close()
  await peer.close()
})

test('a peer that refuses is told apart from one that accepts', async () => {
  const peer = await startPeer()
  await peer.close()
  const refused = tcpNetwork().dial(peer.host, peer.port, new AbortController().signal)
  await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('on a pseudo-terminal under a link that stays while it is served', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'modem-'))
  const link = join(folder, 'modem')
  const modem = new VirtualModem({ network: tcpNetwork(), knobs: QUICK })
  const socket = await servePty(modem, link)
  expect(await readlink(link)).toBe(socket.path)
  const tty = await open(link, 'r+')
  await tty.write('AT\r')
  // The first AT may only train the modem's autobaud (AT manual 2.2.41): whoever opens a tty repeats it.
  const repeating = every(1000, () => {
    tty.write('AT\r').catch(() => undefined)
  })
  let heard = ''
  while (!heard.endsWith('OK\r\n')) {
    const { buffer, bytesRead } = await tty.read(Buffer.alloc(100), 0, 100)
    heard += buffer.subarray(0, bytesRead).toString('latin1')
  }
  repeating.cancel()
  expect(heard).toMatch(/AT\r\r\nOK\r\n$/)
  modem.unplug()
  expect((await tty.read(Buffer.alloc(100), 0, 100).catch(() => ({ bytesRead: 0 }))).bytesRead).toBe(0)
  await tty.close()
  await expect.poll(() => existsSync(link)).toBe(false)
  modem.plug()
  await expect.poll(() => existsSync(link)).toBe(true)
  expect(await readlink(link)).toBe(socket.path)
  await socket.close()
  await expect(readlink(link)).rejects.toMatchObject({ code: 'ENOENT' })
  await rm(folder, { recursive: true })
})
