/** Which AT commands a person may ask of the modem beside a live session: one, and none that touches the session. */
import { commandProblem } from '../config/init-command.ts'

/** `AT+CFUN?` and `AT+CFUN=?` change nothing, whatever `AT+CFUN=…` does. */
const QUESTION = /^AT[+*]([A-Z]+)(=?)\?$/
/** The name of an extended command that is to do something. */
const ORDER = /^AT[+*]([A-Z]+)/

/** These have nothing to be asked for: a modem that takes `AT+CIPSHUT?` for `AT+CIPSHUT` would act. */
const ACTS = names(
  'CIPSTART CIPSEND CIPCLOSE CIPSHUT CIPSERVER CIICR CIFSR CGDATA CMUX CSD CPOWD CMGS CMGW CMGC FSWRITE HTTPDATA',
)
/** Their answers hold the password of the access point (AT manual chapter 8; modem-facts 1.3). */
const TELLS_PASSWORD = names('CSTT CIPCSGP CIPSCONT')
/** Of the IP stack only these two may be asked, all others are the daemon's. */
const HARMLESS_IP = names('CIPSTATUS CIPACK')

const FORBIDDEN = new Map<string, string>([
  ...because('would take the connection away', 'CGATT CGACT COPS CBAND CGCLASS CGANS CLPORT'),
  ...because('would bring lines that nobody asked for into the dialogue', 'CREG CGREG CNMI CLTS CIURC EXUNSOL'),
  ...because('waits for more input', 'HTTPDATA FTPPUT FTPEXTPUT SMTPBODY SMTPFILE CMMSDOWN CMMSEDIT BTSPPSEND'),
])

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

function because(reason: string, list: string): [string, string][] {
  return list.split(' ').map((name) => [name, reason])
}

/** A command that may be asked, with its name as the modem spells it, or what is wrong with it. */
export type AskReading = { readonly command: string } | { readonly problem: string }

/** Judges what a person wants to ask. */
export function readAsk(text: string): AskReading {
  const command = text.replace(/^at[^="]*/i, (name) => name.toUpperCase())
  const problem = problemOf(command)
  return problem === undefined ? { command } : { problem: `${JSON.stringify(text.slice(0, 80))} ${problem}` }
}

function problemOf(command: string): string | undefined {
  const [, asked, test] = QUESTION.exec(command) ?? []
  if (asked !== undefined) return questionProblem(asked, test === '=')
  const problem = commandProblem(command)
  if (problem !== undefined) return problem
  if (/^AT&[CDKW]/.test(command)) return 'would change or save settings that the daemon makes'
  const name = ORDER.exec(command)?.[1]
  if (name === undefined) return undefined
  if (name.startsWith('CIP') && !HARMLESS_IP.has(name)) return 'belongs to the IP stack, which the daemon sets up'
  return FORBIDDEN.get(name)
}

function questionProblem(name: string, test: boolean): string | undefined {
  if (TELLS_PASSWORD.has(name) && !test) return 'would show the password of the access point'
  return ACTS.has(name) && !test ? 'would act on the connection' : undefined
}
