/** The carrier: a connection to the peer from `CONNECT` to its end, as a stream of bytes both ways with back-pressure. */
import { afterInput, now, type Timer } from '../core/time.ts'
import type { SerialLine } from '../line/serial-line.ts'
import type { CarrierEnd, CarrierUser } from './carrier-user.ts'
import { EndOfCarrier, type LastWord } from './end-of-carrier.ts'
import type { EscapeGuard } from './escape-guard.ts'
import { Hearing } from './hearing.ts'
import { type PacketRules, PacketUpstream, type Unsendable } from './packet-upstream.ts'
import { Upstream, type UpstreamCircumstances } from './upstream.ts'

/** A bare line end may begin the modem's last words; a USB adapter delivers their rest at the latest 16 ms later. */
const LINE_END_MS = 20
/** With letters of them already there, the rest is waited for longer: payload hardly ever looks like this. */
const PARTIAL_MS = 200

export class Carrier {
  readonly #line: SerialLine
  readonly #words = new EndOfCarrier()
  readonly #hearing = new Hearing(() => this.#up.flow())
  readonly #guard: EscapeGuard | undefined
  readonly #circumstances: UpstreamCircumstances
  #up: Upstream | PacketUpstream
  #user: CarrierUser | undefined
  #end: CarrierEnd | undefined
  /** An escape of our own, or a lost DCD: not a byte goes up. */
  #upstreamHeld = false
  #escaped = false
  /** What came while the modem was, or may have been, in command mode: the peer's, if the connection turns out to live. */
  #window: Buffer[] = []
  #inbox: Buffer[] = []
  #userFull = false
  /** An escape waits for its answer. */
  #regardless = false
  #holdTimer: Timer | undefined
  #lastByteAt = now()
  /** When the connection was last known to be up, beyond doubt, on `now()`'s clock. */
  provedAt = now()
  /** Whether DCD was on at any time of this carrier: a wire that never was says nothing by being off. */
  dcdSeen = false
  dcdOffSince: number | undefined
  bytesDown = 0
  /** Bytes that came since it is up, whoever's they turn out to be. */
  bytesReceived = 0
  /** Told when the modem's last words are complete in the stream, or turn out not to be. */
  onSuspicion: (() => void) | undefined

  /** @param guard undefined where the modem does not listen to `+++` */
  constructor(line: SerialLine, guard: EscapeGuard | undefined) {
    this.#line = line
    // Upstream stops at the first sign of an end, and while one may wait unread, for some firmware's DCD tells of none: what
    // reaches a modem in command mode would be taken for commands.
    const mayFlow = (): boolean =>
      !this.#upstreamHeld && !this.#escaped && this.#words.suspicion !== 'complete' && !this.#end && this.#hearing.sure
    this.#guard = guard
    this.#circumstances = { mayFlow, onRoom: () => this.#user?.onWritable() }
    this.#up = new Upstream(line, guard, this.#circumstances)
  }

  /** Whether it is UDP: no peer closes it, and nobody acknowledges what went up. */
  isUdp = false
  /** Told of datagrams that were not sent. */
  onDrop: ((why: Unsendable, datagrams: number) => void) | undefined

