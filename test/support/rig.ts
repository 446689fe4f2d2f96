/** The whole program over the virtual modem, in virtual time: link, bridge, sessions; clients and peers in memory. */
import type { Duplex } from 'node:stream'
import { onTestFinished, vi } from 'vitest'
import { Bridge } from '../../src/bridge/bridge.ts'
import { type Config, type ConfigInput, configFrom } from '../../src/config/schema.ts'
import { Fault } from '../../src/core/fault.ts'
import { Journal, type JournalEvent } from '../../src/core/log.ts'
import type { Port } from '../../src/core/port.ts'
import type { LineWatch } from '../../src/daemon/line-watch.ts'
import type { OpenGpio } from '../../src/line/gpio-line.ts'
import { Link } from '../../src/link/link.ts'
import type { LinkState } from '../../src/link/states.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import type { OnCall } from '../../src/virtual-modem/network.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'
import { virtualPort } from '../../src/virtual-modem/virtual-port.ts'
import { LocalDatagrams } from './local-datagrams.ts'
import { type MemorySocket, memorySocketPair } from './memory-socket.ts'
import { MemoryUdpPeer } from './memory-udp.ts'

export interface RigOptions {
  readonly knobs?: Partial<Knobs>
  readonly config?: Partial<ConfigInput>
  /** Whether the port has modem lines; a Pi's header has none. */
  readonly lines?: boolean
  /** The GPIO chip that leads to this modem. */
  readonly gpio?: (modem: VirtualModem) => OpenGpio
  /** Who watches the line. */
  readonly watch?: (journal: Journal) => Pick<LineWatch, 'tap'>
  /** A modem that has lived already, instead of a new one. */
  readonly modem?: VirtualModem
  /** What each peer does with a connection; without it the test takes them from `peers`. */
  readonly peer?: (socket: MemorySocket) => void
  /** The same with UDP. */
  readonly udpPeer?: (peer: MemoryUdpPeer) => void
}

/** One socket's view of the world: what it read and how it ended. */
export class Witness {
  readonly socket: MemorySocket
  readonly #chunks: Buffer[] = []
  end: 'open' | 'fin' | 'rst' = 'open'
  constructor(socket: MemorySocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    socket.on('end', () => {
      this.end = 'fin'
    })
    socket.on('error', () => {
      this.end = 'rst'
    })
    socket.on('close', () => {
      if (this.end === 'open') this.end = 'rst'
    })
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
  get text(): string {
    return this.bytes.toString('latin1')
  }
}

export const CONFIG: ConfigInput & { routes: NonNullable<ConfigInput['routes']> } = {
  line: { device: 'virtual' },
  context: { apn: 'internet' },
  routes: [{ name: 'broker', listen: '127.0.0.1:1883', to: 'tcp://broker.example.com:1883' }],
}

export class Rig {
  readonly modem: VirtualModem
  readonly config: Config
  readonly link: Link
  readonly bridge: Bridge
  readonly journal: Journal
  readonly events: JournalEvent[] = []
  readonly log: string[] = []
  readonly walked: [LinkState, string, LinkState][] = []
  readonly peers: Witness[] = []
  readonly udpPeers: MemoryUdpPeer[] = []
  readonly dialled: string[] = []
  /** The port that each dial came from; undefined: any. */
  readonly dialledFrom: (number | undefined)[] = []
  /** Local programs that callers were joined to. */
  readonly programs: Witness[] = []
  #listening: { readonly port: number; readonly onCall: OnCall } | undefined
  /** What the network does with a dial: true accepts. */
  accept: () => Promise<boolean> = () => Promise.resolve(true)
  running: Promise<void> = Promise.resolve()
  bug: Error | undefined
  #port: Port | undefined
  #killed = false

