/**
 * Every command that the daemon knows, with the manual's own maximum answer time. Where the manual states none
 * ("-", AT manual 1.7.2) the time is `UNSTATED`. Chapters are those of the SIM800 AT command manual V1.09/V1.12.
 */
import { Fault } from '../core/fault.ts'
import type { Answer, AtCommand } from './command.ts'

/** For commands whose maximum the manual does not state: ms. */
const UNSTATED = 10_000

const nothing = (): void => undefined

/** A command that only answers OK or an error. */
function plain(text: string, timeoutMs = UNSTATED): AtCommand {
  return { text, timeoutMs, parse: nothing }
}

/** A command with one information line `<prefix> …` before its OK. */
function query<T>(
  text: string,
  information: RegExp,
  parse: (match: RegExpExecArray) => T,
  timeoutMs = UNSTATED,
): AtCommand<T> {
  return {
    text,
    timeoutMs,
    information,
    needs: 'information',
    parse: (answer) => parse(firstMatch(information, answer)),
  }
}

function firstMatch(pattern: RegExp, answer: Answer): RegExpExecArray {
  const match = pattern.exec(answer.information[0] ?? '')
  if (!match) throw new Fault('command-failed', `no information in the answer "${answer.final}"`)
  return match
}

/**
 * A string parameter in quotes. What could end the quotes or the line is refused, whoever let it through before (P8).
 * @throws Fault config-invalid
 */
export function quoted(text: string): string {
  if (!/^[\x20\x21\x23-\x7e]*$/.test(text)) {
    throw new Fault('config-invalid', 'a value for the modem holds a quote, a control or a non-ASCII character')
  }
  return `"${text}"`
}

// Chapter 2: basics and the UART

/** One `AT`, to see whether anybody answers; a modem that is there answers at once. */
export const attention: AtCommand = plain('', 1_000)
/** Verbose result codes, all of them, no echo: both may have been saved otherwise by somebody (AT&W). 2.2.3, 2.2.25. */
export const plainDialogue: AtCommand = plain('E0V1Q0', 2_000)
/** Leaves the `>` prompt, where ESC gives up what was typed (8.2.3); anywhere else a line that gets an error. */
export const leavePrompt = 'AT\u001b\r'
/** Errors with their number. 2.2.33 */
export const numberedErrors: AtCommand = plain('+CMEE=1')
/**
 * Asked only to find the beginning of a fresh answer: the information line cannot be the late answer of another command.
 * Each time another one, for the late answer may be that of the question before.
 */
export const resynchronize: readonly AtCommand[] = ['+CMEE', '+IPR', '+IFC', '+CIPMODE'].map((name) =>
  query(`${name}?`, new RegExp(`^\\${name}: \\d`), nothing, 2_000),
)
/** DCD follows the carrier. 2.2.28 */
export const dcdFollowsCarrier: AtCommand = plain('&C1')
/** What DTR going off does: 0 nothing, 1 command mode with the carrier kept. 2.2.29 */
export const dtrAction = (action: 0 | 1): AtCommand => plain(`&D${action}`)
/** Flow control both ways: RTS/CTS or none. XON/XOFF would eat payload bytes. 2.2.42 */
export const flowControl = (kind: 'hardware' | 'none'): AtCommand =>
  plain(kind === 'hardware' ? '+IFC=2,2' : '+IFC=0,0')
/** The fixed rate; 0 is autobaud. 2.2.41 */
export const baudRate: AtCommand<number> = query('+IPR?', /^\+IPR: (\d+)$/, (match) => Number(match[1]))
/**
 * Takes effect right after its result code, or even before it. Not saved by everything that has it: the manuals disagree
 * (modem-facts 0.2), so `saveSettings` follows.
 */
export const fixBaudRate = (rate: number): AtCommand => plain(`+IPR=${rate}`, 2_000)
/** The active profile to NVRAM. 2.2.32 */
export const saveSettings: AtCommand = plain('&W')
/** `SIMCOM_SIM800L`; an empty string for a modem that says nothing of the kind. */
export const model: AtCommand<string> = {
  text: '+GMM',
  timeoutMs: UNSTATED,
  information: /^SIM(COM|\d)/i,
  parse: ({ information }) => information[0] ?? '',
}
export const firmware: AtCommand<string> = {
  text: '+GMR',
  timeoutMs: UNSTATED,
  information: /^Revision:/,
  parse: ({ information }) => information[0]?.replace(/^Revision: ?/, '') ?? '',
}

// Chapters 3, 4, 6: SIM, network, power

