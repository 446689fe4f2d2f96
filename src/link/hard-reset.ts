/** Rung hard-reset: the reset pin, the power key, the power command; and the key of a modem that is merely off. */
import type { Dte } from '../dte/dte.ts'
import type { PowerMeans } from '../line/power.ts'
import { awaitBoot } from './boot.ts'
import type { Parts } from './parts.ts'
import type { RecoveryStep } from './recovery.ts'

/** RESET is held for at least 105 ms (SIM800L hardware design; modem-facts 5). */
const RESET_MS = 300
/** PWRKEY switches on after 1 s to 1.2 s (modem-facts 5). */
const KEY_ON_MS = 1_500
/** PWRKEY switches off between 1.5 s and 33 s on a SIM800, from 1 s on others (modem-facts 5). */
const KEY_OFF_MS = 1_700
/**
 * From the off pulse on: 1.7 s to log out, 800 ms of being off (modem-facts 5), and time for a modem that was off, and
 * is on now, to answer before the second pulse would switch it off.
 */
const OFF_MS = 10_000

/**
 * What is done first about a modem that answers nothing and was not heard yet, or said good-bye: it may merely be off. On
 * a modem that runs the key switches it off; so it is pressed only when no rate was answered, and once more after that.
 */
export function firstAid(parts: Parts, step: RecoveryStep): RecoveryStep {
  if (step.attempt === 1) parts.power.used = 0
  if (step.fault.code !== 'no-answer' || !parts.power.mayBeOff) return step
  return { ...step, rung: 'hard-reset', key: 'once' }
}

/**
 * Each time the next of the means that are configured, from the weakest on; one that is broken is passed over.
 * @returns whether the modem answers
 */
export async function hardReset(parts: Parts, dte: Dte, step: RecoveryStep, signal: AbortSignal): Promise<boolean> {
  const { power } = parts
  const { bootTime } = parts.config.recovery
  if (step.key === 'once') {
    power.noteFirstAid()
    return (await power.pulse('powerKey', KEY_ON_MS, signal)) && awaitBoot(dte, bootTime, signal)
  }
  const { means } = power
  for (let tries = 0; tries < means.length; tries += 1) {
    const next = means[power.used++ % means.length]
    if (next && (await apply(parts, dte, next, signal))) return awaitBoot(dte, bootTime, signal)
  }
  return false
}

/** @returns whether it could be done */
async function apply({ power }: Parts, dte: Dte, means: PowerMeans, signal: AbortSignal): Promise<boolean> {
  switch (means) {
    case 'reset':
      return power.pulse('reset', RESET_MS, signal)
    case 'powerKey':
      if (!(await power.pulse('powerKey', KEY_OFF_MS, signal))) return false
      if (await awaitBoot(dte, OFF_MS, signal)) return true
      return power.pulse('powerKey', KEY_ON_MS, signal)
    case 'command':
      return power.command(signal)
  }
}
