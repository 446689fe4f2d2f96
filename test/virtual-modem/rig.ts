/** A bare DTE on the virtual modem: it writes bytes and keeps what comes, and knows nothing of our own client. */
import { vi } from 'vitest'
import type { Port } from '../../src/core/port.ts'
import type { Knobs } from '../../src/virtual-modem/knobs.ts'
import { VirtualModem, type VirtualModemOptions } from '../../src/virtual-modem/virtual-modem.ts'
import { type VirtualPortOptions, virtualPort } from '../../src/virtual-modem/virtual-port.ts'
import { type MemoryNetwork, memoryNetwork, type Peer } from './memory-network.ts'

export interface Rig {
  readonly modem: VirtualModem
  readonly network: MemoryNetwork
  port: Port
  /** What the DTE has read since the last call. */
  readonly heard: () => string
  readonly heardBytes: () => Buffer
  readonly write: (bytes: string | Uint8Array) => void
  /** Sends a command line and returns everything heard in `ms` milliseconds. */
  readonly ask: (line: string, ms?: number) => Promise<string>
  /** Brings the modem into data mode with a peer. */
  readonly connect: () => Promise<Peer>
  readonly open: (settings?: { baudRate?: number; flowControl?: 'hardware' | 'none' }) => Promise<void>
}

export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

export interface RigOptions {
  readonly knobs?: Partial<Knobs>
  readonly port?: VirtualPortOptions
  readonly dialect?: VirtualModemOptions['dialect']
  readonly baudRate?: number
}

/** Needs fake timers. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const network = memoryNetwork()
  const { knobs, dialect } = options
  const modem = new VirtualModem({ network, ...(knobs && { knobs }), ...(dialect && { dialect }) })
  const openPort = virtualPort(modem, options.port)
  let chunks: Buffer[] = []
  const rigged: Rig = {
    modem,
    network,
    port: undefined as unknown as Port,
    heardBytes: () => {
      const all = Buffer.concat(chunks)
      chunks = []
      return all
    },
    heard: () => rigged.heardBytes().toString('latin1'),
    write: (bytes) => void rigged.port.stream.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    ask: async (line, ms = 500) => {
      rigged.heard()
      rigged.write(`${line}\r`)
      await pass(ms)
      return rigged.heard()
    },
    connect: async () => {
      for (const line of ['ATE0', 'AT+CIPMODE=1', 'AT+CSTT="internet"']) await rigged.ask(line, 50)
      await rigged.ask('AT+CIICR', 2000)
      await rigged.ask('AT+CIFSR', 50)
      const heard = await rigged.ask('AT+CIPSTART="TCP","broker.example",1883', 1000)
      if (!heard.includes('\r\nCONNECT')) throw new Error(`no CONNECT: ${JSON.stringify(heard)}`)
      return network.peers.at(-1)!
    },
    open: async ({ baudRate = 115200, flowControl = 'hardware' } = {}) => {
      rigged.port = await openPort('virtual', { baudRate, flowControl })
      rigged.port.stream.on('error', () => undefined)
      rigged.port.stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    },
  }
  await rigged.open(options.baudRate === undefined ? {} : { baudRate: options.baudRate })
  return rigged
}
