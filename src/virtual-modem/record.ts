/** What the modem saw, for stories to judge the DTE by: it changes nothing. */
import { now } from '../core/time.ts'

/** Lists keep their newest entries, so that weeks of virtual time stay small; the counters count everything. */
const KEPT = 20_000

export interface Seen {
  /** Milliseconds, `now()` of core/time. */
  readonly at: number
}

/** One command line that was executed, without `AT` being stripped. */
export interface SeenLine extends Seen {
  readonly line: string
}

/** Bytes received in command mode that were not part of an AT command line. */
export interface SeenStray extends Seen {
  readonly byte: number
  /** Milliseconds since the modem last came back to command mode: bytes in flight then are nobody's fault. */
  readonly sinceData: number
}

/** One change of DTR: the new level and how long the old one lasted, in milliseconds. */
export interface SeenDtr extends Seen {
  readonly on: boolean
  readonly lasted: number
}

export interface SeenPin extends Seen {
  readonly pin: string
  readonly right: boolean
}

export interface SeenReset extends Seen {
  readonly cause: string
}

/** What became one datagram of a UDP connection: its size in bytes, its first byte's time and when it was complete. */
export interface SeenPacket {
  readonly size: number
  readonly began: number
  readonly complete: number
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry)
  if (list.length > 2 * KEPT) list.splice(0, KEPT)
}

/** The modem's memory of what was done to it. */
export class ModemRecord {
  readonly commands: SeenLine[] = []
  readonly stray: SeenStray[] = []
  strayBytes = 0
  /** Bytes that came before the answer to the last command was over. */
  earlyBytes = 0
  /** CRs that ended an empty line in command mode. */
  loneReturns = 0
  /** Groups of three pluses received in command mode. */
  plusGroups = 0
  /** What followed `ATD`: it must stay empty. */
  readonly dials: string[] = []
  /** `ATA`s: must stay 0. */
  callsAnswered = 0
  escapes = 0
  resumes = 0
  connects = 0
  /** Bytes for the peer that the DTE had sent before it could have read the CONNECT. */
  crossed = 0
  readonly pinAttempts: SeenPin[] = []
  readonly dtr: SeenDtr[] = []
  readonly resets: SeenReset[] = []
  readonly packets: SeenPacket[] = []
  /** Bytes handed to the peer, and bytes that came from it. */
  toPeer = 0
  fromPeer = 0
  /** Bytes that nobody got, by where they went. */
  readonly lost = {
    /** from the DTE: the input buffer was full */
    input: 0,
    /** from the DTE: the modem was off, booting, asleep or at another rate */
    deaf: 0,
    /** from the DTE in data mode: received, not yet packed when the connection ended */
    unpacked: 0,
    /** from the DTE in data mode, after the connection had ended and before command mode */
    afterClose: 0,
    /** to the DTE: nobody held the line, or the DTE's own buffer was full */
    output: 0,
    /** from a UDP peer: whole datagrams that found no room, in bytes */
    datagrams: 0,
    /** from the peer while escaped, or kept when the connection ended */
    escaped: 0,
  }
  #dataUntil = Number.NEGATIVE_INFINITY

  /** The modem came back to command mode. */
  leftData(): void {
    this.#dataUntil = now()
  }

  command(line: string): void {
    keep(this.commands, { at: now(), line })
  }

  strayByte(byte: number): void {
    this.strayBytes++
    keep(this.stray, { at: now(), byte, sinceData: now() - this.#dataUntil })
  }

  pin(pin: string, right: boolean): void {
    keep(this.pinAttempts, { at: now(), pin, right })
  }

  dtrChange(on: boolean): void {
    keep(this.dtr, { at: now(), on, lasted: now() - (this.dtr.at(-1)?.at ?? Number.NEGATIVE_INFINITY) })
  }

  packet(packet: SeenPacket): void {
    keep(this.packets, packet)
  }

  reset(cause: string): void {
    keep(this.resets, { at: now(), cause })
  }

  /** Whether a command line that matches was executed. */
  saw(pattern: RegExp): boolean {
    return this.commands.some(({ line }) => pattern.test(line))
  }
}
