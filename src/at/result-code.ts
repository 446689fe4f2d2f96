/** The last line of an answer, and what it says about the command. */

/** Final result codes that report a failure whatever the command was (AT manual 1.4, 2.2.25, 18). */
const FAILURE = /^(ERROR|NO CARRIER|NO DIALTONE|BUSY|NO ANSWER|\+CM[ES] ERROR:? ?.*)$/

export function isFailure(line: string): boolean {
  return FAILURE.test(line)
}

/** The number in `+CME ERROR: 10` (also without the colon, as the manual prints it for CIPSTART), if there is one. */
export function errorNumber(line: string): number | undefined {
  const match = /^\+CM[ES] ERROR:? ?(\d+)$/.exec(line)
  return match ? Number(match[1]) : undefined
}

/** Data mode begins with it, the only one that is transparent. */
export function isConnect(line: string): boolean {
  return /^CONNECT( \d+)?$/.test(line)
}
