/** The modem's serial side: its rate, its lines, its sleep; what arrives goes on to the mode in force. */
import { after, now } from '../core/time.ts'
import type { Conditions } from './conditions.ts'
import type { Knobs } from './knobs.ts'
import { LineRate } from './line-rate.ts'
import type { ModemRecord } from './record.ts'
import type { Settings } from './settings.ts'
import { Wire } from './wire.ts'

export interface SerialParts {
  readonly knobs: Knobs
  readonly conditions: Conditions
  readonly record: ModemRecord
  readonly settings: Settings
  readonly on: () => boolean
  readonly commandMode: () => boolean
  readonly carrierShown: () => boolean
  /** Bytes that the modem holds and has not worked off. */
  readonly held: () => number
  /** `readable`: at the modem's rate. */
  readonly take: (bytes: Uint8Array, firstAt: number, lastAt: number, readable: boolean) => void
  /** DTR went from ON to OFF. */
  readonly dtrDropped: () => void
  /** The output queue has room. */
  readonly outputRoom: () => void
}

/** Without input for so long, AT+CSCLK=2 sleeps; milliseconds (SIM800C hardware design 4.3.4). */
const SLEEP_AFTER = 5000

export class SerialSide {
  readonly wire: Wire
  readonly #parts: SerialParts
  readonly #rate: LineRate
  /** The rate that holds or is about to. */
  #rateDue = 0
  #ctsHeld = false
  #dtrOnSince = Number.NEGATIVE_INFINITY
  #wakingUntil = Number.NEGATIVE_INFINITY
  #lastInputAt = Number.NEGATIVE_INFINITY

  constructor(parts: SerialParts) {
    this.#parts = parts
    this.#rate = new LineRate(parts.knobs)
    this.wire = new Wire({
      received: (bytes, firstAt, lastAt, rate) => this.#received(bytes, firstAt, lastAt, rate),
      rate: () => this.#rate.rate,
      paced: () => parts.knobs.paced,
      share: () => parts.knobs.lineShare,
      pieces: () => this.#pieces(),
      obeysRts: () => parts.settings.now.ifc[0] === 2,
      dtrChanged: (on) => this.#dtrChanged(on),
      room: parts.outputRoom,
      unheard: (count) => (parts.record.lost.output += count),
    })
  }

  /** Settings, modes or levels changed: what the lines say now. */
  apply(): void {
    const { settings, conditions, knobs } = this.#parts
    const on = this.#parts.on()
    const { ifc, dcd, ipr } = settings.now
    if (on && ipr !== this.#rateDue) this.#changeRate(ipr)
    const held = this.#parts.held()
    const full = knobs.inputBuffer - knobs.ctsHeadroom
    if (held >= full) this.#ctsHeld = true
    else if (held <= full / 2) this.#ctsHeld = false
    const cts = on && !conditions.has('cts-stuck') && !(this.#ctsHeld && ifc[1] === 2)
    this.wire.drive({ dcd: on && (dcd === 0 || this.#parts.carrierShown()), cts, dsr: on })
    this.wire.gateAnew()
  }

  /** Power is off or the modem restarts: all lines off, autobaud starts over. */
  start(): void {
    this.#rateDue = this.#parts.settings.now.ipr
    this.#rate.start(this.#rateDue)
    this.#ctsHeld = false
    this.wire.silence()
    this.wire.drive({ dcd: false, cts: false, dsr: false, ri: false })
  }

  pulseRi(ms: number): void {
    this.wire.drive({ ri: true })
    after(ms, () => this.wire.drive({ ri: false }))
  }

  /** The result code still goes out at the old rate (AT manual 2.2.41). */
  #changeRate(ipr: number): void {
    this.#rateDue = ipr
    this.wire.whenSent(() => this.#rate.set(ipr))
  }

  #received(bytes: Uint8Array, firstAt: number, lastAt: number, rate: number): void {
    if (!this.#parts.on() || this.#asleep()) {
      this.#parts.record.lost.deaf += bytes.length
      return
    }
    const read = this.#rate.read(bytes, rate, this.#parts.commandMode())
    this.#parts.take(read ?? bytes, firstAt, lastAt, read !== undefined)
  }

  /** AT+CSCLK: 1 sleeps with DTR off and wakes a while after DTR is on (app note 6), 2 after 5 s without input; what wakes it is lost (AT manual 3.2.49). */
  #asleep(): boolean {
    const { sleep } = this.#parts.settings.now
    const idle = now() - this.#lastInputAt
    this.#lastInputAt = now()
    if (!this.#parts.commandMode()) return false
    if (sleep === 1) return !this.wire.dtr || now() < this.#wakingUntil || this.#parts.conditions.has('sleeps-on')
    return sleep === 2 && idle > SLEEP_AFTER
  }

  #pieces(): { bytes: number; gap: number } | undefined {
    const { conditions, knobs } = this.#parts
    const chopped = conditions.of('chopped')
    if (chopped) return { bytes: chopped.bytes, gap: chopped.ms }
    return knobs.readBytes > 0 ? { bytes: knobs.readBytes, gap: knobs.readGap } : undefined
  }

  /** AT manual 2.2.29: ON to OFF is what counts. */
  #dtrChanged(on: boolean): void {
    this.#parts.record.dtrChange(on)
    const onFor = now() - this.#dtrOnSince
    const { settings, knobs } = this.#parts
    if (on && settings.now.sleep === 1 && this.#parts.commandMode()) this.#wakingUntil = now() + knobs.wakeTime
    if (on) this.#dtrOnSince = now()
    else if (this.#parts.on() && onFor >= this.#parts.knobs.dtrOnTime) this.#parts.dtrDropped()
  }
}
