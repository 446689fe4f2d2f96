/**
 * The DTE: our side of the modem. It owns the switch between command mode and data mode, lets one command be in flight,
 * and sorts what the modem says into answers, URCs and the peer's bytes.
 */
import { EventEmitter } from 'node:events'
import { AnswerReader, type AtCommand, mask, maskLine } from '../at/command.ts'
import { isConnect } from '../at/result-code.ts'
import { isUrcLike, type Urc, urcOf } from '../at/urc.ts'
import { Fault } from '../core/fault.ts'
import { withDeadline } from '../core/time.ts'
import type { SerialLine } from '../line/serial-line.ts'
import { Carrier } from './carrier.ts'
import type { CarrierEnd } from './carrier-user.ts'
import { CommandFault } from './command-fault.ts'
import { CommandInput } from './command-input.ts'
import type { DialogueTrace } from './dialogue-trace.ts'
import { isLastWord } from './end-of-carrier.ts'
import { EscapeGuard } from './escape-guard.ts'
import type { EscapedWords } from './escaped-reader.ts'
import { type Flight, fly, GivenUp, type HeardOut } from './flight.ts'
import { DOUBT_MS, restartFault } from './restart.ts'

interface DteEvents {
  urc: [Urc]
  /** The line is gone. */
  gone: [Fault]
  /**
   * The modem went to data mode by itself or by a command that was given up: what is written now reaches the peer.
   * `unasked`: nothing had been said to it; `rest` came after its CONNECT.
   */
  adrift: [fault: Fault, unasked: boolean, rest: Buffer]
}

export class Dte extends EventEmitter<DteEvents> {
  readonly line: SerialLine
  readonly #trace: DialogueTrace
  #mode: 'command' | 'data' = 'command'
  #flight: Flight | undefined
  /** The newest command that was given up before its time, until its answer is over. */
  #givenUp: GivenUp | undefined
  #carrier: Carrier | undefined
  /** Takes the bytes of data mode instead of the carrier while an escape waits for its `OK`. */
  #tap: ((chunk: Buffer) => void) | undefined
  /** The late answer of a given-up command may still come: the next one first finds the beginning of a fresh one. */
  answerDue = false
  /** ATO or a dial was said and its CONNECT has not come: a CONNECT beside a live connection is the modem's. */
  #connectDue = false
  /** In data mode although nobody wanted it: an escape comes first. */
  #adrift: Fault | undefined
  /** Last words and no answer to an escape: what comes after them is all the modem's, its echo too. */
  #spent = false
  /** The guard time of the modem's `+++` in ms; undefined once it listens to DTR only. */
  plusGuardMs: number | undefined = 1000
  /** A restart that was told beside a live connection, by the modem or by the peer: the modem's state decides. */
  restart: Fault | undefined

  constructor(line: SerialLine, trace: DialogueTrace) {
    super()
    this.line = line
    this.#trace = trace
    line.listen({
      onBytes: (chunk) => this.#receive(chunk),
      onWritable: () => this.#carrier?.onLineWritable(),
      onGone: (fault) => this.#lose(fault),
    })
  }

  get mode(): 'command' | 'data' {
    return this.#mode
  }

  /** The connection to the peer, also while it is escaped; undefined without one. */
  get carrier(): Carrier | undefined {
    return this.#carrier
  }

  /** Whether the modem has an echo; unknown where nothing has been said yet. */
  get echo(): CommandInput['echo'] {
    return this.#input.echo
  }

