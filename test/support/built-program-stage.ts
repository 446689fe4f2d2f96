/** The whole thing in real time: `simulate` and `run` as processes, a pseudo-terminal between them, real sockets around. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigInput } from '../../src/config/schema.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { BuiltProgram, type StartOptions, until } from './built-program.ts'
import { type Conversation, connectTo, freePort, RealPeer } from './real-peer.ts'

/** A network without its delays. Guard times stay what they are. */
const QUICK: Partial<Knobs> = {
  quickTime: 1,
  networkTime: 20,
  contextTime: 50,
  closeTime: 20,
  shutTime: 20,
  connectTime: 50,
  ackDelay: 5,
}

type BaudRate = NonNullable<NonNullable<ConfigInput['line']>['baudRate']>

export interface StageOptions {
  readonly knobs?: Partial<Knobs>
  /** As on the command line of `simulate`. */
  readonly faults?: readonly string[]
  readonly config?: Partial<ConfigInput>
  readonly baudRate?: BaudRate
  /** What the peer does with each connection first. */
  readonly greet?: (socket: Socket) => void
  /** More routes than the one to the peer: ports on loopback by their names. */
  readonly routes?: Readonly<Record<string, number>>
  readonly closeTimeout?: string
  /** Another stage, whose modem is used. */
  readonly beside?: Stage
}

export class Stage {
  readonly folder: string
  readonly configFile: string
  readonly peer: RealPeer
  readonly #options: StageOptions
  /** Where clients connect, by the route's name. */
  readonly #ports: ReadonlyMap<string, number>
  readonly #programs: BuiltProgram[] = []
  readonly #apps: Conversation[] = []
  #daemon: BuiltProgram | undefined
  #modem: BuiltProgram | undefined

  private constructor(folder: string, peer: RealPeer, ports: ReadonlyMap<string, number>, options: StageOptions) {
    this.folder = folder
    this.configFile = join(folder, 'cipbridge.yaml')
    this.peer = peer
    this.#ports = ports
    this.#options = options
  }

  /** Files and peer; nothing runs yet. */
  static async set(options: StageOptions = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'cipbridge-'))
    const peer = await RealPeer.listen(options.greet)
    const targets = { peer: peer.port, ...options.routes }
    const ports = new Map<string, number>()
    for (const name of Object.keys(targets)) ports.set(name, await freePort())
    const stage = new Stage(folder, peer, ports, options)
    const config: ConfigInput = {
      line: { device: (options.beside ?? stage).device, baudRate: options.baudRate ?? 115_200 },
      context: { apn: 'internet' },
      routes: Object.entries(targets).map(([name, port]) => ({
        name,
        listen: `127.0.0.1:${stage.port(name)}`,
        to: `tcp://127.0.0.1:${port}`,
        linger: '300ms',
        closeTimeout: options.closeTimeout ?? '30s',
      })),
      control: { socket: stage.controlSocket },
      log: { level: 'debug', format: 'json' },
      ...options.config,
    }
    // JSON is YAML.
    await writeFile(stage.configFile, JSON.stringify(config, undefined, 2))
    return stage
  }

  get device(): string {
    return join(this.folder, 'modem')
  }
  get controlSocket(): string {
    return join(this.folder, 'control.sock')
  }
  get daemon(): BuiltProgram {
    if (!this.#daemon) throw new Error('the daemon has not been started')
    return this.#daemon
  }
  get modem(): BuiltProgram {
    if (!this.#modem) throw new Error('the modem has not been started')
    return this.#modem
  }

  port(route = 'peer'): number {
    const port = this.#ports.get(route)
    if (port === undefined) throw new Error(`there is no route ${route}`)
    return port
  }

  /** `cipbridge simulate`; resolves when its tty is there. */
  async startModem(): Promise<void> {
    const knobs = Object.entries({ ...QUICK, ...this.#options.knobs }).flatMap(([name, value]) => [
      '--knob',
      `${name}=${value}`,
    ])
    const faults = (this.#options.faults ?? []).flatMap((fault) => ['--fault', fault])
    this.#modem = BuiltProgram.start('simulate', '--verbose', '--link', this.device, ...knobs, ...faults)
    this.#programs.push(this.#modem)
    const { modem } = this
    await this.until(() => modem.stdout.includes('Ctrl-C'), 'the tty of the modem')
  }

  /** `cipbridge run`. */
  startDaemon(options: StartOptions = {}): void {
    this.#daemon = BuiltProgram.startWith(options, 'run', '--config', this.configFile)
    this.#programs.push(this.#daemon)
  }

  /** Until clients are let in. */
  async ready(limitMs?: number): Promise<void> {
    await this.until(() => this.daemon.told('listening').length > 0, 'the open port', limitMs)
  }

  connect(route?: string): Conversation {
    const app = connectTo(this.port(route))
    this.#apps.push(app)
    return app
  }

  /** Until session number `count` is over and the next client may come. */
  async sessionsOver(count: number): Promise<void> {
    await this.until(() => this.daemon.told('session-end').length >= count, `the end of session ${count}`)
  }

  async until(condition: () => boolean, what: string, limitMs?: number): Promise<void> {
    await until(condition, what, () => this.tail, limitMs)
  }

  /** What both said last: for the message of a test that fails. */
  get tail(): string {
    return `${this.#daemon?.tail ?? ''}\n${this.#modem?.tail ?? ''}`
  }

  /** Takes everything away. A daemon that does not stop although its modem is gone is an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#modem?.kill('SIGKILL')
      this.#daemon?.kill('SIGTERM')
      for (const { socket } of this.#apps) socket.destroy()
      for (const program of this.#programs) await program.over(15_000)
    } finally {
      await this.peer.close()
      await rm(this.folder, { recursive: true, force: true })
    }
  }
}

/** A stage with modem and daemon, ready for clients. */
export async function stage(options: StageOptions = {}): Promise<Stage> {
  const made = await Stage.set(options)
  try {
    await made.startModem()
    made.startDaemon()
    await made.ready()
    return made
  } catch (error) {
    await made[Symbol.asyncDispose]()
    throw error
  }
}
