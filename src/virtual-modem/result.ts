/** Result codes and how they look on the wire (AT manual 1.4, 2.2.25, chapter 19). */

/** A final result code, an error by number, or none (`AT+CIFSR` has no `OK`). */
export type Result = 'OK' | 'ERROR' | 'CONNECT' | 'NO CARRIER' | 'none' | CmeError

/** `+CME ERROR` or `+CMS ERROR` by number; plain `ERROR` with AT+CMEE=0. */
export interface CmeError {
  readonly cme: number
  readonly kind?: 'CME' | 'CMS'
}

/** AT manual chapter 19. */
export const CME = {
  notAllowed: 3,
  simMissing: 10,
  pinRequired: 11,
  pukRequired: 12,
  simBusy: 14,
  wrongPassword: 16,
  noNetwork: 30,
  badParameter: 50,
  unknown: 100,
  radioOff: 797,
} as const

const CME_TEXT: Readonly<Record<number, string>> = {
  3: 'operation not allowed',
  10: 'SIM not inserted',
  11: 'SIM PIN required',
  12: 'SIM PUK required',
  14: 'SIM busy',
  16: 'incorrect password',
  30: 'no network service',
  50: 'incorrect parameters',
  100: 'unknown',
}

const NUMBER: Readonly<Record<string, number>> = { OK: 0, CONNECT: 1, 'NO CARRIER': 3, ERROR: 4 }

export interface Look {
  /** ATV */
  readonly verbose: number
  /** ATQ */
  readonly quiet: number
  /** AT+CMEE */
  readonly cmee: number
  /** between `+CME ERROR` and its number */
  readonly colon: string
  /** what follows CONNECT with ATX above 0 */
  readonly connectText: string
}

/** Information text, one block: CR LF, the lines, CR LF (ATV1), or the lines alone (ATV0). */
export function textBlock(lines: readonly string[], verbose: number): string {
  if (lines.length === 0) return ''
  const body = `${lines.join('\r\n')}\r\n`
  return verbose ? `\r\n${body}` : body
}

/** One final result code as its bytes; nothing with ATQ1. */
export function resultBlock(result: Result, look: Look): string {
  if (result === 'none' || look.quiet) return ''
  if (typeof result === 'object' && look.cmee > 0) {
    const detail = look.cmee === 1 ? String(result.cme) : (CME_TEXT[result.cme] ?? String(result.cme))
    return textBlock([`+${result.kind ?? 'CME'} ERROR${look.colon} ${detail}`], look.verbose)
  }
  const word = typeof result === 'object' ? 'ERROR' : result
  if (!look.verbose) return `${String(NUMBER[word] ?? 4)}\r`
  return textBlock([word === 'CONNECT' ? `CONNECT${look.connectText}` : word], 1)
}
