/** The whole program over a virtual modem in the soak's own time: link, bridge, and the far side of the network. */
import type { Duplex } from 'node:stream'
import { Bridge } from '../../src/bridge/bridge.ts'
import { type ConfigInput, configFrom } from '../../src/config/schema.ts'
import { Journal, type JournalEvent } from '../../src/core/log.ts'
import type { OpenPort } from '../../src/core/port.ts'
import { Link } from '../../src/link/link.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'
import { virtualPort } from '../../src/virtual-modem/virtual-port.ts'
import { type MemorySocket, memorySocketPair } from '../support/memory-socket.ts'
import type { Clock } from './clock.ts'

export interface WorldOptions {
  readonly knobs: Partial<Knobs>
  readonly lines: boolean
  readonly config: Partial<ConfigInput>
  /** Put around the port, to look at what passes. */
  readonly around?: (open: OpenPort) => OpenPort
}

/** Lines of the log that are kept for a failure's report. */
const LOG_LINES = process.env.SOAK_TRACE === undefined ? 60 : 500

export class World {
  readonly clock: Clock
  readonly modem: VirtualModem
  readonly link: Link
  readonly bridge: Bridge
  readonly log: string[] = []
  readonly running: Promise<void>
  /** The first error that is no fault. */
  bug: unknown
  /** Called with the far end of each connection, and the session that it was dialled for. */
  onPeer: (socket: MemorySocket, session: number | undefined) => void = () => undefined
  /** Called with what the daemon writes to the line. */
  onWrite: (bytes: Buffer) => void = () => undefined
  onEvent: (event: JournalEvent) => void = () => undefined
  clients = 0

  constructor(clock: Clock, options: WorldOptions) {
    this.clock = clock
    this.modem = new VirtualModem({
      knobs: options.knobs,
      network: { dial: () => this.#connect(), resolve: () => Promise.resolve(['192.0.2.1']) },
    })
    const config = configFrom({
      line: { device: 'virtual' },
      context: { apn: 'internet' },
      routes: [{ name: 'broker', listen: '127.0.0.1:1883', to: 'tcp://broker.example.com:1883' }],
      ...options.config,
    })
    const journal = new Journal('debug', 'text', (line) => {
      this.note(line.trimEnd())
    })
    journal.on('event', (event) => this.onEvent(event))
    const bugFound = (error: unknown): void => {
      this.bug ??= error
    }
    const around = options.around ?? ((open: OpenPort): OpenPort => open)
    const { lines } = options
    this.link = new Link(config, around(this.#watched(virtualPort(this.modem, { lines }))), journal)
    this.bridge = new Bridge(config, this.link, journal, bugFound)
    this.running = this.link.run().catch(bugFound)
  }

  /** What link and modem are at. */
  get whereabouts(): string {
    const { power, mode, settings, stack, wire, cfun } = this.modem
    const modem = [power.state, mode, settings.now, stack.state, wire.lines, wire.queuedToDce, cfun]
    return `state ${this.link.state}, modem ${JSON.stringify(modem)}`
  }

  /** What the daemon writes is looked at; with SOAK_TRACE every byte of the line stands in the log. */
  #watched(open: OpenPort): OpenPort {
    const trace = process.env.SOAK_TRACE !== undefined
    return async (device, settings) => {
      const port = await open(device, settings)
      const { stream } = port
      const [push, write] = [stream.push.bind(stream), stream.write.bind(stream)]
      const show = (way: string, bytes: unknown): void =>
        this.note(
          `${this.clock.now.toFixed(0)} ${way} ${JSON.stringify(Buffer.from(bytes as Buffer).toString('latin1'))}`,
        )
      stream.push = (bytes: unknown) => {
        if (trace && bytes !== null) show('<<', bytes)
        return push(bytes)
      }
      stream.write = (bytes: Buffer) => {
        if (trace) show('>>', bytes)
        this.onWrite(bytes)
        return write(bytes)
      }
      return port
    }
  }

  /** A line beside the daemon's own. */
  note(line: string): void {
    if (this.log.push(line) > 2 * LOG_LINES) this.log.splice(0, LOG_LINES)
  }

  get lastLines(): string[] {
    return this.log.slice(-LOG_LINES)
  }

  /** A program on this machine connects. @returns its end, and the number of its session */
  connect(): [MemorySocket, number] {
    const [app, client] = memorySocketPair()
    const figures = this.bridge.figures[0]
    if (!figures) throw new Error('no route')
    this.bridge.serve(figures, client)
    this.clients += 1
    return [app, this.clients]
  }

  #connect(): Promise<Duplex> {
    const [far, near] = memorySocketPair()
    this.onPeer(far, this.bridge.holder?.session)
    return Promise.resolve(near)
  }
}
