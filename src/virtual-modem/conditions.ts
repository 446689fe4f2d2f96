/** Which faults are in force now: the parts of the modem ask here before they do their work. */
import { type Attributes, CURES, type Cure, FAULT_KINDS, type FaultType, type ModemFault } from './faults.ts'

interface Active {
  readonly fault: ModemFault
  readonly end: () => void
}

export class Conditions {
  readonly #active: Active[] = []
  readonly #changed: (() => void)[] = []

  /** The newest fault of this type with all its attributes, or undefined. */
  of<T extends FaultType>(type: T): Attributes<T> | undefined {
    const active = this.#active.findLast(({ fault }) => fault.type === type)
    return active && { ...FAULT_KINDS[type].attributes, ...active.fault }
  }

  has(type: FaultType): boolean {
    return this.#active.some(({ fault }) => fault.type === type)
  }

  /**
   * Puts a fault in force. `strike` does what it does once, and returns what its end does once.
   * Returns the end, which may be called again.
   */
  begin(fault: ModemFault, strike: () => () => void): () => void {
    let undo = (): void => undefined
    const active: Active = {
      fault,
      end: () => {
        const index = this.#active.indexOf(active)
        if (index < 0) return
        this.#active.splice(index, 1)
        this.#tell()
        undo()
      },
    }
    this.#active.push(active)
    this.#tell()
    undo = strike()
    if (FAULT_KINDS[fault.type].once) active.end()
    return active.end
  }

  /** The DTE or a person did something that ends faults which wait for it, or for something weaker. */
  cure(by: Cure): void {
    const strength = CURES.indexOf(by)
    for (const { fault, end } of [...this.#active]) {
      if (fault.until && CURES.indexOf(fault.until) <= strength) end()
    }
  }

  onChange(listener: () => void): void {
    this.#changed.push(listener)
  }

  #tell(): void {
    for (const listener of this.#changed) listener()
  }
}
