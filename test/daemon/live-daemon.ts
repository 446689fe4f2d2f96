/** The real daemon on the built-in modem, in real time with a modem that is quick; its sockets are in a folder of its own. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { builtInModem } from '../../src/cli/built-in-modem.ts'
import { type ConfigInput, configFrom } from '../../src/config/schema.ts'
import { Journal, type JournalEvent } from '../../src/core/log.ts'
import { Daemon } from '../../src/daemon/daemon.ts'
import type { LinkState } from '../../src/link/states.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import type { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'

const QUICK: Partial<Knobs> = {
  quickTime: 0,
  networkTime: 1,
  contextTime: 1,
  connectTime: 1,
  closeTime: 1,
  shutTime: 1,
  ackDelay: 1,
  bootTime: 50,
  simTime: 5,
  registerTime: 5,
  attachTime: 5,
  callReadyTime: 5,
}

export interface LiveOptions {
  readonly knobs?: Partial<Knobs>
  readonly config?: Partial<ConfigInput>
  readonly peer?: (socket: Socket) => void
  /** The route listens at a Unix socket. */
  readonly unixDoor?: boolean
  /** A folder that is there already, with whatever is in it. */
  readonly folder?: string
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cipbridge-daemon-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export class LiveDaemon {
  readonly daemon: Daemon
  readonly modem: VirtualModem
  readonly journal: Journal
  readonly socket: string
  readonly door: string | number
  readonly peerPort: number
  readonly log: string[] = []
  readonly events: JournalEvent[] = []
  readonly running: Promise<void>

  constructor(folder: string, doorPort: number, peerPort: number, { knobs, config, unixDoor }: LiveOptions) {
    this.socket = join(folder, 'control.sock')
    this.peerPort = peerPort
    this.door = unixDoor === true ? join(folder, 'door.sock') : doorPort
    const listen = typeof this.door === 'string' ? this.door : `127.0.0.1:${this.door}`
    const { modem, openPort } = builtInModem({ ...QUICK, ...knobs }, true)
    this.modem = modem
    this.journal = new Journal('debug', 'json', (line) => this.log.push(line))
    this.journal.on('event', (event) => this.events.push(event))
    const whole = configFrom({
      line: { device: 'virtual' },
      context: { apn: 'internet', user: 'u', password: 'hunter2' },
      routes: [{ name: 'broker', listen, to: `tcp://127.0.0.1:${peerPort}`, linger: '0s' }],
      control: { socket: this.socket },
      state: { folder: join(folder, 'state') },
      ...config,
    })
    this.daemon = new Daemon(whole, openPort, this.journal)
    this.running = this.daemon.run()
    this.running.catch(() => undefined)
  }

  /** Until the link is usable and its doors are open. */
  async usable(): Promise<void> {
    if (this.daemon.link.usable) return
    await this.event('listening')
  }

  /** Until the link is in a state. */
  async reach(state: LinkState): Promise<void> {
    while (this.daemon.link.state !== state) await once(this.daemon.link, 'transition')
  }

  /** An event that has come or will. */
  async told(matches: (event: JournalEvent) => boolean): Promise<JournalEvent> {
    for (;;) {
      const found = this.events.find(matches)
      if (found) return found
      await once(this.journal, 'event')
    }
  }

  /** The next event of a kind. */
  event(name: string): Promise<JournalEvent> {
    return new Promise((resolve) => {
      const look = (event: JournalEvent): void => {
        if (event.event !== name) return
        this.journal.off('event', look)
        resolve(event)
      }
      this.journal.on('event', look)
    })
  }

  /** The control socket is there. */
  async listening(): Promise<void> {
    while (!this.log.some((line) => line.includes('listening at'))) await new Promise(setImmediate)
  }

  /** A program on this machine. */
  app(): Socket {
    return typeof this.door === 'string' ? connect(this.door) : connect(this.door, '127.0.0.1')
  }

  async call(method: string, path: string, body?: string): Promise<{ code: number; body: Record<string, unknown> }> {
    return answerOf(await opened(this.socket, method, path, body))
  }

  at(command: string): ReturnType<LiveDaemon['call']> {
    return this.call('POST', '/at', JSON.stringify({ command }))
  }

  async stop(): Promise<void> {
    this.daemon.stop()
    await this.running
  }
}

/** A daemon that is stopped when the test is over. */
export async function liveDaemon(options: LiveOptions = {}): Promise<LiveDaemon> {
  const folder = options.folder ?? temporaryFolder()
  const peer = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    options.peer?.(socket)
  })
  const peerPort = await listenAnywhere(peer)
  const live = new LiveDaemon(folder, await freePort(), peerPort, options)
  onTestFinished(async () => {
    live.daemon.stop()
    await live.running.catch(() => undefined)
    peer.close()
  })
  return live
}

async function listenAnywhere(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  const port = await listenAnywhere(probe)
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** The response to a request at a Unix socket, its body unread. */
export function opened(socketPath: string, method: string, path: string, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path, agent: false }, resolve).once('error', reject).end(body)
  })
}

async function answerOf(response: IncomingMessage): Promise<{ code: number; body: Record<string, unknown> }> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return { code: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }
}
