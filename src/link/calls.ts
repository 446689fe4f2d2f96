/**
 * Callers: while nobody here wants the carrier, the modem listens at its own address (AT+CIPSERVER). Of a call it says
 * `REMOTE IP` and `CONNECT`; in which order is not documented (modem-facts 9), nor whether it says the first at all.
 */
import { listenAt, stopListening } from '../at/server.ts'
import type { InboundConfig } from '../config/schema.ts'
import { after, type Timer } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import { CommandFault } from '../dte/command-fault.ts'
import { say } from '../dte/dialogue.ts'
import type { Dte } from '../dte/dte.ts'

/** After CONNECT the caller's address, if it comes, comes within this time in ms. */
const ADDRESS_MS = 300

const ADDRESS = /^\r\nREMOTE IP: ?(\d{1,3}(?:\.\d{1,3}){3})\r\n/

/** Somebody who called, connected. */
export interface Call {
  readonly carrier: Carrier
  /** IPv4 address; undefined where the modem does not tell it. */
  readonly from: string | undefined
}

export class Calls {
  readonly #config: InboundConfig | undefined
  readonly #onCall: (call: Call) => void
  /** The modem listens. */
  listening = false
  /** CONNECT has come, and what follows may still be the modem's. */
  coming = false
  /** Where it listened last. */
  #place = ''
  #from: string | undefined
  #timer: Timer | undefined

  constructor(config: InboundConfig | undefined, onCall: (call: Call) => void) {
    this.#config = config
    this.#onCall = onCall
  }

  /** Whether the modem is to listen whenever it has nothing else to do. */
  get wanted(): boolean {
    return this.#config !== undefined
  }

  /** @returns whether the modem listens now; false: only a fresh context will do. @throws Fault no-answer */
  async listen(dte: Dte, signal: AbortSignal): Promise<boolean> {
    if (!this.#config) return true
    this.#from = undefined
    // A call may be read together with the word that it listens; and is over or taken when this goes on.
    this.listening = true
    let done = false
    try {
      done = await accepted(say(dte, listenAt(this.#config.modemPort), signal))
    } finally {
      if (!done) this.listening = false
    }
    return done
  }

  /** Where callers reach it; undefined if that is where they have reached it before. */
  moved(address: string | null): string | undefined {
    const place = `${address ?? 'an unknown address'}:${this.#config?.modemPort ?? 0}`
    if (place === this.#place) return undefined
    this.#place = place
    return place
  }

  /** Somebody here wants the carrier. @throws Fault no-answer; carrier-lost if a call comes in this very moment */
  async stop(dte: Dte, signal: AbortSignal): Promise<void> {
    this.listening = false
    await accepted(say(dte, stopListening, signal))
  }

  /** The modem names the caller whose CONNECT follows. */
  noteCaller(line: string): void {
    this.#from = line.replace(/^REMOTE IP: ?/, '')
  }

  /** What was being answered is over: the modem restarted, or the line is gone. */
  forget(): void {
    this.#timer?.cancel()
    this.listening = false
    this.coming = false
    this.#from = undefined
  }

  /** CONNECT came while the modem listened, with `rest` behind it: the carrier follows once it is known what is the caller's. */
  take(dte: Dte, rest: Buffer): void {
    this.coming = true
    let heard = rest
    const settle = (): boolean => {
      const address = ADDRESS.exec(heard.toString('latin1'))
      if (this.#from === undefined && !address && mayBeAddress(heard)) return false
      this.#answer(dte, address && this.#from === undefined ? address : undefined, heard)
      return true
    }
    if (settle()) return
    dte.tapData((chunk) => {
      heard = Buffer.concat([heard, chunk])
      settle()
    })
    this.#timer = after(ADDRESS_MS, () => this.#answer(dte, undefined, heard))
  }

  #answer(dte: Dte, address: RegExpExecArray | undefined, heard: Buffer): void {
    this.#timer?.cancel()
    dte.tapData(undefined)
    const [line = '', told] = address ?? []
    const from = this.#from ?? told
    this.forget()
    this.#onCall({ carrier: dte.answerCall(heard.subarray(line.length)), from })
  }
}

async function accepted(command: Promise<void>): Promise<boolean> {
  try {
    await command
    return true
  } catch (error) {
    if (error instanceof CommandFault) return false
    throw error
  }
}

/** Whether more bytes could make it the line with the address. */
function mayBeAddress(heard: Buffer): boolean {
  const text = heard.toString('latin1')
  const head = '\r\nREMOTE IP: '
  return text.length <= head.length ? head.startsWith(text) : /^\r\nREMOTE IP: ?[\d.]{0,15}\r?$/.test(text)
}
