/** Admission: who may have the carrier. There is one, and one client at a time has it. */

/** Whoever holds the carrier, or is about to. */
export interface Holder {
  readonly route: string
  readonly session: number
}

export class Admission {
  #holder: Holder | undefined

  /** Who has the carrier now. */
  get holder(): Holder | undefined {
    return this.#holder
  }

  /** Takes the carrier for `wanted`. @returns what gives it back, or undefined if another one has it */
  enter(wanted: Holder): (() => void) | undefined {
    if (this.#holder) return undefined
    this.#holder = wanted
    return () => {
      if (this.#holder === wanted) this.#holder = undefined
    }
  }
}
