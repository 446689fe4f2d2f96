/** The modem below `SerialLine`, as a `Port` in this process: no device, no real time, the same rules as a tty. */
import { Duplex } from 'node:stream'
import { Fault } from '../core/fault.ts'
import type { ModemSignals, OpenPort, Port, PortSettings, TerminalSignals } from '../core/port.ts'
import type { VirtualModem } from './virtual-modem.ts'
import type { DteEnd } from './wire.ts'

/** What a tty's driver holds in each direction, in bytes. */
const QUEUE = 4096
/** RTS goes off when less room than this is left in the input queue. */
const RTS_ROOM = 1024

export interface VirtualPortOptions {
  /** Whether DTR, DCD, DSR and RI are wired and can be read; default true. */
  readonly lines?: boolean
  /** Whether RTS and CTS are wired; default true. Without them flow control does nothing. */
  readonly flowWires?: boolean
  /** Whether closing drops DTR (HUPCL); default false. */
  readonly hangUpOnClose?: boolean
}

/** Opens the modem's serial port as often as it is closed. One holder at a time. */
export function virtualPort(modem: VirtualModem, options: VirtualPortOptions = {}): OpenPort {
  return (device, settings) => {
    if (!modem.wire.plugged) return Promise.reject(new Fault('line-missing', `${device}: no such device`))
    if (modem.wire.held || modem.conditions.has('line-busy')) {
      return Promise.reject(new Fault('line-busy', `${device}: held by another program`))
    }
    return Promise.resolve(new VirtualPort(modem, device, settings, options))
  }
}

class VirtualPort implements Port {
  readonly stream: Duplex
  readonly #modem: VirtualModem
  readonly #device: string
  readonly #options: VirtualPortOptions
  readonly #hardware: boolean
  readonly #end: DteEnd
  /** Received, not yet taken by the reader. */
  #input: Uint8Array[] = []
  #inputBytes = 0
  #wanted = false
  #rts = true
  #baudRate: number
  #afterWrite: (() => void) | undefined

  constructor(modem: VirtualModem, device: string, settings: PortSettings, options: VirtualPortOptions) {
    this.#modem = modem
    this.#device = device
    this.#options = options
    this.#baudRate = settings.baudRate
    this.#hardware = settings.flowControl === 'hardware' && options.flowWires !== false
    this.#end = {
      bytes: (bytes) => this.#receive(bytes),
      room: () => this.#finishWrite(),
      unplugged: () => this.stream.destroy(new Fault('line-gone', `${device}: the device vanished`)),
    }
    this.stream = new Duplex({
      highWaterMark: QUEUE,
      read: () => {
        this.#wanted = true
        this.#hand()
      },
      write: (bytes: Buffer, _encoding, done) => {
        modem.wire.write(bytes)
        this.#afterWrite = done
        this.#finishWrite()
      },
      destroy: (error, done) => {
        this.#release()
        done(error)
      },
    })
    modem.wire.hold(this.#end, { rate: () => this.#baudRate, obeysCts: () => this.#hardware })
    modem.wire.setRts(true)
    if (options.lines !== false) modem.wire.setDtr(true)
  }

  signals(): Promise<ModemSignals | undefined> {
    if (this.stream.destroyed) return Promise.reject(this.#gone())
    return Promise.resolve(this.#options.lines === false ? undefined : { ...this.#modem.wire.lines })
  }

  setSignals({ dtr, rts }: TerminalSignals): Promise<void> {
    if (this.stream.destroyed) return Promise.reject(this.#gone())
    if (this.#options.lines === false) return Promise.resolve()
    if (dtr !== undefined) this.#modem.wire.setDtr(dtr)
    // With hardware flow control the driver owns RTS.
    if (rts !== undefined && !this.#hardware) this.#modem.wire.setRts(rts)
    return Promise.resolve()
  }

  setBaudRate(baudRate: number): Promise<void> {
    if (this.stream.destroyed) return Promise.reject(this.#gone())
    this.#baudRate = baudRate
    return Promise.resolve()
  }

  unsentBytes(): number {
    return this.#modem.wire.toldToDce
  }

  discard(): Promise<void> {
    this.#modem.wire.discard()
    this.#input = []
    this.#inputBytes = 0
    this.#steerRts()
    this.#finishWrite()
    return Promise.resolve()
  }

  close(): Promise<void> {
    if (this.stream.closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.stream.once('close', resolve)
      this.stream.destroy()
    })
  }

  #gone(): Fault {
    return new Fault('line-gone', `${this.#device}: closed`)
  }

  #release(): void {
    if (this.#options.hangUpOnClose && this.#options.lines !== false) this.#modem.wire.setDtr(false)
    this.#modem.wire.letGo(this.#end)
    const done = this.#afterWrite
    this.#afterWrite = undefined
    done?.()
  }

  #receive(bytes: Uint8Array): void {
    const room = this.#hardware ? Number.POSITIVE_INFINITY : QUEUE - this.#inputBytes
    const kept = bytes.subarray(0, Math.max(0, room))
    // An overrun: without flow control nobody could stop the modem.
    this.#modem.record.lost.output += bytes.length - kept.length
    if (kept.length > 0) this.#input.push(kept)
    this.#inputBytes += kept.length
    this.#hand()
    this.#steerRts()
  }

  #hand(): void {
    while (this.#wanted && this.#input.length > 0) {
      const bytes = this.#input.shift()
      if (!bytes) return
      this.#inputBytes -= bytes.length
      // The modem may send the same memory again: the reader gets its own.
      this.#wanted = this.stream.push(Buffer.from(bytes))
    }
    this.#steerRts()
  }

  #steerRts(): void {
    if (!this.#hardware) return
    const on = this.#inputBytes <= QUEUE - RTS_ROOM
    if (on === this.#rts) return
    this.#rts = on
    this.#modem.wire.setRts(on)
  }

  #finishWrite(): void {
    if (!this.#afterWrite || this.#modem.wire.queuedToDce > QUEUE) return
    const done = this.#afterWrite
    this.#afterWrite = undefined
    done()
  }
}
