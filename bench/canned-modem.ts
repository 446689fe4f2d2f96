/**
 * A modem that costs nothing: it answers the daemon's own commands at once, from a list, until it is in data mode; then
 * its pseudo-terminal belongs to the yardstick. What is measured is the daemon, and not a virtual modem beside it.
 */
import { now } from '../src/core/time.ts'
import { Poll, READABLE, readSome, writeSome } from './descriptors.ts'

const ANSWERS: Readonly<Record<string, string>> = {
  'AT+CMEE?': '+CMEE: 1',
  'AT+IPR?': '+IPR: 115200',
  'AT+GMM': 'SIMCOM_SIM800L',
  'AT+GMR': 'Revision:1418B05SIM800L24',
  'AT+CPIN?': '+CPIN: READY',
  'AT+CREG?': '+CREG: 0,1',
  'AT+COPS?': '+COPS: 0,0,"BENCH"',
  'AT+CGATT?': '+CGATT: 1',
  'AT+CIPMUX?': '+CIPMUX: 0',
  'AT+CIPMODE?': '+CIPMODE: 1',
  'AT+CSQ': '+CSQ: 17,0',
  'AT+CIPACK': '+CIPACK: 0,0,0',
}
/** Commands with a result of their own, and what `AT+CIPSTATUS` says after them. */
const STEPS: readonly (readonly [command: RegExp, result: string, state: string])[] = [
  [/^AT\+CSTT/, 'OK', 'IP START'],
  [/^AT\+CIICR/, 'OK', 'IP GPRSACT'],
  [/^AT\+CIFSR/, '10.64.0.3', 'IP STATUS'],
  [/^AT\+CIPSHUT/, 'SHUT OK', 'IP INITIAL'],
  [/^AT\+CIPCLOSE/, 'CLOSE OK', 'TCP CLOSED'],
]
/** The silence before and after `+++`, and a little more, in ms. */
const GUARD_MS = 1010

export class CannedModem {
  readonly fd: number
  readonly #poll: Poll
  readonly #input = Buffer.alloc(4096)
  #line = ''
  #state = 'IP INITIAL'
  #idleSince: number | undefined
  dataMode = false
  /** When the first and the newest command came, and how long the daemon took from each answer to its next command, in ms. */
  readonly times = { first: 0, dial: 0, own: 0, commands: 0 }

  /** @param fd the master of its pseudo-terminal */
  constructor(fd: number) {
    this.fd = fd
    this.#poll = new Poll([fd, READABLE])
  }

  /** Answers what comes until nothing does for `ms`, or data mode begins. No timer lies between question and answer. */
  serve(ms: number): void {
    while (!this.dataMode && this.#poll.wait(ms)) this.#read()
  }

  #read(): void {
    const came = this.#input.toString('latin1', 0, readSome(this.fd, this.#input))
    for (const character of came) {
      if (character !== '\r') this.#line += character
      else this.#answer(this.#line.replace(/^[\n+]+/, ''))
      if (character === '\r') this.#line = ''
    }
  }

  /** Waits out the guard time after an escape and says `OK`. */
  leaveData(): number {
    this.dataMode = false
    return GUARD_MS
  }

  escaped(): void {
    this.#say('OK')
  }

  /** The peer closes. */
  close(): void {
    this.dataMode = false
    this.#state = 'TCP CLOSED'
    this.#say('CLOSED')
  }

  #answer(command: string): void {
    const since = now()
    if (this.#idleSince === undefined) this.times.first = since
    else this.times.own += since - this.#idleSince
    this.times.commands += 1
    this.#say(...this.#answerTo(command))
    this.#idleSince = now()
  }

  #answerTo(command: string): readonly string[] {
    if (command === 'AT+CIPSTATUS') return ['OK', `STATE: ${this.#state}`]
    if (command === 'ATO') return this.#enterData()
    if (command.startsWith('AT+CIPSTART')) {
      this.times.dial = now()
      this.#state = 'CONNECT OK'
      // AT manual 8.2.2
      return ['OK', ...this.#enterData()]
    }
    const step = STEPS.find(([pattern]) => pattern.test(command))
    if (step) {
      this.#state = step[2]
      return [step[1]]
    }
    const answer = ANSWERS[command]
    return answer === undefined ? ['OK'] : [answer, 'OK']
  }

  #enterData(): readonly string[] {
    this.dataMode = true
    return ['CONNECT']
  }

  #say(...lines: readonly string[]): void {
    writeSome(this.fd, Buffer.from(lines.map((line) => `\r\n${line}\r\n`).join(''), 'latin1'))
  }
}