export const simState: AtCommand<string> = query('+CPIN?', /^\+CPIN: (.+)$/, (match) => match[1] ?? '', 5_000)
export const enterPin = (pin: string): AtCommand => ({
  text: `+CPIN=${quoted(pin)}`,
  timeoutMs: 5_000,
  secrets: [pin],
  parse: nothing,
})
export interface PinAttempts {
  readonly pin: number
  readonly puk: number
}
/** Attempts left. 6.2.22 */
export const pinAttempts: AtCommand<PinAttempts> = query(
  '+SPIC',
  /^\+SPIC: (\d+),\s*(\d+),\s*(\d+),\s*(\d+)$/,
  (match) => ({
    pin: Number(match[1]),
    puk: Number(match[3]),
  }),
)

export interface Signal {
  /** 0..31, 99 unknown */
  readonly rssi: number
  /** The manual's table (3.2.29): 0 is -115 dBm or less, 1 is -111, 2..30 are -110..-54, 31 is -52 or more. */
  readonly dbm: number | null
}
export const signalQuality: AtCommand<Signal> = query('+CSQ', /^\+CSQ: (\d+),\s*(\d+)$/, (match) => {
  const rssi = Number(match[1])
  return { rssi, dbm: dbmOf(rssi) }
})
function dbmOf(rssi: number): number | null {
  if (rssi === 0) return -115
  if (rssi === 1) return -111
  if (rssi >= 31) return rssi === 31 ? -52 : null
  return -114 + 2 * rssi
}

/** 0 not searching, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming. 3.2.27; the URC lacks the first number. */
export const registration: AtCommand<number> = query('+CREG?', /^\+CREG: \d,\s*(\d)/, (match) => Number(match[1]))
export const operator: AtCommand<string | null> = query(
  '+COPS?',
  /^\+COPS: \d(?:,\d,"([^"]*)")?/,
  (match) => match[1] ?? null,
  45_000,
)
/** 7.2.1; V1.09 says 10 s, V1.12 says 75 s. */
const ATTACH_MS = 75_000
export const attached: AtCommand<boolean> = query(
  '+CGATT?',
  /^\+CGATT: ([01])$/,
  (match) => match[1] === '1',
  ATTACH_MS,
)
export const attach = (on: boolean): AtCommand => plain(`+CGATT=${on ? 1 : 0}`, ATTACH_MS)
/** 0 minimum, 1 full. 3.2.24 */
export const radio = (level: 0 | 1): AtCommand => plain(`+CFUN=${level}`, 10_000)
/** The supply at the modem in mV. The manual doubts it without charging hardware, the hardware designs name it for VBAT. */
export const supplyVoltage: AtCommand<number> = query('+CBC', /^\+CBC: \d,\s*\d+,\s*(\d+)$/, (match) =>
  Number(match[1]),
)
/** Restarts the modem. `OK` comes before or after the restart, or not at all (modem-facts T6, T7). */
export const restart: AtCommand = plain('+CFUN=1,1', 10_000)
/**
 * No URC about the network may come up in the data stream (modem-facts 3.4); refused settings are no harm.
 * @param calls whether a call may ring, with its number (AT+CLIP, 7.2.9); else every call is refused
 */
export const quietUrcs = (calls: boolean): AtCommand[] => [
  ...['+CREG=0', '+CGREG=0', '+CLTS=0', '+CNMI=2,1', '+CFGRI=0', `+GSMBUSY=${calls ? 0 : 1}`].map((text) =>
    plain(text),
  ),
  ...(calls ? [plain('+CLIP=1', 15_000)] : []),
]

// Chapter 8: the IP stack

export const IP_STATES = [
  'IP INITIAL',
  'IP START',
  'IP CONFIG',
  'IP GPRSACT',
  'IP STATUS',
  'TCP CONNECTING',
  'UDP CONNECTING',
  'SERVER LISTENING',
  'CONNECT OK',
  'TCP CLOSING',
  'UDP CLOSING',
  'TCP CLOSED',
  'UDP CLOSED',
  'PDP DEACT',
  'IP PROCESSING',
] as const
export type IpState = (typeof IP_STATES)[number]

