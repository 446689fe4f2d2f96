/** Lines that nobody asked for (AT manual 19.3, modem-facts 4). */

export type Urc =
  /** The modem has just started: whatever was set up in it is gone. */
  | { readonly kind: 'booted'; readonly line: string }
  /** It is switching itself off. */
  | { readonly kind: 'powering-down'; readonly line: string }
  | { readonly kind: 'voltage-warning'; readonly line: string }
  /** The peer, or the network, ended the connection. */
  | { readonly kind: 'carrier-ended'; readonly line: string }
  | { readonly kind: 'context-lost'; readonly line: string }
  | { readonly kind: 'sim'; readonly state: string; readonly line: string }
  | { readonly kind: 'registration'; readonly line: string }
  /** Somebody calls the server of the modem (`REMOTE IP: 10.78.103.220`, app note 2.1.3). */
  | { readonly kind: 'caller'; readonly line: string }
  | { readonly kind: 'ring'; readonly line: string }
  | { readonly kind: 'message'; readonly line: string }
  /** Known and of no consequence. */
  | { readonly kind: 'notice'; readonly line: string }
  | { readonly kind: 'unknown'; readonly line: string }

const TABLE: readonly (readonly [RegExp, Exclude<Urc['kind'], 'sim'>])[] = [
  [/^RDY$/, 'booted'],
  [/^(NORMAL|UNDER-VOLTAGE|OVER-VOLTAGE) POWER (DOWN|OFF)$/, 'powering-down'],
  [/^(UNDER|OVER)-VOLTAGE WARN+ING$/, 'voltage-warning'],
  [/^CLOSED$/, 'carrier-ended'],
  [/^\+PDP:? DEACT$/, 'context-lost'],
  [/^\+CG?REG: \d(,"[^"]*","[^"]*")?$/, 'registration'],
  [/^REMOTE IP: ?\d{1,3}(\.\d{1,3}){3}$/, 'caller'],
  [/^(RING|\+CLIP: .*|\+CRING: .*)$/, 'ring'],
  [/^\+(CMTI|CMT|CDS|CBM): /, 'message'],
  [
    /^(Call Ready|SMS Ready|\+CFUN: \d|\*PS\w+: .*|\+CTZV: .*|DST: .*|\+CIEV: .*|\+CSQN: .*|\+CGEV: .*|\+CMTE: .*|\+CSMINS: .*|\+SAPBR \d: DEACT|CHARGE-ONLY MODE)$/,
    'notice',
  ],
]

/** What a modem sends at power-up, even one whose autobaud keeps it from sending lines (AT manual 1.4), as latin1. */
export const POWER_UP = '\0IIII\xff\xff\xff\xff'

/** What an unsolicited line means. */
export function urcOf(line: string): Urc {
  if (line.includes(POWER_UP)) return { kind: 'booted', line: 'power-up bytes' }
  const sim = /^\+CPIN: (.+)$/.exec(line)
  if (sim) return { kind: 'sim', state: sim[1] ?? '', line }
  const row = TABLE.find(([pattern]) => pattern.test(line))
  return { kind: row?.[1] ?? 'unknown', line }
}

/** `+NAME: …`, `*NAME: …`: how every URC looks, also those that no list knows. */
export function isUrcLike(line: string): boolean {
  return /^[+*^][A-Z]+:? /.test(line)
}
