/** Command mode: echoes, collects lines, lets behaviors answer them one by one. */
import { after, sleep } from '../core/time.ts'
import { type Answer, type Behavior, type Dce, refusal } from './behavior.ts'
import { type Command, LineCollector, parseCommands } from './command-line.ts'
import type { Knobs } from './knobs.ts'
import { type Look, type Result, resultBlock, textBlock } from './result.ts'

const CTRL_Z = 0x1a
const ESC = 0x1b

export interface CommandModeEnds {
  /** Text or bytes for the DTE. */
  send(bytes: Uint8Array): void
  /** Whether bytes are still meant for command mode. */
  inForce(): boolean
  behaviors(): readonly Behavior[]
}

export class CommandMode {
  readonly #modem: Dce
  readonly #ends: CommandModeEnds
  readonly #collector: LineCollector
  /** Input that came while a command was at work. */
  #waiting: Uint8Array[] = []
  #busy = false
  /** Counts interruptions: an answer of an earlier time is never given. */
  #epoch = 0
  #late = false
  /** What is typed at the `>` prompt; undefined: no prompt. */
  #typed: number[] | undefined

  constructor(modem: Dce, ends: CommandModeEnds) {
    this.#modem = modem
    this.#ends = ends
    this.#collector = new LineCollector({
      line: (text) => this.#run(text),
      stray: (byte) => modem.record.strayByte(byte),
      loneReturn: () => modem.record.loneReturns++,
      plusGroup: () => modem.record.plusGroups++,
    })
  }

  /** Bytes that wait for the command at work. */
  get waiting(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0)
  }

  take(bytes: Uint8Array): void {
    if (this.#busy) {
      this.#modem.record.earlyBytes += bytes.length
      const room = this.#modem.knobs.inputBuffer - this.waiting
      this.#modem.record.lost.input += Math.max(0, bytes.length - room)
      this.#waiting.push(bytes.subarray(0, Math.max(0, room)))
      return
    }
    const { registers, echo } = this.#modem.settings.now
    let used = 0
    let ended = false
    while (used < bytes.length && !ended) {
      const byte = bytes[used++] ?? 0
      if (this.#typed) ended = this.#type(byte)
      else ended = this.#endsLine(byte, registers, bytes.subarray(0, used), echo === 1)
    }
    if (!ended && echo === 1) this.#send(bytes)
    if (used < bytes.length) {
      if (this.#ends.inForce()) this.take(bytes.subarray(used))
      else this.#drop(bytes.subarray(used))
    }
  }

  /** A result code or a line, in the form that ATV, ATQ and AT+CMEE ask for. */
  say(text: readonly string[], result: Result = 'none', colon = ':'): void {
    const look = this.#look(colon)
    this.#send(Buffer.from(textBlock(text, look.verbose) + resultBlock(result, look), 'latin1'))
  }

  prompt(): void {
    this.#typed = []
    this.#send(Buffer.from('\r\n> ', 'latin1'))
  }

  /** Data mode begins, or the modem restarts: what was typed or at work is forgotten. */
  interrupt(): void {
    this.#epoch++
    this.#busy = false
    this.#typed = undefined
    this.#collector.forget()
    for (const bytes of this.#waiting.splice(0)) this.#drop(bytes)
  }

  #look(colon: string): Look {
    const { verbose, quiet, cmee, resultLevel } = this.#modem.settings.now
    const connectText = resultLevel > 0 ? this.#modem.knobs.connectText : ''
    return { verbose, quiet, cmee, colon, connectText }
  }

  /** The echo of a line goes out before its answer can. */
  #endsLine(byte: number, registers: Readonly<Record<number, number>>, soFar: Uint8Array, echo: boolean): boolean {
    const end = registers[3] ?? 13
    if (echo && byte === end) this.#send(soFar)
    const ended = this.#collector.take(byte, end, registers[5] ?? 8)
    return ended || (byte === end && echo)
  }

  #type(byte: number): boolean {
    if (byte !== CTRL_Z && byte !== ESC) {
      this.#typed?.push(byte)
      return false
    }
    const bytes = Uint8Array.from(this.#typed ?? [])
    this.#typed = undefined
    if (byte === ESC) {
      this.say([], 'OK')
    } else {
      this.#modem.stack.carrier?.uplink.take(bytes)
      after(this.#modem.knobs.quickTime, () => this.say(['SEND OK']))
    }
    return true
  }

  /** What a reset cut short is dropped; anything else is a bug and goes up. */
  #run(line: string): void {
    const { alive } = this.#modem
    this.#execute(line).catch((error: unknown) => {
      if (!alive.aborted) throw error
    })
  }

  async #execute(line: string): Promise<void> {
    const { record, conditions, alive } = this.#modem
    record.command(`AT${line}`)
    if (conditions.has('no-answer')) return
    const epoch = ++this.#epoch
    this.#busy = true
    const commands = parseCommands(line) ?? [undefined]
    for (const [index, command] of commands.entries()) {
      const answer = await this.#answer(line, command)
      const time = this.#time(line, answer)
      if (time > 0) await sleep(time, alive)
      if (epoch !== this.#epoch || alive.aborted) return
      const more = index < commands.length - 1 && (answer.result ?? 'OK') === 'OK'
      if (!conditions.has('no-answer')) this.#give(line, command, answer, more)
      if (!more) break
    }
    this.#busy = false
    for (const bytes of this.#waiting.splice(0)) {
      if (this.#ends.inForce()) this.take(bytes)
      else this.#drop(bytes)
    }
  }

  async #answer(line: string, command: Command | undefined): Promise<Answer> {
    const failing = this.#modem.conditions.of('command-failed')
    if (failing && matches(line, failing.command)) return failing.cme > 0 ? refusal(failing.cme) : { result: 'ERROR' }
    if (!command) return { result: 'ERROR' }
    for (const behavior of this.#ends.behaviors()) {
      const answer = behavior(this.#modem, command)
      if (answer) return answer
    }
    return { result: 'ERROR' }
  }

  #time(line: string, answer: Answer): number {
    const { conditions, knobs } = this.#modem
    const late = conditions.of('late-answer')
    if (!late) this.#late = false
    const lateBy = late && !this.#late && matches(line, late.command) ? late.ms : 0
    if (lateBy > 0) this.#late = true
    return (answer.time ?? knobs.quickTime) + (conditions.of('slow-answer')?.ms ?? 0) + lateBy
  }

  #give(line: string, command: Command | undefined, answer: Answer, more: boolean): void {
    const { conditions, knobs } = this.#modem
    const noise = conditions.of('garbage')
    if (noise) this.#send(Uint8Array.from({ length: noise.bytes }, (_, index) => 0x80 | ((index * 73 + 0x5f) & 0x7f)))
    const colon = command?.name === '+CIPSTART' && !knobs.cmeColon ? '' : ':'
    this.say((answer.text ?? []).map((text) => formed(text, knobs.informationForm)))
    const urc = conditions.of('urc')
    const inside = urc?.where === 'inside' ? urc.text : knobs.urcInsideAnswer
    if (inside !== '') this.say([inside])
    const lost = conditions.of('lost-result')
    if (!more && !(lost && matches(line, lost.command))) this.say([], answer.result ?? 'OK', colon)
    if (answer.afterwards) this.say(answer.afterwards)
    answer.done?.()
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#ends.send(bytes)
  }

  /** Input that came too early for data mode: nobody's. */
  #drop(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte !== 0x0a && byte !== 0x0d) this.#modem.record.strayByte(byte)
  }
}

/** An information line as the knob `informationForm` has it. */
function formed(text: string, form: Knobs['informationForm']): string {
  if (form === 'trailing blank') return `${text} `
  return form === '+NAME:value' ? text.replace(/^(\+\w+): /, '$1:') : text
}

function matches(line: string, part: string): boolean {
  return `AT${line}`.toUpperCase().includes(part.toUpperCase())
}
