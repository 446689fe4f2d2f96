/** The lines that the modem says by itself: at boot, about the SIM, about the network (AT manual 19.3). */
import type { Radio } from './radio.ts'
import type { Settings } from './settings.ts'
import type { SimState } from './sim.ts'

export class Announcements {
  readonly #settings: Settings
  /** Says a line, or holds it, as the mode has it. */
  readonly #say: (text: string) => void

  constructor(settings: Settings, say: (text: string) => void) {
    this.#settings = settings
    this.#say = say
  }

  /** With autobaud nobody could read them: they come only with a fixed rate. */
  booted(cfun: number): void {
    if (this.#settings.now.ipr === 0) return
    this.#say('RDY')
    this.#say(`+CFUN: ${String(cfun)}`)
  }

  callReady(): void {
    if (this.#settings.now.ipr === 0 || this.#settings.now.ciurc === 0) return
    this.#say('Call Ready')
    this.#say('SMS Ready')
  }

  sim(state: SimState): void {
    if (this.#settings.now.ipr !== 0) this.#say(`+CPIN: ${state}`)
  }

  /** A URC has no mode in front, unlike the answer to `AT+CREG?`. */
  registered({ stat, lac, cell }: Radio): void {
    const mode = this.#settings.now.creg
    if (mode > 0) this.#say(`+CREG: ${String(stat)}${mode === 2 && stat === 1 ? `,"${lac}","${cell}"` : ''}`)
  }

  attached(on: boolean): void {
    if (this.#settings.now.cgreg > 0) this.#say(`+CGREG: ${on ? '1' : '0'}`)
  }
}
