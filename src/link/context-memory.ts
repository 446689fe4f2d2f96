/**
 * Remembers with which access point the modem's context was set up: one that is up still, after a reload or a restart
 * with another access point, is not taken over. The modem itself would tell only together with the password (AT+CSTT?).
 */
import type { Memory } from '../core/memory.ts'

const SECTION = 'context'

/** What makes a context another one; the password only lets it come up. */
export interface AccessPoint {
  readonly apn: string
  readonly user: string
}

export class ContextMemory {
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
  }

  /** Whether a context that is up may be one that was set up with `wanted`: so it is where nothing is remembered. */
  mayBe({ apn, user }: AccessPoint): boolean {
    const kept = this.#memory.recall(SECTION)
    if (!Array.isArray(kept)) return true
    const [keptApn, keptUser] = kept as unknown[]
    return keptApn === apn && keptUser === user
  }

  /** The modem is being set up with `used`. */
  note(used: AccessPoint): void {
    const isNews = this.#memory.recall(SECTION) === undefined || !this.mayBe(used)
    // An SD card does not live for ever. Lost, a context of another access point may be taken for this one once.
    if (isNews) this.#memory.keep(SECTION, [used.apn, used.user], 'if-possible')
  }
}
