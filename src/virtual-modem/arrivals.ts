/** What comes from outside without being asked for: short messages and calls (AT manual 4.2.8, app note 2.2.5). */
import { after } from '../core/time.ts'
import type { Message, MessageStore } from './message-store.ts'
import type { SerialSide } from './serial-side.ts'
import type { Settings } from './settings.ts'

export interface ArrivalParts {
  readonly settings: Settings
  readonly messages: MessageStore
  readonly serial: SerialSide
  readonly on: () => boolean
  readonly dataMode: () => boolean
  readonly urc: (text: string) => void
}

/** RI pulses for a message and for a call in data mode, and a ring's length; milliseconds. */
const RI_MESSAGE = 120
const RI_CALL_IN_DATA = 50
const RING = 2000
const RING_PERIOD = 4000

export class Arrivals {
  readonly #parts: ArrivalParts

  constructor(parts: ArrivalParts) {
    this.#parts = parts
  }

  /** A short message: stored, told by RI and, as AT+CNMI has it, by a line. */
  message(from: string, text: string): Message {
    const message = this.#parts.messages.receive(from, text)
    const [mode, kind] = this.#parts.settings.now.cnmi.split(',').map(Number)
    this.#parts.serial.pulseRi(RI_MESSAGE)
    const dropped = mode === 1 && this.#parts.dataMode()
    if (kind === 1 && !dropped) this.#parts.urc(`+CMTI: "SM",${String(message.index)}`)
    return message
  }

  /** A call of `times` rings that nobody answers; AT+GSMBUSY keeps it away, AT+CLIP names the caller (AT manual 7.2.9). */
  ring(times = 1, from = ''): void {
    const { gsmbusy, clip } = this.#parts.settings.passing
    if (gsmbusy > 0 || times === 0 || !this.#parts.on()) return
    this.#parts.serial.pulseRi(this.#parts.dataMode() ? RI_CALL_IN_DATA : RING)
    this.#parts.urc('RING')
    if (clip === 1) this.#parts.urc(`+CLIP: "${from}",${from.startsWith('+') ? '145' : '129'},"",0,"",0`)
    after(RING_PERIOD, () => this.ring(times - 1, from))
  }
}
