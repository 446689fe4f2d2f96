/** The faults that the virtual modem can have, with their attributes: data for tests, the command line and its help. */
import type { FaultCode } from '../core/fault.ts'

type Attribute = number | string | boolean

/** A kind of fault: what it can be given (with defaults), the codes a DTE should find, and what it does. */
export interface FaultKind<A extends Readonly<Record<string, Attribute>> = Readonly<Record<string, Attribute>>> {
  readonly attributes: A
  readonly codes: readonly FaultCode[]
  readonly about: string
  /** It strikes and is over. */
  readonly once: boolean
}

function kind<const A extends Readonly<Record<string, Attribute>>>(
  attributes: { readonly [K in keyof A]: Wide<A[K]> } & A,
  codes: readonly FaultCode[],
  about: string,
  once = false,
): FaultKind<{ readonly [K in keyof A]: Wide<A[K]> }> {
  return { attributes, codes, about, once }
}

type Wide<T> = T extends number ? number : T extends boolean ? boolean : string

/** Attributes in milliseconds are `ms` or end in it; on the command line they may carry a unit (`2s`). */
export const FAULT_KINDS = {
  'no-answer': kind({ data: 'flows' }, ['no-answer'], 'commands are swallowed; data=stalls holds data mode up as well'),
  'slow-answer': kind({ ms: 2000 }, [], 'every answer comes so much later'),
  'late-answer': kind({ ms: 10_000, command: '' }, ['no-answer'], 'one answer (to a command that matches) comes late'),
  'lost-result': kind({ command: '' }, ['no-answer'], 'answers (to commands that match) have no result code'),
  'command-failed': kind({ command: '', cme: 0 }, ['command-failed'], 'commands that match get ERROR, or a CME number'),
  chopped: kind({ bytes: 1, ms: 5 }, [], 'output comes in pieces with pauses'),
  garbage: kind({ bytes: 2 }, [], 'noise before every answer'),
  'echo-on': kind({}, [], 'the echo is on again, as after ATE1', true),
  urc: kind({ text: 'RING', where: 'now' }, [], 'an unsolicited line now, or where=inside every answer'),
  'sim-missing': kind({}, ['sim-missing'], 'the SIM is pulled out'),
  'sim-locked': kind({ pin: '1234', attempts: 3 }, ['sim-locked'], 'the SIM wants a PIN'),
  'sim-puk': kind({}, ['sim-locked'], 'the SIM wants its PUK'),
  'not-registered': kind({ stat: 2 }, ['not-registered'], 'no network: registration stat 0, 2 or 4'),
  'registration-denied': kind({}, ['registration-denied'], 'the network refuses the SIM'),
  'attach-failed': kind({}, ['attach-failed'], 'no packet service'),
  'context-failed': kind({}, ['context-failed'], 'CIICR answers ERROR'),
  'context-lost': kind({}, ['context-lost'], 'the network takes the context down', true),
  'peer-refused': kind({}, ['peer-refused'], 'every connection is refused'),
  'name-unknown': kind(
    { error: 8 },
    ['peer-refused'],
    'no name has an address, with error=3 for want of a name server',
  ),
  'peer-timeout': kind({}, ['peer-timeout'], 'no connection is answered'),
  'not-transparent': kind({}, ['not-transparent'], 'CONNECT OK although CIPMODE=1, until the modem is reset'),
  'carrier-drops': kind(
    { how: 'both' },
    ['carrier-lost'],
    'the connection breaks: how=both, line, dcd, or silent',
    true,
  ),
  'escape-swallowed': kind({ by: 'both' }, ['escape-failed'], 'escapes do nothing: by=plus, dtr or both'),
  reboot: kind(
    { lines: true, warning: false },
    ['modem-rebooted'],
    'the modem restarts; lines=false: says nothing',
    true,
  ),
  'under-voltage': kind({ power: 'warn' }, ['under-voltage'], 'the supply sags: power=warn, or down: it switches off'),
  'line-unplugged': kind({}, ['line-gone', 'line-missing'], 'the serial adapter is pulled out'),
  'line-busy': kind({}, ['line-busy'], 'another program holds the device'),
  'peer-silent': kind({}, ['carrier-lost'], 'nothing reaches the peer and nothing comes; no one says so'),
  'sleeps-on': kind({}, ['no-answer'], 'asleep with CSCLK=1, it does not wake when DTR is on'),
  'cts-stuck': kind({}, [], 'CTS stays off'),
  message: kind({ from: '+491701234567', text: 'hello' }, [], 'a short message arrives', true),
  call: kind({ from: '+491701234567', rings: 3 }, [], 'somebody calls, and nobody answers', true),
  'ack-frozen': kind({}, [], 'the peer acknowledges nothing'),
} as const satisfies Record<string, FaultKind>