/** `OK` first, then `STATE: <state>`. 8.2.12; the application note spells one state `IP INTIAL`. */
export const ipStatus: AtCommand<IpState> = {
  text: '+CIPSTATUS',
  timeoutMs: UNSTATED,
  information: /^STATE: ?(.+)$/,
  needs: 'and-ok',
  parse: (answer) => {
    const name = (firstMatch(/^STATE: ?(.+)$/, answer)[1] ?? '').trim().replace('INTIAL', 'INITIAL')
    const state = IP_STATES.find((known) => known === name)
    if (state === undefined) throw new Fault('command-failed', `unknown state of the IP stack: "${name}"`)
    return state
  },
}
export const singleConnection: AtCommand = plain('+CIPMUX=0')
export const connectionMode: AtCommand<'single' | 'multi'> = query('+CIPMUX?', /^\+CIPMUX: ([01])$/, (match) =>
  match[1] === '0' ? 'single' : 'multi',
)
export const transparentMode: AtCommand = plain('+CIPMODE=1')
export const isTransparent: AtCommand<boolean> = query('+CIPMODE?', /^\+CIPMODE: ([01])$/, (match) => match[1] === '1')
export interface Packing {
  readonly retries: number
  /** Units of 100 or 200 ms, by firmware (modem-facts 0.2). */
  readonly waitTime: number
  readonly sendSize: number
  /** Whether `+++` is recognised. */
  readonly escape: boolean
}
/** 8.2.23. The last three parameters of the SIM800 are optional, the SIM900 has only these four. */
export const packing = (p: Packing): AtCommand =>
  plain(`+CIPCCFG=${p.retries},${p.waitTime},${p.sendSize},${p.escape ? 1 : 0}`)
/** TCP keep-alive on the air, in s; missing in firmware before 2014. 8.2.33 */
export const keepAlive = (idleS: number): AtCommand => plain(idleS === 0 ? '+CIPTKA=0' : `+CIPTKA=1,${idleS},75,4`)
export const accessPoint = (apn: string, user: string, password: string): AtCommand => ({
  text: `+CSTT=${quoted(apn)},${quoted(user)},${quoted(password)}`,
  timeoutMs: UNSTATED,
  secrets: password === '' ? [] : [password],
  parse: nothing,
})
export const bringUpContext: AtCommand = plain('+CIICR', 85_000)
/** A bare address, no `OK`. 8.2.11 */
export const localAddress: AtCommand<string> = {
  text: '+CIFSR',
  timeoutMs: UNSTATED,
  final: /^\d{1,3}(\.\d{1,3}){3}$/,
  parse: (answer) => answer.final,
}
export const nameServers = (servers: readonly string[]): AtCommand => plain(`+CDNSCFG=${servers.map(quoted).join(',')}`)
export const shutContext: AtCommand = { text: '+CIPSHUT', timeoutMs: 65_000, final: /^SHUT OK$/, parse: nothing }

export type DialOutcome =
  | { readonly kind: 'connected' }
  /** `CONNECT OK`, `ALREADY CONNECT`: connected, but the next bytes are not the peer's (modem-facts P1). */
  | { readonly kind: 'not-transparent'; readonly line: string }
  | { readonly kind: 'failed'; readonly state: string }
/** The manual: 160 s in single mode from IP INITIAL, unstated from IP STATUS. 8.2.2 */
export const DIAL_MS = 160_000
export const dial = (host: string, port: number, transport: 'TCP' | 'UDP' = 'TCP'): AtCommand<DialOutcome> => ({
  text: `+CIPSTART="${transport}",${quoted(host)},"${port}"`,
  timeoutMs: DIAL_MS,
  information: /^STATE: /,
  final: /^(CONNECT( \d+)?|CONNECT OK|ALREADY CONNECT|CONNECT FAIL|\+PDP:? DEACT)$/,
  entersData: true,
  parse: ({ information, final }) => {
    if (/^CONNECT( \d+)?$/.test(final)) return { kind: 'connected' }
    if (/^(CONNECT OK|ALREADY CONNECT)$/.test(final)) return { kind: 'not-transparent', line: final }
    return { kind: 'failed', state: information[0]?.replace('STATE: ', '') ?? final }
  },
})
/** Back to data mode. 2.2.13; `NO CARRIER` or `ERROR` when there is nothing to go back to. */
export const resumeData: AtCommand = {
  text: 'O',
  timeoutMs: UNSTATED,
  final: /^CONNECT( \d+)?$/,
  entersData: true,
  parse: nothing,
}
export interface Acknowledged {
  readonly sent: number
  readonly acknowledged: number
  readonly unacknowledged: number
}
/** 8.2.32; the examples print it with and without blanks. */
export const acknowledged: AtCommand<Acknowledged> = query(
  '+CIPACK',
  /^\+CIPACK: ?(\d+), ?(\d+), ?(\d+)$/,
  (match) => ({ sent: Number(match[1]), acknowledged: Number(match[2]), unacknowledged: Number(match[3]) }),
)
/**
 * 0 slow (in order), 1 quick. `CLOSE OK`; `OK` then `CLOSED OK` in one example (modem-facts 0.2). The manual states no
 * maximum, a secondary source repeats that of CIPSTART in multi mode.
 */
export const closeConnection = (quick: boolean): AtCommand => ({
  text: `+CIPCLOSE=${quick ? 1 : 0}`,
  timeoutMs: 75_000,
  final: /^CLOSED? OK$/,
  parse: nothing,
})
