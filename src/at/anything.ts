/** Commands that a person asks: whatever they are, their answer is known from what the modem says anyway. */
import type { Answer, AtCommand } from './command.ts'
import { DIAL_MS, ipStatus, localAddress } from './commands.ts'
import { urcOf } from './urc.ts'

/** Commands whose information lines do not begin with the command's own name (modem-facts 1). */
const BARE_ANSWER = /^(I|&V|\+(GM[IMR]|GSN|GSV|CGM[IMR]|CGSN|CIMI|C?CCID|CDNSCFG|CIPSCONT|CMG[LR]))/i

/** Whatever a person asks (`AT+CSQ`): the lines of its answer, and none that the modem would have sent anyway. */
export function anything(line: string): AtCommand<Answer> {
  const text = line.replace(/^AT/i, '')
  const parse = (answer: Answer): Answer => answer
  // The two whose answer does not end in OK.
  const shape = [localAddress, ipStatus].find((known) => known.text === text.toUpperCase())
  if (shape) return { ...shape, text, timeoutMs: DIAL_MS, parse }
  const name = /^\+\w+/.exec(text)?.[0].toUpperCase()
  // Not `+CSQN: 14,0`, which comes by itself, for `+CSQ`.
  const isNamed = (found: string): boolean =>
    name !== undefined && found.startsWith(name) && !/^\w/.test(found.slice(name.length))
  const bare = name === undefined || BARE_ANSWER.test(text)
  return {
    text,
    timeoutMs: DIAL_MS,
    verbatim: true,
    information: {
      test: (found) => found !== 'OK' && (isNamed(found) || (bare && urcOf(found).kind === 'unknown')),
    },
    parse,
  }
}
