/** What can go wrong, by code: the code says what happened, this table says who recovers and what a person is told. */

/** The rungs of the recovery ladder, cheapest first. */
export const RUNGS = [
  'redial',
  'shut-context',
  'reattach',
  'cycle-radio',
  'soft-reset',
  'hard-reset',
  'reopen-line',
] as const
export type Rung = (typeof RUNGS)[number]

export interface FaultRow {
  /** Where recovery starts on the ladder. */
  readonly rung: Rung
  /** How far up recovery may climb: a modem is not reset because a server is down. */
  readonly ceiling: Rung
  /** What `run` exits with if the daemon cannot even start because of it (sysexits). */
  readonly exitCode: 69 | 70 | 75 | 78
  /** What a person can do. */
  readonly hint: string
}

function row(rung: Rung, ceiling: Rung, exitCode: FaultRow['exitCode'], hint: string): FaultRow {
  return { rung, ceiling, exitCode, hint }
}

export const FAULTS = {
  'line-missing': row(
    'reopen-line',
    'reopen-line',
    69,
    'plug in the adapter, or correct line.device; the daemon goes on as soon as the device appears',
  ),
  'line-gone': row(
    'reopen-line',
    'reopen-line',
    69,
    'the device vanished or hung up; check cable and power, the daemon goes on as soon as it is back',
  ),
  'line-busy': row(
    'reopen-line',
    'reopen-line',
    69,
    'another program holds the device; stop it (a getty? ModemManager? a second cipbridge?)',
  ),
  'no-answer': row(
    'soft-reset',
    'reopen-line',
    69,
    'the modem does not answer AT; check its power, TX/RX wiring and line.baudRate',
  ),
  'command-failed': row(
    'shut-context',
    'reopen-line',
    75,
    'the modem refused a command that it should take; `log.level: debug` shows the dialogue',
  ),
  'sim-missing': row('cycle-radio', 'soft-reset', 75, 'insert the SIM card and check its holder'),
  'sim-locked': row(
    'cycle-radio',
    'cycle-radio',
    78,
    'set modem.pin to the right PIN; if the SIM asks for its PUK, unlock it in a phone',
  ),
  'not-registered': row(
    'reattach',
    'hard-reset',
    75,
    'no network found the modem; check antenna, coverage and supply (2 A bursts)',
  ),
  'registration-denied': row(
    'cycle-radio',
    'soft-reset',
    75,
    'the network refuses this SIM; ask the operator (2G switched off, roaming, unpaid?)',
  ),
  'attach-failed': row(
    'reattach',
    'hard-reset',
    75,
    'registered, but no packet service; check that the SIM has data and the cell has GPRS',
  ),
  'context-failed': row(
    'shut-context',
    'hard-reset',
    75,
    'the PDP context does not come up; check context.apn, user and password',
  ),
  'context-lost': row(
    'shut-context',
    'hard-reset',
    75,
    'the network took the PDP context down; the daemon brings it up again',
  ),
  'peer-refused': row('redial', 'shut-context', 75, "the peer does not accept; check the route's `to:` and the server"),
  'peer-timeout': row(
    'redial',
    'cycle-radio',
    75,
    "the peer does not answer; check the route's `to:`, the server and its firewall",
  ),
  'not-transparent': row(
    'shut-context',
    'hard-reset',
    75,
    'the modem connected outside transparent mode; the daemon sets it up anew',
  ),
  'carrier-lost': row('redial', 'soft-reset', 75, 'the connection to the peer broke; the daemon dials again'),
  'escape-failed': row(
    'soft-reset',
    'reopen-line',
    75,
    'the modem does not leave data mode; wire DTR, or check that nothing else set CIPCCFG',
  ),
  'modem-rebooted': row(
    'redial',
    'hard-reset',
    75,
    'the modem restarted by itself; most often the supply breaks down at 2 A bursts',
  ),
  'under-voltage': row(
    'redial',
    'hard-reset',
    75,
    'the modem reports low voltage; strengthen the supply (4.0 V, 2 A, short wires, 1000 µF)',
  ),
  'config-invalid': row('redial', 'redial', 78, 'mend the configuration; `cipbridge check` shows every problem'),
  'budget-spent': row('redial', 'redial', 75, 'a limit of `limits` is reached; wait for the next period or raise it'),
} as const satisfies Record<string, FaultRow>

export type FaultCode = keyof typeof FAULTS

/** An error with a code that the table knows. The message says what happened; the cause is chained. */
export class Fault extends Error {
  readonly code: FaultCode
  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Fault'
    this.code = code
  }
  get hint(): string {
    return FAULTS[this.code].hint
  }
}

/** Whether `error` is a fault with one of `codes` (any, if none is named). */
export function isFault(error: unknown, ...codes: readonly FaultCode[]): error is Fault {
  return error instanceof Fault && (codes.length === 0 || codes.includes(error.code))
}