  /**
   * It is UDP; before the first write.
   * @param rules with them each `write` is a datagram that leaves as one packet, or not at all
   */
  overUdp(rules: PacketRules | undefined): void {
    this.isUdp = true
    if (!rules) return
    this.#up = new PacketUpstream(this.#line, this.#guard, this.#circumstances, rules, (why, datagrams) =>
      this.onDrop?.(why, datagrams),
    )
  }

  // What a session sees

  /** From now on `user` gets the bytes, those that came earlier first. */
  attach(user: CarrierUser): void {
    this.#user = user
    this.wantMore()
  }

  /** Takes bytes for the peer; false means: no more until `onWritable`. */
  write(chunk: Buffer): boolean {
    return this.#end !== undefined || this.#up.write(chunk)
  }

  /** Whether `write` would be taken at once. */
  get hasRoom(): boolean {
    return this.#up.hasRoom
  }

  /** The user has room again. */
  wantMore(): void {
    this.#userFull = false
    // Full again: what is left goes back into the inbox, in order.
    for (const bytes of this.#inbox.splice(0)) this.#hand(bytes)
    this.#follow()
    this.#up.flow()
    this.#tellEnd()
  }

  /** How often a third plus of the payload had to wait. */
  get plusesHeld(): number {
    return this.#up.plusesHeld
  }

  get bytesUp(): number {
    return this.#up.bytes
  }

  get ended(): boolean {
    return this.#end !== undefined
  }

  /** Whether bytes are held back: they look like the modem's last words, or the beginning of them. */
  get holdsBack(): boolean {
    return this.#words.held > 0
  }

  // What the DTE does with it

  /** Bytes that came in data mode. */
  receive(chunk: Buffer): void {
    if (chunk.length === 0 || this.#end) return
    this.#lastByteAt = now()
    this.bytesReceived += chunk.length
    this.#hearing.heard()
    this.#holdTimer?.cancel()
    const before = this.#words.suspicion
    this.#hand(this.#words.push(chunk))
    const suspicion = this.#words.suspicion
    if (suspicion === 'line-end') this.#releaseAfter(LINE_END_MS)
    if (suspicion === 'partial') this.#releaseAfter(PARTIAL_MS)
    if ((suspicion === 'complete') !== (before === 'complete')) {
      this.#up.flow()
      this.onSuspicion?.()
    }
  }

  /** The modem's last words as far as they stand at the end of the stream. */
  get lastWord(): LastWord | undefined {
    return this.#words.lastWord
  }

  /** How long nothing came, in ms, and nothing waits for the user either. */
  get silentMs(): number {
    return this.#inbox.length > 0 || this.#userFull ? 0 : now() - this.#lastByteAt
  }

  /** Stops what goes up and keeps reading, whatever the user takes: before an escape, or at a lost DCD. */
  holdUpstream(): void {
    this.#upstreamHeld = true
    this.#up.stop()
  }

  /** Upstream flows again: it was a false alarm. */
  releaseUpstream(): void {
    this.#upstreamHeld = false
    this.#up.flow()
  }

  /** Bytes that the user wrote and the line has not taken yet. */
  get waitingUp(): boolean {
    return this.#up.waiting
  }

  /** The modem takes nothing at the moment. */
  get stalledUp(): boolean {
    return this.#up.waiting || this.#line.stalled
  }

  /** Reading goes on although the user is full: an escape waits for its `OK`. What comes is kept. */
  readRegardless(): void {
    this.#regardless = true
    this.#follow()
  }

  /** The escape was not answered: reading follows the user again. */
  readAsUser(): void {
    this.#regardless = false
    this.#follow()
  }

  /** The modem is, or may be, in command mode. What comes now waits for `openWindow` or `proceed`. */
  suspend(): void {
    this.#escaped = true
  }

  /** Bytes that came since `suspend`. */
  get bytesInWindow(): number {
    return this.#window.reduce((sum, { length }) => sum + length, 0)
  }

  /** Back in data mode: the connection lives, and what came meanwhile was the peer's. */
  proceed(): void {
    this.openWindow()
    this.#up.restart()
    this.readAsUser()
    this.releaseUpstream()
  }

  /** What came since `suspend` was the peer's. */
  openWindow(): void {
    this.#escaped = false
    for (const bytes of this.#window.splice(0)) this.#hand(bytes)
  }

  /** The held words were the peer's: they are handed over. */
  acquit(): void {
    this.#holdTimer?.cancel()
    this.#hand(this.#words.acquit())
    this.#up.flow()
  }

  /** The end. Held words of the modem are dropped, everything else is handed over before the end is told. */
  finish(end: CarrierEnd): void {
    if (this.#end) return
    // Of a broken end nobody knows whether it came before or after what was said in command mode.
    if (end.kind === 'broken') this.#window = []
    else this.openWindow()
    this.#holdTimer?.cancel()
    const leaked = this.#words.leaked
    // Of a broken end nothing doubtful is handed over: what is missing is told by the reset, what is too much is not.
    if (this.#words.suspicion === 'complete' || end.kind === 'broken') this.#words.convict()
    else this.#hand(this.#words.acquit())
    this.#up.end()
    this.#hearing.end()
    this.#end = end
    // Bytes of the modem went to the client before they were recognised: that is not an honest end.
    this.leaked = end.kind === 'closed' ? leaked : 0
    this.#tellEnd()
  }

  /** Bytes of the modem's last words that had gone to the client. */
  leaked = 0

  onLineWritable(): void {
    this.#up.onLineWritable()
  }

  #follow(): void {
    if (this.#mayRead()) {
      this.#line.resume()
      this.#hearing.start()
    } else {
      this.#line.pause()
      this.#hearing.stop()
    }
  }

  /** Whether what the modem sends has somewhere to go. */
  #mayRead(): boolean {
    // Before a session has joined, the little that comes is kept.
    return this.#regardless || this.#escaped || !this.#user || (!this.#userFull && this.#inbox.length === 0)
  }

  #tellEnd(): void {
    if (!this.#end || !this.#user || this.#inbox.length > 0) return
    const user = this.#user
    this.#user = undefined
    user.onEnd(this.#end)
  }

  #hand(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#escaped) {
      this.#window.push(bytes)
      return
    }
    if (!this.#user || this.#userFull || this.#inbox.length > 0) this.#inbox.push(bytes)
    else {
      this.bytesDown += bytes.length
      if (this.#user.onBytes(bytes)) return
      this.#userFull = true
    }
    this.#follow()
  }

  #releaseAfter(ms: number): void {
    this.#holdTimer = afterInput(ms, () => {
      // An escape keeps a line end back as well: until it is over nobody knows how the words go on.
      if (this.#upstreamHeld || this.#escaped) this.#releaseAfter(ms)
      else this.#hand(this.#words.release())
    })
  }
}
