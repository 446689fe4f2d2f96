/** A port without a modem: the test says what comes, sees what goes, and holds up what it likes. */
import { Duplex } from 'node:stream'
import type { ModemSignals, Port, TerminalSignals } from '../../src/core/port.ts'
import { SerialLine } from '../../src/line/serial-line.ts'

export class TestPort implements Port {
  readonly stream: Duplex
  readonly #written: Buffer[] = []
  #pending: (() => void) | undefined
  /** The queue of the operating system, as far as it can tell. */
  unsent: number | undefined = 0
  /** Nothing more is taken: the writer gets back-pressure. */
  stuck = false
  lines: ModemSignals | undefined = { dcd: true, cts: true, dsr: true }
  readonly driven: TerminalSignals[] = []
  discards = 0
  /** Told of every piece written. */
  onWritten: (text: string) => void = () => undefined

  constructor(highWaterMark = 4096) {
    this.stream = new Duplex({
      highWaterMark,
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        this.#written.push(chunk)
        if (this.stuck) this.#pending = done
        else done()
        this.onWritten(chunk.toString('latin1'))
      },
    })
    this.stream.on('error', () => undefined)
  }

  /** All that was written so far. */
  get written(): string {
    return Buffer.concat(this.#written).toString('latin1')
  }

  /** The modem sends. Returns false once the reader should have stopped. */
  say(text: string): boolean {
    return this.stream.push(Buffer.from(text, 'latin1'))
  }

  /** What was held up goes on. */
  free(): void {
    this.stuck = false
    const done = this.#pending
    this.#pending = undefined
    done?.()
  }

  signals(): Promise<ModemSignals | undefined> {
    return Promise.resolve(this.lines)
  }
  setSignals(signals: TerminalSignals): Promise<void> {
    this.driven.push(signals)
    return Promise.resolve()
  }
  setBaudRate(): Promise<void> {
    return Promise.resolve()
  }
  unsentBytes(): number | undefined {
    return this.unsent
  }
  discard(): Promise<void> {
    this.discards += 1
    return Promise.resolve()
  }
  close(): Promise<void> {
    this.stream.destroy()
    return Promise.resolve()
  }
}

export function lineOn(port: TestPort, baudRate = 115_200): Promise<SerialLine> {
  return SerialLine.open(() => Promise.resolve(port), 'test', { baudRate, flowControl: 'hardware' })
}
