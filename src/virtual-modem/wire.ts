/** The serial wire between a DTE and the modem: two lanes, two rates that may differ, and the control lines. */
import { type Deliver, Lane } from './lane.ts'

/** What the modem drives; `true` is asserted. */
export interface DceLines {
  readonly dcd: boolean
  readonly cts: boolean
  readonly dsr: boolean
  readonly ri: boolean
}

/** Whoever holds the other end of the wire: a virtual port, a pseudo-terminal, a TCP socket. */
export interface DteEnd {
  /** Bytes that arrived. */
  bytes(bytes: Uint8Array): void
  /** One of the modem's lines changed. */
  lines?(lines: DceLines): void
  /** Bytes left the DTE's own queue. */
  room?(): void
  /** The wire was pulled out. */
  unplugged?(): void
}

/** How the DTE has set its end; asked anew each time. */
export interface DteSettings {
  rate(): number
  /** Whether CTS stops the DTE's output. */
  obeysCts(): boolean
}

/** The modem's side of the wire. */
export interface DceEnd {
  /** Bytes that arrived; `firstAt` and `lastAt` as in `Deliver`. `rate` is the DTE's: the modem may be at another. */
  received(bytes: Uint8Array, firstAt: number, lastAt: number, rate: number): void
  /** The modem's rate; 0 while autobaud has found none (then it sends at 115200). */
  rate(): number
  paced(): boolean
  /** The share of the DTE's rate that its bytes really go at. */
  share(): number
  pieces(): { readonly bytes: number; readonly gap: number } | undefined
  /** Whether RTS may stop the modem's output (AT+IFC, first parameter). */
  obeysRts(): boolean
  dtrChanged(on: boolean): void
  /** Bytes left the modem's queue. */
  room(): void
  /** Bytes that nobody listened to. */
  unheard(count: number): void
}

/** What bytes sent at another rate look like: never ASCII, so that they never make a command. */
export function garble(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => ((byte * 37 + 0xa5) & 0xff) | 0x80)
}

const UNHELD: DteSettings = { rate: () => 115200, obeysCts: () => false }
const IDLE: DceLines = { dcd: false, cts: false, dsr: false, ri: false }

/** One DTE at a time holds it; levels that nobody drives stay as they were. */
export class Wire {
  readonly #dce: DceEnd
  readonly #toDce: Lane
  readonly #toDte: Lane
  #dte: DteEnd | undefined
  #settings = UNHELD
  #dtr = false
  #rts = true
  #lines: DceLines = IDLE
  #plugged = true
  readonly #plugWatchers = new Set<(plugged: boolean) => void>()
  #frozen = false

  constructor(dce: DceEnd) {
    this.#dce = dce
    const time = (rate: number): number => (dce.paced() ? 10_000 / rate : 0)
    this.#toDce = new Lane({ byteTime: () => time(this.#settings.rate()) / dce.share() }, this.#arrive)
    this.#toDte = new Lane({ byteTime: () => time(this.dceRate || 115200), pieces: () => dce.pieces() }, this.#leave)
  }

  get lines(): DceLines {
    return this.#lines
  }
  get dtr(): boolean {
    return this.#dtr
  }
  get plugged(): boolean {
    return this.#plugged
  }
  get held(): boolean {
    return this.#dte !== undefined
  }
  /** The modem's rate; 0 while autobaud has found none. */
  get dceRate(): number {
    return this.#dce.rate()
  }
  /** Bytes on their way to the DTE. */
  get queuedToDte(): number {
    return this.#toDte.queued
  }
  /** What the DTE's driver tells of its queue: of a line that is slower than its rate, nothing. */
  get toldToDce(): number {
    return this.#dce.share() < 1 ? 0 : this.queuedToDce
  }
  /** Bytes in the DTE's queue. */
  get queuedToDce(): number {
    return this.#toDce.queued
  }

  // The DTE's side

  /** Takes the DTE's end; the levels of DTR and RTS stay as they are. */
  hold(dte: DteEnd, settings: DteSettings): void {
    this.#dte = dte
    this.#settings = settings
    this.#gate()
  }

  letGo(dte: DteEnd): void {
    if (this.#dte !== dte) return
    this.#dte = undefined
    this.#settings = UNHELD
    this.#toDce.clear()
    this.#gate()
  }

  write(bytes: Uint8Array): void {
    if (this.#plugged) this.#toDce.send(bytes)
  }

  /** Throws away what the DTE has queued. */
  discard(): void {
    this.#toDce.clear()
  }

  setDtr(on: boolean): void {
    if (on === this.#dtr) return
    this.#dtr = on
    this.#dce.dtrChanged(on)
  }

  setRts(on: boolean): void {
    this.#rts = on
    this.#gate()
  }

  // The modem's side

  send(bytes: Uint8Array): void {
    this.#toDte.send(bytes)
  }

  /** Calls `action` when everything sent so far has left the wire. */
  whenSent(action: () => void): void {
    this.#toDte.mark(action)
  }

  /** Tells, whenever it is asked, whether something of what was sent so far is still on its way to the DTE. */
  underWay(): () => boolean {
    return this.#toDte.underWay()
  }

  /** The modem lost its memory: nothing more comes, and it hangs no longer. */
  silence(): void {
    this.#toDte.clear()
    this.freeze(false)
  }

  drive(change: Partial<DceLines>): void {
    const next = { ...this.#lines, ...change }
    const same = (Object.keys(next) as (keyof DceLines)[]).every((line) => next[line] === this.#lines[line])
    if (same) return
    this.#lines = next
    this.#gate()
    this.#dte?.lines?.(next)
  }

  /** Settings of the modem changed that decide about flow control. */
  gateAnew(): void {
    this.#gate()
  }

  // The world

  /** A modem that hangs: nothing moves either way. */
  freeze(on: boolean): void {
    this.#frozen = on
    this.#gate()
  }

  unplug(): void {
    this.#plugged = false
    this.#toDce.clear()
    const dte = this.#dte
    this.#dte = undefined
    dte?.unplugged?.()
    this.setDtr(false)
    this.#tellPlugged()
  }

  plug(): void {
    this.#plugged = true
    this.#tellPlugged()
  }

  /** Calls `watcher` when the wire is pulled out or put back. Returns the end of it. */
  watchPlug(watcher: (plugged: boolean) => void): () => void {
    this.#plugWatchers.add(watcher)
    return () => this.#plugWatchers.delete(watcher)
  }

  #tellPlugged(): void {
    for (const watcher of this.#plugWatchers) watcher(this.#plugged)
  }

  #gate(): void {
    if (this.#frozen || (!this.#lines.cts && this.#settings.obeysCts())) this.#toDce.stop()
    else this.#toDce.go()
    if (this.#frozen || (!this.#rts && this.#dce.obeysRts())) this.#toDte.stop()
    else this.#toDte.go()
  }

  readonly #arrive: Deliver = (bytes, firstAt, lastAt) => {
    this.#dce.received(bytes, firstAt, lastAt, this.#settings.rate())
    this.#dte?.room?.()
  }

  readonly #leave: Deliver = (bytes) => {
    if (this.#dte) this.#dte.bytes(this.#settings.rate() === (this.dceRate || 115200) ? bytes : garble(bytes))
    else this.#dce.unheard(bytes.length)
    this.#dce.room()
  }
}
