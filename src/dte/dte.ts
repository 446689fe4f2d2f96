/**
 * The DTE: our side of the modem. It owns the switch between command mode and data mode, lets one command be in flight,
 * and sorts what the modem says into answers, URCs and the peer's bytes.
 */
import { EventEmitter } from 'node:events'
import { AnswerReader, type AtCommand, mask, maskLine } from '../at/command.ts'
import { resumeData } from '../at/commands.ts'
import { Framer } from '../at/framer.ts'
import { isConnect } from '../at/result-code.ts'
import { isUrcLike, type Urc, urcOf } from '../at/urc.ts'
import { Fault, isFault } from '../core/fault.ts'
import { withDeadline } from '../core/time.ts'
import type { SerialLine } from '../line/serial-line.ts'
import { Carrier, type CarrierEnd } from './carrier.ts'
import { CommandFault } from './command-fault.ts'
import type { DialogueTrace } from './dialogue-trace.ts'
import { EscapeGuard } from './escape-guard.ts'
import { EscapedReader, type EscapedWords } from './escaped-reader.ts'
import { type Flight, fly, GivenUp, type HeardOut } from './flight.ts'

const CR = 0x0d
const LF = 0x0a

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
  readonly #framer = new Framer()
  readonly #escaped = new EscapedReader()
  #mode: 'command' | 'data' = 'command'
  #flight: Flight | undefined
  /** The newest command that was given up before its time, until its answer is over. */
  #givenUp: GivenUp | undefined
  #carrier: Carrier | undefined
  /** Takes the bytes of data mode instead of the carrier while an escape waits for its `OK`. */
  #tap: ((chunk: Buffer) => void) | undefined
  /** An earlier answer may still come: the next command first finds the beginning of a fresh one. */
  #answerDue = false
  /** ATO or a dial was said and its CONNECT has not come: a CONNECT beside a live connection is the modem's. */
  #connectDue = false
  /** In data mode although nobody wanted it: an escape comes first. */
  #adrift: Fault | undefined
  /** The last byte taken for a line was its CR. */
  #lineFeedDue = false
  /** The guard time of the modem's `+++` in ms; undefined once it listens to DTR only. */
  plusGuardMs: number | undefined = 1000

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

  /** Whether the late answer of a given-up command may still come. */
  get answerDue(): boolean {
    return this.#answerDue
  }

  answerSettled(): void {
    this.#answerDue = false
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
    const late = (): Fault => new Fault('no-answer', `no answer to ${mask(command)} within ${timeoutMs / 1000} s`)
    try {
      const final = await withDeadline(timeoutMs, late, signal, (limit) => this.#fly(command, reader, limit))
      if (reader.failed) throw new CommandFault(mask(command).slice(2), final)
    } catch (error) {
      if (!(error instanceof CommandFault)) this.#answerDue = true
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
      this.line.write(Buffer.from(`AT${command.text}\r`, 'latin1'))
    })
  }

  /**
   * Waits, at most `ms`, for the rest of the answer to a command that was given up before its time: what is written before
   * that is stray input, or reaches the peer of a dial that is carried out. Writes nothing.
   */
  async hearOut(ms: number, signal?: AbortSignal): Promise<HeardOut> {
    if (this.#mode === 'command') await this.#givenUp?.ended(ms, signal)
    if (this.#mode === 'data') return 'data-mode'
    return this.#givenUp ? 'pending' : 'over'
  }

  /** Back to data mode. @throws Fault carrier-lost if there is no connection to go back to */
  async resume(signal?: AbortSignal): Promise<void> {
    try {
      await this.execute(resumeData, signal)
    } catch (error) {
      if (!isFault(error, 'command-failed')) throw error
      throw new Fault('carrier-lost', 'the modem has no connection to go back to', { cause: error })
    }
  }

  /** Bytes of data mode go to `tap` until it is taken away; used by the escape. */
  tapData(tap: ((chunk: Buffer) => void) | undefined): void {
    this.#tap = tap
  }

  /**
   * The modem is in command mode now, the connection stays (its `OK` to an escape was seen).
   * @param said what it has said in command mode already
   */
  enterCommandMode(said: Buffer = Buffer.alloc(0)): void {
    this.#mode = 'command'
    this.#adrift = undefined
    this.#connectDue = false
    this.#lineFeedDue = false
    this.#framer.takeRest()
    this.#carrier?.suspend()
    this.line.resume()
    this.#receive(said)
  }

  /** Whether a `CONNECT` has come during an escape without a carrier: the `+++` came too early, for a dial's end. */
  get connectHeard(): boolean {
    return this.#mode === 'data' && /\r\nCONNECT\b/.test(this.#framer.partial)
  }

  /** For a modem found in data mode by DCD, with a connection that is not ours. */
  assumeDataMode(): void {
    this.#mode = 'data'
    this.#adrift = undefined
    this.#framer.takeRest()
  }

  /** The connection is over and the modem in command mode. */
  endCarrier(end: CarrierEnd): void {
    const carrier = this.#carrier
    this.#carrier = undefined
    this.#mode = 'command'
    this.#adrift = undefined
    this.#framer.takeRest()
    const rest = this.#escaped.takeRest()
    // Begun and not ended, it is most likely a word of the modem; only a clean end must not lose a byte of the peer.
    if (end.kind === 'closed') carrier?.receive(rest)
    else this.#framer.push(rest)
    carrier?.finish(end)
    this.line.resume()
  }

  #receive(chunk: Buffer): void {
    if (this.#mode === 'data') {
      if (!this.#carrier && this.#adrift === undefined) this.#framer.push(chunk)
      if (this.#tap) this.#tap(chunk)
      else this.#carrier?.receive(chunk)
      return
    }
    // After its last words everything is the modem's, its echo too.
    if (this.#carrier && this.#carrier.lastWord === undefined) {
      const bytes = Buffer.concat([this.#framer.takeRest(), this.#withoutLineFeed(chunk)])
      this.#escaped.push(bytes, this.#escapedWords, () => this.#mode === 'data')
      return
    }
    this.#framer.push(chunk)
    for (let line = this.#framer.next(); line !== undefined; line = this.#framer.next()) {
      this.#takeLine(line)
      // The line was CONNECT: every further byte is the peer's. (The type checker does not see the change of mode.)
      if ((this.#mode as string) === 'data') return
    }
    this.#lineFeedDue = chunk.at(-1) === CR && this.#framer.partial === ''
  }

  /** A line of the modem is complete with its CR: an acquittal in that moment must not make its LF the peer's. */
  #withoutLineFeed(chunk: Buffer): Buffer {
    const due = this.#lineFeedDue && chunk[0] === LF
    this.#lineFeedDue = false
    return due ? chunk.subarray(1) : chunk
  }

  /** What comes beside a live connection: words of the modem, or bytes of the peer (`EscapedReader`). */
  readonly #escapedWords: EscapedWords = {
    isModems: (line) =>
      (this.#flight ?? this.#givenUp)?.reader.expects(line) === true ||
      urcOf(line).kind !== 'unknown' ||
      isUrcLike(line) ||
      (this.#connectDue && isConnect(line)),
    inAnswer: () => (this.#flight ?? this.#givenUp)?.reader.begun === true,
    line: (line) => this.#takeLine(line),
    data: (bytes) => this.#carrier?.receive(bytes),
  }

  #takeLine(line: string): void {
    const flight = this.#flight
    const { reader, command } = flight ?? this.#givenUp ?? {}
    const part = reader?.take(line)
    if (part !== 'echo') this.#trace.received(maskLine(line, command, part))
    switch (part) {
      case 'success':
      case 'failure':
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

  #endGivenUp(): void {
    this.#givenUp?.end()
    this.#givenUp = undefined
    this.#answerDue = false
  }

  #takeUrc(urc: Urc): void {
    if (urc.kind === 'booted') this.#flight?.reject(new Fault('modem-rebooted', 'the modem restarted'))
    this.emit('urc', urc)
  }

  /** A given-up dial or ATO was carried out late. Nobody may speak before an escape; upstream stays held. */
  #drift(): void {
    const fault = new Fault('carrier-lost', 'the modem went to data mode by a command that had been given up')
    this.#mode = 'data'
    this.#adrift = fault
    this.#connectDue = false
    const unasked = !this.#flight && !this.#answerDue && !this.#carrier
    const rest = Buffer.concat([this.#framer.takeRest(), this.#escaped.takeRest()])
    this.#carrier?.receive(rest)
    this.#flight?.reject(fault)
    this.emit('adrift', fault, unasked, rest)
  }

  /** The CONNECT that nobody asked for was a caller's; `rest` is what it has said. */
  answerCall(rest: Buffer): Carrier {
    this.#adrift = undefined
    this.#framer.takeRest()
    return this.#enterDataMode(rest)
  }

  #enterDataMode(rest: Buffer = Buffer.concat([this.#framer.takeRest(), this.#escaped.takeRest()])): Carrier {
    this.#mode = 'data'
    this.#connectDue = false
    this.#lineFeedDue = false
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
