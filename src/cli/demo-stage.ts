/** What `demo` plays on: the real daemon on the built-in modem, a real peer, a real local port. */
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, configFrom } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import { abortable } from '../core/time.ts'
import { Daemon } from '../daemon/daemon.ts'
import type { Link } from '../link/link.ts'
import type { Knobs } from '../virtual-modem/knobs.ts'
import { startPeer, type TestPeer } from '../virtual-modem/peer.ts'
import type { VirtualModem } from '../virtual-modem/virtual-modem.ts'
import { builtInModem } from './built-in-modem.ts'

const HOST = '127.0.0.1'

/** A modem that is quick to boot and to register, so that nobody waits; its line rate and its guard times are real. */
const QUICK: Partial<Knobs> = {
  start: 'off',
  bootTime: 1500,
  simTime: 200,
  registerTime: 400,
  attachTime: 200,
  callReadyTime: 400,
  contextTime: 500,
}

export interface Stage {
  readonly modem: VirtualModem
  readonly link: Link
  readonly peer: TestPeer
  /** Where programs connect. */
  readonly host: string
  readonly port: number
  /** Switches the modem and the daemon on. */
  start(): void
  /** Resolves when the link is ready to dial. Rejects if the daemon fails, or with the signal's reason. */
  ready(signal: AbortSignal): Promise<void>
  /** Stops the daemon in order. Rejects with the bug if it failed. */
  stop(): Promise<void>
  /** Takes away what is left; idempotent. */
  clear(): Promise<void>
}

/** @param lines whether DCD, DTR and RI are wired */
export async function openStage(journal: Journal, lines: boolean): Promise<Stage> {
  const peer = await startPeer()
  const port = await freePort()
  const { modem, openPort } = builtInModem(QUICK, lines)
  // A control socket of its own: a daemon that serves this machine is not disturbed.
  const folder = await mkdtemp(join(tmpdir(), 'cipbridge-demo-'))
  const daemon = new Daemon(demoConfig(port, peer.port, folder), openPort, journal)
  let running: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    daemon.stop()
    await running
  }
  return {
    modem,
    link: daemon.link,
    peer,
    host: HOST,
    port,
    start: () => {
      modem.power.boot()
      running = daemon.run()
      // Whoever waits for the link, or for the end, is told.
      running.catch(() => undefined)
    },
    ready: (signal) => abortable(Promise.race([becomesReady(daemon.link), failure(running)]), signal),
    stop,
    clear: async () => {
      await stop().catch(() => undefined)
      modem.power.off()
      await peer.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function demoConfig(port: number, peerPort: number, folder: string): Config {
  return configFrom({
    line: { device: 'virtual', baudRate: 115_200 },
    context: { apn: 'internet' },
    routes: [{ name: 'demo', listen: `${HOST}:${port}`, to: `tcp://${HOST}:${peerPort}`, linger: '500ms' }],
    // Nobody wants to watch the pauses that spare a mobile network.
    recovery: { firstPause: '500ms', maxPause: '3s', bootTime: '6s' },
    liveness: { probeAfter: '10s' },
    control: { socket: join(folder, 'control.sock') },
    state: { folder },
  })
}

function becomesReady(link: Link): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (link.state !== 'ready') return
      link.off('transition', look)
      resolve()
    }
    link.on('transition', look)
    look()
  })
}

/** Never resolves. */
async function failure(running: Promise<void> | undefined): Promise<never> {
  await running
  return new Promise(() => undefined)
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HOST, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
