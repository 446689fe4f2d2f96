/** What lies below the serial line: a tty of this machine, or the virtual modem. Both sides of that seam meet here. */
import type { Duplex } from 'node:stream'

export interface PortSettings {
  /** Bits per second; always 8N1. */
  readonly baudRate: number
  readonly flowControl: 'hardware' | 'none'
}

/** Levels of the modem's control lines, `true` = asserted ("on"), whatever the voltage is. */
export interface ModemSignals {
  readonly dcd: boolean
  readonly cts: boolean
  readonly dsr: boolean
  /** undefined: this port cannot tell */
  readonly ri?: boolean | undefined
}

/** The control lines that the DTE drives; a missing field keeps its level. */
export interface TerminalSignals {
  readonly dtr?: boolean
  readonly rts?: boolean
}

/** An open serial port. One object per opening: a closed port is never opened again. */
export interface Port {
  /**
   * The bytes, both ways. Back-pressure is the stream's own (`write()` → false → 'drain'; `pause()`, `resume()`).
   * 'close' means that the line is gone, with 'error' before it where there is a reason.
   */
  readonly stream: Duplex
  /** The control lines as they are now; undefined where this port has none (a pseudo-terminal). */
  signals(): Promise<ModemSignals | undefined>
  /** Drives DTR and RTS; does nothing where the port has none. */
  setSignals(signals: TerminalSignals): Promise<void>
  setBaudRate(baudRate: number): Promise<void>
  /** Bytes that the operating system still holds for the wire; undefined where it cannot tell. */
  unsentBytes(): number | undefined
  /** Throws away what is queued for the wire and what was received but not read (tcflush). */
  discard(): Promise<void>
  /** Closes; never waits for queued output. Idempotent. */
  close(): Promise<void>
}

/** Opens a port. Errors are `Fault`s: `line-missing`, `line-busy`, `line-gone`. */
export type OpenPort = (device: string, settings: PortSettings) => Promise<Port>