  /**
   * Runs one command and returns what its answer says.
   * @throws CommandFault for an error result, Fault no-answer, line-gone, modem-rebooted
   */
  async execute<T>(command: AtCommand<T>, signal?: AbortSignal, timeoutMs = command.timeoutMs): Promise<T> {
    if (this.#adrift) throw this.#adrift
    if (this.#mode === 'data') throw new TypeError(`AT${command.text} in data mode would reach the peer`)
    if (this.#flight) throw new TypeError(`AT${command.text} while AT${this.#flight.command.text} is in flight`)
    if (this.line.gone) throw this.line.gone
    const reader = new AnswerReader(command)
    const ms = this.restart ? Math.min(timeoutMs, DOUBT_MS) : timeoutMs
    const silence = `no answer to ${mask(command)} within ${ms / 1000} s`
    const late = (): Fault => this.restart ?? new Fault('no-answer', silence)
    try {
      const final = await withDeadline(ms, late, signal, (limit) => this.#fly(command, reader, limit))
      if (reader.failed) throw new CommandFault(mask(command).slice(2), final)
    } catch (error) {
      if (!(error instanceof CommandFault)) this.answerDue = true
      if (signal?.aborted === true) this.#givenUp = new GivenUp({ reader, command })
      throw error
    }
    return command.parse(reader.answer)
  }

  #fly(command: AtCommand<unknown>, reader: AnswerReader, limit: AbortSignal): Promise<string> {
    this.#givenUp = undefined
    return fly(command, reader, limit, (flight) => {
      this.#flight = flight
      if (!flight) return
      if (command.entersData === true) this.#connectDue = true
      this.#trace.sent(mask(command))
      const line = Buffer.from(`AT${command.text}\r`, 'latin1')
      this.#input.sent(line)
      this.line.write(line)
    })
  }

  /**
   * Waits, at most `ms`, for the rest of the answer to a command that was given up before its time: what is written before
   * that is stray input, or reaches the peer of a dial that is carried out. Writes nothing.
   */
  async hearOut(ms: number, signal?: AbortSignal): Promise<HeardOut> {
    if (this.#mode === 'command') await this.#givenUp?.ended(ms, signal)
    return this.#mode === 'data' ? 'data-mode' : this.#givenUp ? 'pending' : 'over'
  }

  /** Bytes of data mode go to `tap` until it is taken away; used by the escape. */
  tapData(tap: ((chunk: Buffer) => void) | undefined): void {
    this.#tap = tap
  }

  /**
   * The modem is in command mode now, the connection stays.
   * @param said what it has said in command mode already, behind its `OK` to an escape; undefined if that was not seen
   */
  enterCommandMode(said?: Buffer): void {
    this.#mode = 'command'
    this.#adrift = undefined
    this.#connectDue = false
    this.#input.forget()
    this.#spent = said === undefined && this.#carrier?.lastWord !== undefined
    this.#carrier?.suspend()
    this.line.resume()
    if (said) this.#receive(said)
  }

  /** Whether a `CONNECT` has come during an escape without a carrier: the `+++` came too early, for a dial's end. */
  get connectHeard(): boolean {
    return this.#mode === 'data' && /\r\nCONNECT\b/.test(this.#input.partial)
  }

  /** For a modem found in data mode by DCD, with a connection that is not ours. */
  assumeDataMode(): void {
    this.#mode = 'data'
    this.#adrift = undefined
    this.#input.forget()
  }

  /** The connection is over and the modem in command mode. */
  endCarrier(end: CarrierEnd): void {
    const carrier = this.#carrier
    this.#carrier = undefined
    this.#mode = 'command'
    this.#adrift = undefined
    this.restart = undefined
    this.#input.forget()
    const rest = this.#input.takeRest()
    // Begun and not ended, it is most likely a word of the modem; only a clean end must not lose a byte of the peer.
    if (end.kind === 'closed') carrier?.receive(rest)
    else this.#input.keep(rest)
    carrier?.finish(end)
    this.line.resume()
  }

  #receive(chunk: Buffer): void {
    if (this.#mode === 'data') {
      if (!this.#carrier && this.#adrift === undefined) this.#input.keep(chunk)
      if (this.#tap) this.#tap(chunk)
      else this.#carrier?.receive(chunk)
      return
    }
    this.#spent &&= this.#carrier?.lastWord !== undefined
    if (this.#carrier && !this.#spent) this.#input.pushBeside(chunk)
    else this.#input.push(chunk)
  }

  /** What comes in command mode, beside a live connection too (`EscapedReader`). */
  readonly #words: EscapedWords = {
    whose: (line) => {
      if (isLastWord(line)) return 'either'
      const { reader } = this.#flight ?? this.#givenUp ?? {}
      const expected = reader?.expects(line) === true || (this.#connectDue && isConnect(line))
      return expected || urcOf(line).kind !== 'unknown' || isUrcLike(line) ? 'modem' : 'peer'
    },
    expects: (line) => this.#flight?.reader.expects(line),
    inAnswer: () => (this.#flight ?? this.#givenUp)?.reader.begun === true,
    line: (line) => this.#takeLine(line),
    doubtful: (line) => this.#doubt(line),
    data: (bytes) => this.#carrier?.receive(bytes),
  }
  readonly #input = new CommandInput(this.#words, () => this.#mode === 'data')

  /** The modem's last words, or what the peer has sent: the carrier holds them back until one of both is proved. */
  #doubt(line: string): void {
    this.#trace.received(line)
    const urc = urcOf(line)
    if (urc.kind === 'booted' || urc.kind === 'powering-down') {
      const fault = (this.restart ??= restartFault(line))
      this.#flight?.hurry(DOUBT_MS, fault)
    } else if (this.#flight?.command.entersData === true) {
      this.#flight.hurry(DOUBT_MS, new Fault('carrier-lost', `the modem says ${line} to ATO`))
    }
    this.emit('urc', urc)
  }

  /** The connection is proved to live: what looked like last words was the peer's. */
  acquit(): void {
    this.restart = undefined
    this.#carrier?.acquit()
  }

  #takeLine(line: string): void {
    const flight = this.#flight
    const { reader, command } = flight ?? this.#givenUp ?? {}
    const part = reader?.take(line)
    if (part === 'echo') this.#input.echoed()
    else this.#trace.received(maskLine(line, command, part))
    switch (part) {
      case 'success':
      case 'failure':
        this.#input.answered()
        if (command?.entersData === true && isConnect(line)) {
          if (flight) this.#enterDataMode()
          else this.#drift()
        }
        if (flight) flight.resolve(line)
        else this.#endGivenUp()
        break
      case 'foreign':
      case undefined:
        if (isConnect(line)) this.#drift()
        else this.#takeUrc(urcOf(line))
        break
      default:
    }
  }

  #takeUrc(urc: Urc): void {
    if (urc.kind === 'booted') this.#flight?.reject(restartFault(urc.line))
    // No word of the modem: of the peer, if the modem is not in command mode after all.
    const strange = urc.kind === 'unknown' && !isUrcLike(urc.line)
    if (strange && this.#carrier) this.#carrier.bytesReceived += urc.line.length
    this.emit('urc', urc)
  }

  #endGivenUp(): void {
    this.#givenUp?.end()
    this.#givenUp = undefined
    this.answerDue = false
  }

  /** A given-up dial or ATO was carried out late. Nobody may speak before an escape; upstream stays held. */
  #drift(): void {
    const fault = new Fault('carrier-lost', 'the modem went to data mode by a command that had been given up')
    this.#mode = 'data'
    this.#adrift = fault
    this.#connectDue = false
    const unasked = !this.#flight && !this.answerDue && !this.#carrier
    const rest = this.#input.takeRest()
    this.#carrier?.receive(rest)
    this.#flight?.reject(fault)
    this.emit('adrift', fault, unasked, rest)
  }

  /** The CONNECT that nobody asked for was a caller's; `rest` is what it has said. */
  answerCall(rest: Buffer): Carrier {
    this.#adrift = undefined
    this.#input.forget()
    return this.#enterDataMode(rest)
  }

  #enterDataMode(rest: Buffer = this.#input.takeRest()): Carrier {
    this.#mode = 'data'
    this.#connectDue = false
    this.restart = undefined
    const guard = this.plusGuardMs === undefined ? undefined : new EscapeGuard(this.plusGuardMs)
    this.#carrier ??= new Carrier(this.line, guard)
    this.#carrier.proceed()
    this.#carrier.receive(rest)
    return this.#carrier
  }

  #lose(fault: Fault): void {
    this.#flight?.reject(fault)
    this.#givenUp?.end()
    this.endCarrier({ kind: 'broken', fault })
    this.emit('gone', fault)
  }
}
