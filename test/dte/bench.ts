/** A DTE on the virtual modem, over the real serial line, in virtual time; the peer is in memory. */
import { onTestFinished, vi } from 'vitest'
import * as at from '../../src/at/commands.ts'
import type { Port } from '../../src/core/port.ts'
import type { Carrier } from '../../src/dte/carrier.ts'
import type { CarrierEnd, CarrierUser } from '../../src/dte/carrier-user.ts'
import { say } from '../../src/dte/dialogue.ts'
import { Dte } from '../../src/dte/dte.ts'
import { SerialLine } from '../../src/line/serial-line.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { VirtualModem } from '../../src/virtual-modem/virtual-modem.ts'
import { virtualPort } from '../../src/virtual-modem/virtual-port.ts'
import { type MemorySocket, memorySocketPair } from '../support/memory-socket.ts'

export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

/** Lets virtual time pass until `work` is done. */
export async function during<T>(work: Promise<T>, limitMs = 300_000): Promise<T> {
  const outcome = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  const clock = { settled: false }
  outcome.finally(() => (clock.settled = true)).catch(() => undefined)
  for (let waited = 0; !clock.settled; waited += 5) {
    if (waited > limitMs) throw new Error(`not done within ${limitMs} ms of virtual time`)
    await pass(5)
  }
  const found = await outcome
  if ('error' in found) throw found.error
  return found.value
}

/** A session that takes what it gets, as long as `appetite` lasts. */
export class User implements CarrierUser {
  readonly chunks: Buffer[] = []
  readonly ends: CarrierEnd[] = []
  appetite = Number.POSITIVE_INFINITY
  writable = 0

  onBytes(chunk: Buffer): boolean {
    if (this.ends.length > 0) throw new Error('bytes after the end')
    this.chunks.push(Buffer.from(chunk))
    this.appetite -= chunk.length
    return this.appetite > 0
  }
  onWritable(): void {
    this.writable += 1
  }
  onEnd(end: CarrierEnd): void {
    this.ends.push(end)
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
  get text(): string {
    return this.bytes.toString('latin1')
  }
}

export interface BenchOptions {
  readonly knobs?: Partial<Knobs>
  readonly lines?: boolean
  readonly escape?: 'plus' | 'dtr'
  /** What the peer does with the connection at once. */
  readonly peer?: (socket: MemorySocket) => void
}

export class Bench {
  readonly modem: VirtualModem
  readonly port: Port
  readonly dte: Dte
  readonly user = new User()
  #peer: MemorySocket | undefined
  readonly #received: Buffer[] = []

  private constructor(modem: VirtualModem, port: Port, line: SerialLine) {
    this.modem = modem
    this.port = port
    this.dte = new Dte(line, { sent: () => undefined, received: () => undefined })
  }

  /** In data mode, with nobody attached. */
  static async connect(options: BenchOptions = {}): Promise<Bench> {
    vi.useFakeTimers()
    const sockets: [MemorySocket, MemorySocket] = memorySocketPair()
    const modem = new VirtualModem({
      knobs: options.knobs ?? {},
      network: {
        dial: () => {
          options.peer?.(sockets[0])
          return Promise.resolve(sockets[1])
        },
        resolve: () => Promise.resolve(['192.0.2.1']),
      },
    })
    const settings = { baudRate: 115_200, flowControl: 'hardware' } as const
    let port: Port | undefined
    const line = await SerialLine.open(
      async (device, given) => (port = await virtualPort(modem, { lines: options.lines ?? true })(device, given)),
      'virtual',
      settings,
    )
    const bench = new Bench(modem, port!, line)
    bench.#peer = sockets[0]
    sockets[0].on('data', (chunk: Buffer) => bench.#received.push(chunk))
    sockets[0].on('error', () => undefined)
    onTestFinished(async () => {
      await line.close()
      vi.useRealTimers()
    })
    await bench.#dial(options.escape ?? 'plus')
    return bench
  }

  async #dial(escape: 'plus' | 'dtr'): Promise<void> {
    const { dte } = this
    const commands = [
      at.plainDialogue,
      at.numberedErrors,
      at.dcdFollowsCarrier,
      at.dtrAction(escape === 'dtr' ? 1 : 0),
      at.flowControl('hardware'),
      at.transparentMode,
      at.packing({ retries: 5, waitTime: 1, sendSize: 1024, escape: escape === 'plus' }),
      at.accessPoint('internet', '', ''),
      at.bringUpContext,
    ]
    for (const command of commands) await during(say(dte, command))
    await during(say(dte, at.localAddress))
    if (escape === 'dtr') dte.plusGuardMs = undefined
    const outcome = await during(say(dte, at.dial('broker.example', 1883)))
    if (outcome.kind !== 'connected') throw new Error(`no CONNECT: ${JSON.stringify(outcome)}`)
  }

  attach(): this {
    this.carrier.attach(this.user)
    return this
  }

  get carrier(): Carrier {
    if (!this.dte.carrier) throw new Error('there is no carrier')
    return this.dte.carrier
  }
  get peer(): MemorySocket {
    if (!this.#peer) throw new Error('there is no peer')
    return this.#peer
  }
  /** What the peer has received. */
  get received(): string {
    return Buffer.concat(this.#received).toString('latin1')
  }
}
