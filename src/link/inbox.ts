/** Short messages and calls: each is told once, and a message is deleted only after somebody has it. */
import { contentOf, deleteMessage, type MessageContent, pduForm, unreadMessages } from '../at/messages.ts'
import type { Config } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import { runProgram } from '../core/program.ts'
import { now } from '../core/time.ts'
import { sayIfKnown } from '../dte/dialogue.ts'
import type { Dte } from '../dte/dte.ts'

/** The program that takes a message has so much time, in ms. */
const PROGRAM_MS = 60_000
/** A message that nobody took is offered again after this time, in ms. */
const AGAIN_MS = 300_000
/** `RING` comes every few seconds for as long as it rings; a pause of so much, in ms, makes it another call. */
const SAME_CALL_MS = 12_000
/** No window beside a live session becomes long by deleting. */
const MOST_DELETED = 10

interface Told {
  readonly pdu: string
  delivered: boolean
  readonly at: number
}

export class Inbox {
  readonly #config: Config['messages']
  readonly #journal: Journal
  readonly #wake: () => void
  readonly #closed = new AbortController()
  /** By their place in the modem's storage. */
  readonly #told = new Map<number, Told>()
  /** The call that rings, or rang last. */
  #call = { rangAt: Number.NEGATIVE_INFINITY, rings: 0, told: false }
  /** The modem may have a message that nobody knows of. */
  #news = true

  /** @param wake is called when something has become due */
  constructor(config: Config['messages'], journal: Journal, wake: () => void) {
    this.#config = config
    this.#journal = journal
    this.#wake = wake
  }

  /** Whether it is worth asking the modem; command mode is needed for it. */
  get due(): boolean {
    return this.#config.read && (this.#news || [...this.#told.values()].some((told) => this.#actionable(told)))
  }

  /** The modem says that there is a new message. */
  noteMessage(): void {
    if (!this.#config.read) this.#journal.tell('info', 'message', 'a message has come')
    this.noteRing()
  }

  /** RI says that there is something new. */
  noteRing(): void {
    this.#news = true
    this.#wake()
  }

  /** `RING`, or `+CLIP` with the number of the caller, which follows each RING where the network tells it. */
  noteCall(line: string): void {
    const sender = /^\+CLIP: ?"([^"]*)"/.exec(line)?.[1]
    const another = now() - this.#call.rangAt >= SAME_CALL_MS
    const { rings, told } = another ? { rings: 0, told: false } : this.#call
    const unnamed = sender === undefined && this.#config.calls && rings === 0
    this.#call = { rangAt: now(), rings: rings + (sender === undefined ? 1 : 0), told: told || !unnamed }
    if (told || unnamed) return
    this.#deliver('ring', 'a call comes in', { sender: sender ?? '' }).catch(this.#unlessClosed)
  }

  /** Tells what is new and deletes what was delivered. @throws Fault if the modem does not answer */
  async tend(dte: Dte, signal: AbortSignal): Promise<void> {
    await sayIfKnown(dte, pduForm, signal)
    const stored = await sayIfKnown(dte, unreadMessages, signal)
    // Refused: the SIM is not ready yet.
    if (!stored) return
    this.#news = false
    for (const index of this.#told.keys()) if (!stored.some((one) => one.index === index)) this.#told.delete(index)
    let deleted = 0
    for (const { index, pdu } of stored) {
      await this.#offer(index, pdu)
      if (this.#told.get(index)?.delivered !== true || deleted === MOST_DELETED) continue
      await sayIfKnown(dte, deleteMessage(index), signal)
      this.#told.delete(index)
      deleted += 1
    }
  }

  close(): void {
    this.#closed.abort(new Error('stopRequested'))
  }

  async #offer(index: number, pdu: string): Promise<void> {
    const before = this.#told.get(index)
    if (before?.pdu === pdu && (before.delivered || !this.#actionable(before))) return
    const told: Told = { pdu, delivered: false, at: now() }
    this.#told.set(index, told)
    const content = (await contentOf(pdu)) ?? { sender: '', time: '', text: `PDU ${pdu}` }
    const delivery = this.#deliver('message', `a message of ${content.text.length} characters has come`, content)
    const noted = delivery
      .then((delivered) => {
        told.delivered = delivered
        if (delivered) this.#wake()
      })
      .catch(this.#unlessClosed)
    // A program takes its time; a reader of the events has it already.
    if (this.#config.command.length === 0) await noted
  }

  #actionable({ delivered, at }: Told): boolean {
    const somebody = this.#config.command.length > 0 || this.#journal.readers > 0
    return delivered || (somebody && now() - at >= AGAIN_MS)
  }

  /** @returns whether somebody has it: the program says so, or a reader of the events was there */
  async #deliver(kind: 'message' | 'ring', message: string, content: Partial<MessageContent>): Promise<boolean> {
    const { sender = '', text = '' } = content
    const read = this.#journal.readers > 0
    const fields = kind === 'ring' ? { sender } : { sender, text }
    if (this.#config.logText) this.#journal.tell('info', kind, message, fields)
    else this.#journal.tell('info', kind, message, {}, fields)
    const { command } = this.#config
    if (command.length === 0) return read
    const input = `${JSON.stringify({ kind, ...content })}\n`
    const { succeeded, outcome, lastLine } = await runProgram(command, PROGRAM_MS, this.#closed.signal, input)
    const words = `the program for messages ${outcome}${lastLine && `: ${lastLine}`}`
    if (!succeeded) this.#journal.tell('warn', 'message', words)
    return succeeded
  }

  /** A program that the stop has ended: its message stays where it is. */
  readonly #unlessClosed = (error: unknown): void => {
    if (!this.#closed.signal.aborted) throw error
  }
}
