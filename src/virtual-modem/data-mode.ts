/** Which mode the modem is in, and the ways between: connect, escape, resume, the carrier's end (app note 2.2.4). */
import { after } from '../core/time.ts'
import type { Conditions } from './conditions.ts'
import { EscapeDetector } from './escape-detector.ts'
import type { IpStack } from './ip-stack.ts'
import type { Knobs } from './knobs.ts'
import type { ModemRecord } from './record.ts'
import type { Result } from './result.ts'
import type { Settings } from './settings.ts'
import { garble, type Wire } from './wire.ts'

export type Mode = 'command' | 'data'

export interface DataModeParts {
  readonly knobs: Knobs
  readonly conditions: Conditions
  readonly record: ModemRecord
  readonly settings: Settings
  readonly stack: () => IpStack
  readonly wire: Wire
  readonly alive: () => AbortSignal
  readonly say: (text: readonly string[], result?: Result) => void
  /** Command mode must forget what it was doing. */
  readonly interrupt: () => void
  /** DCD or the input buffer's level changed. */
  readonly linesDue: () => void
  /** Bytes for command mode. */
  readonly commandInput: (bytes: Uint8Array) => void
}

export class DataMode {
  readonly #parts: DataModeParts
  readonly #escape: EscapeDetector
  #mode: Mode = 'command'
  #carrierShown = false
  /** Whether CONNECT is on its way to the DTE. */
  #connectUnderWay = (): boolean => false
  readonly #heldUrcs: string[] = []

