/** One modem on a pseudo-terminal, the built daemon on it, and real TCP around: a peer and a local port for each route. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigInput } from '../../src/config/schema.ts'
import { wallClock } from '../../src/core/time.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { type PtySocket, servePty } from '../../src/virtual-modem/pty-socket.ts'
import { tcpNetwork } from '../../src/virtual-modem/tcp-network.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'
import { freePort } from '../support/real-peer.ts'
import { Daemon, type LogLine } from './pty-daemon.ts'

/** More than clients at a time, so that a peer's connection belongs to the newest client of its route beyond doubt. */
const ROUTES = 6
/** Lines of the log that are kept for a failure's report. */
const LOG_LINES = 400

/** A network without its delays; guard times and the rate of the line stay what they are. */
const QUICK: Partial<Knobs> = {
  quickTime: 2,
  networkTime: 30,
  contextTime: 60,
  closeTime: 30,
  shutTime: 30,
  connectTime: 30,
  connectLimit: 4_000,
  giveUpTime: 15_000,
  bootTime: 800,
  simTime: 50,
  registerTime: 150,
  attachTime: 50,
  callReadyTime: 150,
}

/** Pauses that a test can wait for. */
const HASTY: Partial<ConfigInput> = {
  recovery: { firstPause: '100ms', maxPause: '1s', bootTime: '8s', healthyAfter: '5s' },
  liveness: { probeAfter: '10s', keepalive: '30s' },
}

export interface PtyWorldOptions {
  /** The file that Node runs. */
  readonly program: string
  readonly knobs: Partial<Knobs>
  readonly config: Partial<ConfigInput>
}

/** Ports of all lives of this process: between the look and the daemon's start nobody else may get one. */
const taken = new Set<number>()

/** A route's peer, and where its clients connect. */
interface Route {
  readonly name: string
  readonly port: number
  readonly server: Server
}

export class PtyWorld {
  readonly modem: VirtualModem
  readonly log: string[] = []
  /** Every process that there was, for its memory. */
  readonly daemons: Daemon[] = []
  /** Called with each connection that the modem makes, and the index of its route. */
  onPeer: (socket: Socket, route: number) => void = () => undefined
  onLine: (line: LogLine) => void = () => undefined
  readonly #options: PtyWorldOptions
  readonly #folder: string
  readonly #tty: PtySocket
  readonly #routes: Route[] = []

  private constructor(options: PtyWorldOptions, folder: string, modem: VirtualModem, tty: PtySocket) {
    this.#options = options
    this.#folder = folder
    this.modem = modem
    this.#tty = tty
  }

  static async make(options: PtyWorldOptions): Promise<PtyWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'cipbridge-soak-'))
    const modem = new VirtualModem({ network: tcpNetwork(), knobs: { ...options.knobs, ...QUICK } })
    const world = new PtyWorld(options, folder, modem, await servePty(modem, join(folder, 'modem')))
    for (let index = 0; index < ROUTES; index += 1) await world.#addRoute(index)
    await world.#configure()
    world.startDaemon()
    return world
  }

  get routes(): number {
    return this.#routes.length
  }

  get daemon(): Daemon {
    const daemon = this.daemons.at(-1)
    if (!daemon) throw new Error('no daemon has been started')
    return daemon
  }

  startDaemon(): void {
    const onLine = (line: LogLine): void => {
      this.note(`${line.level} ${line.event} ${line.msg}`)
      this.onLine(line)
    }
    this.daemons.push(new Daemon(this.#options.program, this.#path('config.yaml'), this.#path('control'), onLine))
  }

  /** A program on this machine connects. */
  connect(route: number): Socket {
    const port = this.#routes[route]?.port ?? 0
    return connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  }

  /** A line beside the daemon's own. */
  note(line: string): void {
    if (this.log.push(`${wallClock().toISOString().slice(14, 23)} ${line}`) > 2 * LOG_LINES)
      this.log.splice(0, LOG_LINES)
  }

  async close(): Promise<void> {
    if (this.daemon.exit === undefined) await this.daemon.end('SIGKILL')
    await this.#tty.close()
    this.modem.power.off()
    for (const { server } of this.#routes) server.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  async #addRoute(index: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.onPeer(socket, index))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.#routes.push({ name: `r${index}`, port: await untakenPort(), server })
  }

  async #configure(): Promise<void> {
    const config: ConfigInput = {
      line: { device: this.#path('modem') },
      context: { apn: 'internet' },
      routes: this.#routes.map(({ name, port, server }) => ({
        name,
        listen: `127.0.0.1:${port}`,
        to: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
        linger: '300ms',
        closeTimeout: '5s',
      })),
      control: { socket: this.#path('control') },
      state: { folder: this.#folder },
      log: { level: 'debug', format: 'json' },
      ...HASTY,
      ...this.#options.config,
    }
    // JSON is YAML.
    await writeFile(this.#path('config.yaml'), JSON.stringify(config))
  }
}

async function untakenPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (taken.has(port)) continue
    taken.add(port)
    return port
  }
}
