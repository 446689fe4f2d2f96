/** What the doctor finds: one check is one line, with a mend where something is wrong. */
import { FAULTS, type FaultCode } from '../../core/fault.ts'
import { EXIT } from '../exit-codes.ts'

/** Groups in the order in which they are looked at, with their headings. */
export const GROUPS = {
  machine: 'this machine',
  line: 'the line',
  modem: 'the modem',
  network: 'SIM and network',
  context: 'context and routes',
  supply: 'supply',
} as const
export type Group = keyof typeof GROUPS

/** `unchecked`: it could not be looked at, or was not to be; the message says why. */
export type Verdict = 'good' | 'warning' | 'bad' | 'unchecked'

/** One line. Of a group and a check there may be several. */
export interface Finding {
  readonly group: Group
  /** What was looked at, in one word. */
  readonly check: string
  readonly verdict: Verdict
  readonly message: string
  /** What a person can do. */
  readonly mend: string | null
  /** What the daemon would call it. */
  readonly fault: FaultCode | null
  /** What was found, for programs: a voltage in mV, a signal in dBm, a model, a path. */
  readonly value: string | number | null
}

/** What a bad or doubtful finding says beyond its message; the mend of a fault stands in its table. */
export interface Trouble {
  /** Not set: that of the fault; null: none. */
  readonly mend?: string | null
  readonly fault?: FaultCode
  readonly value?: string | number | undefined
}

/** Takes the findings of one group. */
export class Notes {
  readonly #group: Group
  readonly #tell: (finding: Finding) => void

  constructor(group: Group, tell: (finding: Finding) => void) {
    this.#group = group
    this.#tell = tell
  }

  good(check: string, message: string, value: string | number | null = message): void {
    this.#note(check, 'good', message, { mend: null, fault: null, value })
  }

  warn(check: string, message: string, trouble: Trouble): void {
    this.#note(check, 'warning', message, detail(trouble))
  }

  bad(check: string, message: string, trouble: Trouble): void {
    this.#note(check, 'bad', message, detail(trouble))
  }

  /** Not looked at. @param why as a whole message */
  unchecked(check: string, why: string, mend: string | null = null): void {
    this.#note(check, 'unchecked', why, { mend, fault: null, value: null })
  }

  #note(check: string, verdict: Verdict, message: string, rest: Pick<Finding, 'mend' | 'fault' | 'value'>): void {
    this.#tell({ group: this.#group, check, verdict, message, ...rest })
  }
}

function detail({ mend, fault, value }: Trouble): Pick<Finding, 'mend' | 'fault' | 'value'> {
  const known = fault ? FAULTS[fault].hint : null
  return { mend: mend === undefined ? known : mend, fault: fault ?? null, value: value ?? null }
}

/** That of the first bad finding, as `run` would have it: who mends goes from top to bottom. 0 if there is none. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const first = findings.find(({ verdict }) => verdict === 'bad')
  if (!first) return EXIT.good
  return first.fault === null ? EXIT.unavailable : FAULTS[first.fault].exitCode
}
