/** Which faults there are in real time: those that are over, and recovered from, within seconds. */
import type { FaultType, ModemFault } from '../../src/virtual-modem/faults.ts'
import { someFault } from './chances.ts'
import type { Random } from './random.ts'

/** What happens to the daemon itself: `kill -9`, and a stop in order. Afterwards it is started again. */
export const DAEMON_FAULTS = [{ type: 'daemon-killed' }, { type: 'daemon-restarted' }] as const
export type DaemonFault = (typeof DAEMON_FAULTS)[number]

export function isDaemonFault(fault: ModemFault | DaemonFault): fault is DaemonFault {
  return DAEMON_FAULTS.some(({ type }) => type === fault.type)
}

/** Not on a pseudo-terminal: it has no lock that another program could hold. */
const ELSEWHERE: ReadonlySet<FaultType> = new Set(['line-busy'])
const LONGEST_MS = 4_000
/** What the manual gives a minute or more to answer: a lost result costs all of it. */
const SLOW = ['+CIPSTART', '+CIICR', '+CIPSHUT', '+CIPCLOSE', '']

export function someBriefFault(random: Random): ModemFault {
  for (;;) {
    const fault = someFault(random)
    if (ELSEWHERE.has(fault.type)) continue
    if (fault.type === 'lost-result' && SLOW.includes(fault.command ?? '') && !random.chance(0.1)) continue
    if ('ms' in fault) return { ...fault, ms: Math.min(fault.ms, LONGEST_MS) }
    return fault
  }
}
