/** Which AT commands a person may hand to the modem: one at a time, and none that takes the link out of our hands. */

/** Longest command line, without `AT` (AT manual 1.4). */
const LONGEST_COMMAND = 556

/** One command: `AT`, a basic one (`ATX4`, `ATS0=0`, `AT&C1`), or an extended one (`AT+CMEE=2`). */
const ONE_COMMAND = /^AT(?:|&?[A-Z]\d*|S\d+(?:\?|=\d*)|[+*]([A-Z]+)(?:\?|=\?|=[^?].*)?)$/i

/**
 * Basic commands that dial, answer (also by themselves: S0), hang up, return to data mode, put settings back, or change
 * the words and the escape that the dialogue is made of (E, Q, V, S2 to S5, S12).
 */
const FORBIDDEN_BASIC = /^AT(?:[ADEHOQVZ]|&[FZ]|S(?:[02345]|12)=)/i

/** Extended commands that the daemon sends itself, or after which the line is no longer in command mode. */
const FORBIDDEN_EXTENDED = new Map<string, string>([
  ...reserve('would end or start a connection', 'CIPSTART CIPSEND CIPCLOSE CIPSHUT CIPSERVER CIICR CGDATA CMUX CSD'),
  ...reserve('belongs to the IP stack, which the daemon sets up', 'CIPMODE CIPMUX CIPSCONT CIPRXGET CIPQSEND CIPHEAD'),
  ...reserve('belongs to the key `transparent`', 'CIPCCFG'),
  ...reserve('belongs to the key `context`', 'CSTT CIPCSGP CDNSCFG CGDCONT'),
  ...reserve('belongs to the key `liveness`', 'CIPTKA'),
  ...reserve('belongs to the key `line`', 'IPR IFC ICF CMNRP'),
  ...reserve('belongs to the keys `modem.pin` and `modem.pinFile`', 'CPIN CPIN2 CLCK CPWD'),
  ...reserve('would restart or switch off the modem', 'CFUN CPOWD CSCLK'),
  ...reserve('waits for more input', 'CMGS CMGW CMGC FSWRITE'),
])

function reserve(reason: string, names: string): [string, string][] {
  return names.split(' ').map((name) => [name, reason])
}

/** What is wrong with `text` as one harmless AT command; undefined if nothing is. */
export function commandProblem(text: string): string | undefined {
  if (/[^\x20-\x7e]/.test(text)) return 'has a control character or a letter outside ASCII in it'
  if (text.length > LONGEST_COMMAND + 2) return `is longer than ${LONGEST_COMMAND} characters`
  if (text.includes(';')) return 'has a semicolon in it, which begins a second command'
  if (FORBIDDEN_BASIC.test(text)) return 'would dial, hang up, leave command mode or change the dialogue with the modem'
  const match = ONE_COMMAND.exec(text)
  if (!match) return 'is not exactly one AT command'
  if ((text.split('"').length - 1) % 2 === 1) return 'has a quote that is not closed'
  return FORBIDDEN_EXTENDED.get((match[1] ?? '').toUpperCase())
}
