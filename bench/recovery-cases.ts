/** The faults that a recovery is timed after; each strikes in a live session. */
import type { ModemFault } from '../src/virtual-modem/faults.ts'

export interface RecoveryCase {
  readonly name: string
  readonly fault: ModemFault
  /** Strikes at the same moment, so that the modem meets the fault. */
  readonly strike?: ModemFault
  /** ms; 0: it strikes and is over. */
  readonly lasts: number
  /** Nothing tells of it but the look that `liveness` has: with wires it is none, DCD is believed. */
  readonly silent?: true
}

export const RECOVERY_CASES: readonly RecoveryCase[] = [
  { name: 'carrier drops, CLOSED and DCD', fault: { type: 'carrier-drops' }, lasts: 0 },
  { name: 'carrier drops, CLOSED alone', fault: { type: 'carrier-drops', how: 'line' }, lasts: 0 },
  { name: 'carrier drops without a sign', fault: { type: 'carrier-drops', how: 'silent' }, lasts: 0, silent: true },
  { name: 'context lost', fault: { type: 'context-lost' }, lasts: 0 },
  { name: 'modem restarts', fault: { type: 'reboot' }, lasts: 0 },
  { name: 'modem restarts without a word', fault: { type: 'reboot', lines: false }, lasts: 0, silent: true },
  { name: 'supply fails for 5 s', fault: { type: 'under-voltage', power: 'down' }, lasts: 5_000 },
  { name: 'adapter pulled out for 5 s', fault: { type: 'line-unplugged' }, lasts: 5_000 },
  { name: 'adapter pulled out for 60 s', fault: { type: 'line-unplugged' }, lasts: 60_000 },
  {
    name: 'modem hangs for 20 s',
    fault: { type: 'no-answer', data: 'stalls' },
    strike: { type: 'carrier-drops' },
    lasts: 20_000,
  },
  { name: 'SIM out for 20 s', fault: { type: 'sim-missing' }, lasts: 20_000 },
  {
    name: 'no registration for 60 s',
    fault: { type: 'not-registered' },
    strike: { type: 'context-lost' },
    lasts: 60_000,
  },
  {
    name: 'registration denied for 20 s',
    fault: { type: 'registration-denied' },
    strike: { type: 'context-lost' },
    lasts: 20_000,
  },
  {
    name: 'no packet service for 20 s',
    fault: { type: 'attach-failed' },
    strike: { type: 'context-lost' },
    lasts: 20_000,
  },
  { name: 'no context for 20 s', fault: { type: 'context-failed' }, strike: { type: 'context-lost' }, lasts: 20_000 },
  {
    name: 'escape swallowed for 10 s',
    fault: { type: 'escape-swallowed' },
    strike: { type: 'carrier-drops' },
    lasts: 10_000,
  },
  { name: 'peer refuses for 5 s', fault: { type: 'peer-refused' }, strike: { type: 'carrier-drops' }, lasts: 5_000 },
]