export type FaultType = keyof typeof FAULT_KINDS
export type Attributes<T extends FaultType> = (typeof FAULT_KINDS)[T]['attributes']

/** What ends a fault that waits for it, weakest first: the rungs of a recovery as the modem sees them. */
export const CURES = ['shut', 'attach', 'radio', 'reset', 'power'] as const
export type Cure = (typeof CURES)[number]

/** One fault: its type, the attributes that differ from the defaults, and what cures it besides its end. */
export type ModemFault = {
  readonly [T in FaultType]: { readonly type: T; readonly until?: Cure } & Partial<Attributes<T>>
}[FaultType]

/** A fault with its time span: `after` and `for` in milliseconds; without `for` it stays. */
export interface TimedFault {
  readonly fault: ModemFault
  readonly after: number
  readonly for: number | undefined
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function milliseconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text)
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1) : undefined
}

function value(text: string, like: Attribute): Attribute | undefined {
  if (typeof like === 'string') return text
  if (typeof like === 'number') return milliseconds(text)
  return { true: true, yes: true, on: true, false: false, no: false, off: false }[text]
}

function isFaultType(text: string): text is FaultType {
  return Object.hasOwn(FAULT_KINDS, text)
}

/**
 * Reads `no-answer,after=30s,for=10s` or `sim-locked,pin=0000`.
 * Throws an `Error` that names what is wrong and what would be right.
 */
export function parseFault(text: string): TimedFault {
  const [type = '', ...pairs] = text.split(',').map((part) => part.trim())
  if (!isFaultType(type))
    throw new Error(`no fault is called "${type}"; there are ${Object.keys(FAULT_KINDS).join(', ')}`)
  const known: Readonly<Record<string, Attribute>> = { ...FAULT_KINDS[type].attributes, after: 0, for: 0, until: '' }
  const given: Record<string, Attribute> = {}
  for (const pair of pairs) {
    const cut = pair.indexOf('=')
    const name = cut < 0 ? pair : pair.slice(0, cut)
    const like = known[name]
    if (like === undefined) throw new Error(`fault ${type} has no "${name}"; it has ${Object.keys(known).join(', ')}`)
    const read = cut < 0 ? undefined : value(pair.slice(cut + 1), like)
    if (read === undefined) throw new Error(`fault ${type}: "${pair}" should be like ${name}=${String(like)}`)
    given[name] = read
  }
  if (given.until !== undefined && !CURES.some((cure) => cure === given.until)) {
    throw new Error(`fault ${type}: until is one of ${CURES.join(', ')}`)
  }
  const { after: from = 0, for: span, ...attributes } = given
  return {
    fault: { type, ...attributes } as ModemFault,
    after: from as number,
    for: span as number | undefined,
  }
}

/** One line per fault for `--help`. */
export function faultHelp(): string[] {
  return Object.entries(FAULT_KINDS).map(([type, { attributes, about }]) => {
    const pairs = Object.entries(attributes).map(([name, like]) => `,${name}=${String(like)}`)
    return `${type}${pairs.join('')}  ${about}`
  })
}