  constructor(parts: DataModeParts) {
    this.#parts = parts
    this.#escape = new EscapeDetector(() => this.#timing(), {
      data: (bytes) => this.#input(bytes),
      escape: () => this.escape('plus'),
    })
  }

  get mode(): Mode {
    return this.#mode
  }
  /** What DCD says with &C1. */
  get carrierShown(): boolean {
    return this.#carrierShown
  }

  /** Bytes from the DTE, in either mode. */
  take(bytes: Uint8Array, firstAt: number, lastAt: number, readable: boolean): void {
    const seen = readable ? bytes : garble(bytes)
    if (this.#mode === 'data' && this.#connectUnderWay()) this.#parts.record.crossed += bytes.length
    if (this.#mode === 'command') {
      this.#escape.pass(lastAt)
      if (readable) this.#parts.commandInput(bytes)
      else this.#parts.record.lost.deaf += bytes.length
    } else if (this.#parts.settings.ip.ccfg.esc === 1) {
      const rest = this.#escape.feed(seen, firstAt, lastAt)
      if (rest) this.take(rest, firstAt, lastAt, readable)
    } else {
      this.#escape.pass(lastAt)
      this.#input(seen)
    }
  }

  /** A URC: at once in command mode; in data mode as the knob `urcInData` has it. */
  urc(text: string): void {
    const { urcInData } = this.#parts.knobs
    if (this.#mode === 'command' || urcInData === 'injected') this.#parts.say([text])
    else if (urcInData === 'held') this.#heldUrcs.push(text)
  }

  /** CIPSTART succeeded, or somebody with the address `caller` called. */
  connected(transparent: boolean, caller?: string): void {
    const where = transparent ? this.#parts.knobs.remoteIp : 'before'
    const address = caller === undefined ? [] : [`REMOTE IP: ${caller}`]
    if (where === 'before') this.#parts.say(address)
    if (transparent) {
      this.#parts.interrupt()
      this.#parts.say([], 'CONNECT')
      this.#connectUnderWay = this.#parts.wire.underWay()
      if (where === 'after') this.#parts.say(address)
      this.enter()
      return
    }
    this.#parts.say(['CONNECT OK'])
    this.#showCarrier(true)
    const { carrier } = this.#parts.stack()
    if (carrier) carrier.escaped = false
  }

  /** Data mode begins: after CONNECT, at once. */
  enter(): void {
    this.#parts.interrupt()
    this.#mode = 'data'
    this.#showCarrier(true)
    const { carrier } = this.#parts.stack()
    if (carrier) carrier.escaped = false
  }

  /** `+++` or DTR: to command mode, the connection stays. */
  escape(way: 'plus' | 'dtr'): void {
    const swallowed = this.#parts.conditions.of('escape-swallowed')?.by
    if (this.#mode !== 'data' || swallowed === 'both' || swallowed === way) return
    this.#escape.settle()
    this.#parts.record.escapes++
    const { carrier } = this.#parts.stack()
    if (carrier) carrier.escaped = true
    this.#leave()
    this.#showCarrier(carrier !== undefined && this.#parts.knobs.dcdWhileEscaped)
    if (!this.#parts.conditions.has('no-answer')) this.#parts.say([], 'OK')
    this.#releaseUrcs()
  }

  /** The modem itself closed the connection (CIPCLOSE, CIPSHUT, ATH). */
  hungUp(): void {
    this.#showCarrier(false)
  }

  /** Power or reset: command mode, nothing held. */
  forget(): void {
    this.#escape.forget()
    this.#heldUrcs.length = 0
    if (this.#mode === 'data') this.#leave()
    this.#carrierShown = false
  }

  /**
   * The carrier is gone: says so as the knobs have it. Input counts as commands again only when the DTE can know,
   * that is when the sign has left the wire; until then it is dropped.
   */
  ended(line: string): void {
    const sign = this.#parts.conditions.of('carrier-drops')?.how ?? this.#parts.knobs.closeSign
    this.#escape.forget()
    const say = (): void => {
      if (sign === 'both' || sign === 'line') this.#parts.say([line])
    }
    const showDcd = (): void => {
      if (sign !== 'line' && sign !== 'silent') this.#showCarrier(false)
    }
    if (this.#mode === 'command') {
      say()
      showDcd()
    } else if (sign !== 'silent') {
      this.#tellEnd(say, showDcd)
    }
  }

  #tellEnd(say: () => void, showDcd: () => void): void {
    const { knobs, wire } = this.#parts
    const later = (action: () => void): void => {
      if (knobs.dcdDelay > 0) after(knobs.dcdDelay, this.#whileAlive(action))
      else action()
    }
    const leave = this.#whileAlive(() => {
      this.#leave()
      this.#releaseUrcs()
    })
    if (knobs.dcdOnClose === 'before') {
      wire.whenSent(() => {
        showDcd()
        later(() => {
          say()
          wire.whenSent(leave)
        })
      })
      return
    }
    if (knobs.dcdOnClose === 'at-once') showDcd()
    say()
    wire.whenSent(() => {
      leave()
      later(showDcd)
    })
  }

  /** Wraps what must not happen after a reset or on the next carrier. */
  #whileAlive(action: () => void): () => void {
    const alive = this.#parts.alive()
    return () => {
      if (!alive.aborted && !this.#parts.stack().carrier) action()
    }
  }

  #leave(): void {
    this.#mode = 'command'
    this.#parts.record.leftData()
  }

  #releaseUrcs(): void {
    for (const text of this.#heldUrcs.splice(0)) this.#parts.say([text])
  }

  #showCarrier(on: boolean): void {
    this.#carrierShown = on
    this.#parts.linesDue()
  }

  #input(bytes: Uint8Array): void {
    const { carrier } = this.#parts.stack()
    if (!carrier) {
      this.#parts.record.lost.afterClose += bytes.length
      return
    }
    carrier.uplink.take(bytes)
    this.#parts.linesDue()
  }

  #timing(): { before: number; after: number; gap: number; leaks: boolean } {
    const { guardBefore, guardAfter, plusGap, plusLeaks } = this.#parts.knobs
    return { before: guardBefore, after: guardAfter, gap: plusGap, leaks: plusLeaks }
  }
}