  constructor(options: RigOptions) {
    this.modem =
      options.modem ??
      new VirtualModem({
        ...(options.knobs ? { knobs: options.knobs } : {}),
        network: {
          dial: (host, port, _signal, from) => {
            this.dialledFrom.push(from)
            return this.#connect(`${host}:${port}`, options.peer)
          },
          openUdp: (host, port, _signal, from) => this.#openUdp(host, port, from, options.udpPeer),
          resolve: () => Promise.resolve(['192.0.2.1']),
          listen: (port, onCall) => {
            this.#listening = { port, onCall }
            return () => {
              this.#listening = undefined
            }
          },
        },
      })
    this.config = configFrom({ ...CONFIG, ...options.config })
    const journal = new Journal('debug', 'json', (line) => this.log.push(line))
    this.journal = journal
    journal.on('event', (event) => this.events.push(event))
    this.journal = journal
    const openPort = virtualPort(this.modem, { lines: options.lines ?? false })
    this.link = new Link(
      this.config,
      async (device, settings) => {
        if (this.#killed) throw new Fault('line-busy', 'this process is dead')
        this.#port = await openPort(device, settings)
        return this.#port
      },
      journal,
      undefined,
      options.gpio?.(this.modem),
      options.watch?.(journal).tap,
    )
    this.link.on('transition', (from, event, to) => this.walked.push([from, event, to]))
    const onBug = (error: unknown): void => {
      this.bug ??= error instanceof Error ? error : new Error(String(error))
    }
    this.bridge = new Bridge(this.config, this.link, journal, onBug, () => {
      const [program, client] = memorySocketPair()
      this.programs.push(new Witness(program))
      return client
    })
  }

  /** kill -9: the kernel closes the tty, nobody hangs up; the modem stays as it is. */
  async kill(): Promise<void> {
    this.#killed = true
    await this.#port?.close()
    await this.pass(0)
    this.link.stop()
    await this.until(() => this.link.state === 'stopped', 'the end of a killed daemon')
  }

  async #openUdp(host: string, port: number, from: number | undefined, behave: RigOptions['udpPeer']): Promise<Duplex> {
    this.dialled.push(`udp://${host}:${port}`)
    this.dialledFrom.push(from)
    if (!(await this.accept())) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    const peer = new MemoryUdpPeer(host, port)
    this.udpPeers.push(peer)
    behave?.(peer)
    return peer.socket
  }

  async #connect(to: string, behave: RigOptions['peer']): Promise<Duplex> {
    this.dialled.push(to)
    if (!(await this.accept())) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    const [far, near] = memorySocketPair()
    this.peers.push(new Witness(far))
    behave?.(far)
    return near
  }

  start(): void {
    this.running = this.link.run().catch((error: unknown) => {
      this.bug ??= error instanceof Error ? error : new Error(String(error))
    })
  }

  /** A program on this machine connects to a route. */
  connect(route = 0): Witness {
    const [app, client] = memorySocketPair()
    const figures = this.bridge.figures[route]
    if (!figures) throw new Error('no such route')
    this.bridge.serve(figures, client)
    return new Witness(app)
  }

  /** The UDP socket of the newest dial. */
  get udpPeer(): MemoryUdpPeer {
    const peer = this.udpPeers.at(-1)
    if (!peer) throw new Error('nobody has been dialled over UDP')
    return peer
  }

  /** Where programs on this machine send datagrams of a route to. */
  datagramsAt(route = 0): LocalDatagrams {
    const figures = this.bridge.figures[route]
    if (!figures) throw new Error('no such route')
    return new LocalDatagrams(this.bridge, figures)
  }

  /** The port that the modem listens on. */
  get listensAt(): number | undefined {
    return this.#listening?.port
  }

  /** Somebody out there calls the modem. */
  call(from: string): Witness {
    if (!this.#listening) throw new Error('the modem does not listen')
    const [caller, near] = memorySocketPair()
    this.#listening.onCall(near, from)
    return new Witness(caller)
  }

  /** The peer of the newest dial. */
  get peer(): Witness {
    const peer = this.peers.at(-1)
    if (!peer) throw new Error('nobody has been dialled')
    return peer
  }

  /** Lets virtual time pass until `condition` holds; fails after `limitMs` of it. */
  async until(condition: () => boolean, what: string | (() => string), limitMs = 120_000): Promise<void> {
    for (let waited = 0; !condition(); waited += 10) {
      if (this.bug !== undefined) throw this.bug
      if (waited >= limitMs)
        throw new Error(
          `not within ${limitMs} ms: ${typeof what === 'string' ? what : what()}; state ${this.link.state}\n${this.log.slice(-12).join('')}`,
        )
      await vi.advanceTimersByTimeAsync(10)
    }
  }

  async reach(state: LinkState, limitMs?: number): Promise<void> {
    await this.until(() => this.link.state === state, `state ${state}`, limitMs)
  }

  /** Lets virtual time pass. */
  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms)
    if (this.bug !== undefined) throw this.bug
  }

  async stop(): Promise<void> {
    this.link.stop()
    await this.until(() => this.link.state === 'stopped', 'stop', 60_000)
  }

  /** Events of one kind. */
  told(event: string): JournalEvent[] {
    return this.events.filter((one) => one.event === event)
  }
}

/** A rig that runs in virtual time and is stopped when the test is over. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  // A second daemon in the same story lives in the same time.
  const first = !vi.isFakeTimers()
  if (first) vi.useFakeTimers()
  const made = new Rig(options)
  onTestFinished(async () => {
    made.link.stop()
    await made.until(() => made.link.state === 'stopped', 'the end', 60_000)
    if (first) vi.useRealTimers()
  })
  made.start()
  await vi.advanceTimersByTimeAsync(0)
  return made
}
