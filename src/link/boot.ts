/** Waiting for a modem that starts: who judges too early resets in circles. */
import { plainDialogue } from '../at/commands.ts'
import { isFault } from '../core/fault.ts'
import { now, sleep } from '../core/time.ts'
import { takeBack } from '../dte/dialogue.ts'
import type { Dte } from '../dte/dte.ts'

/** Between two questions to a booting modem, in ms. */
const BOOT_POLL_MS = 1_000
/** A modem needs this long at least from a restart to its first answer (modem-facts T6, 5). */
const BOOT_LEAST_MS = 3_000

/** @returns whether the modem answers within `limitMs` */
export async function awaitBoot(dte: Dte, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const giveUpAt = now() + limitMs
  await sleep(BOOT_LEAST_MS, signal)
  while (now() < giveUpAt) {
    try {
      await dte.execute(plainDialogue, signal, BOOT_POLL_MS)
      return true
    } catch (error) {
      if (!isFault(error, 'no-answer', 'command-failed', 'modem-rebooted')) throw error
      await takeBack(dte)
      await sleep(BOOT_POLL_MS, signal)
    }
  }
  return false
}
