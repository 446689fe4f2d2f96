/**
 * The modem's echo beside a live connection. `ATE0` was said long ago, but a firmware may turn it on again by itself, and
 * then each command comes back unframed, as bytes of the peer would (AT manual 2.2.9). A peer can say the same text once;
 * two commands in a row that both come back are an echo. Until that is known, everything from the first one on waits. Pure.
 */

const NOTHING = Buffer.alloc(0)

export class EchoWatch {
  readonly #data: (bytes: Buffer) => void
  /** The newest command, until it has come back. */
  #due: Buffer = NOTHING
  /** As many bytes of it as came last. */
  #begun: Buffer = NOTHING
  /** A command that came back, and what came after it: to be released when the next one is answered and did not. */
  #doubtful: Buffer | undefined
  #behind: Buffer[] = []
  /** Each command comes back. */
  #certain = false
  /** Nothing has been said since the modem is in command mode. */
  #untried = false

  /** @param data takes bytes of the peer, in order */
  constructor(data: (bytes: Buffer) => void) {
    this.#data = data
  }

  /** Whether the modem has an echo; unknown where nothing has been said yet. */
  get verdict(): 'likely' | 'unlikely' | 'unknown' {
    if (this.#certain || this.#doubtful) return 'likely'
    return this.#untried ? 'unknown' : 'unlikely'
  }

  /** The modem is in command mode, with a live connection. */
  begin(): void {
    this.#untried = true
  }

  /** A command leaves: its line with the CR. */
  sent(line: Buffer): void {
    this.#tell(this.#unbegun())
    this.#untried = false
    this.#due = line
  }

  /** It has come back where nothing else can come. */
  echoed(): void {
    this.#certain = true
    this.#due = NOTHING
  }

  /** The answer of the newest command is whole: what has not come back by now will not. */
  answered(): void {
    this.#tell(this.#unbegun())
    if (this.#due.length === 0) return
    this.#due = NOTHING
    this.#certain = false
    this.#release()
  }

  /** Bytes of the peer, or an echo. */
  take(chunk: Buffer): void {
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk])
    const at = this.#due.length === 0 ? -1 : bytes.indexOf(this.#due)
    const end = at < 0 ? bytes.length - this.#overlap(bytes) : at
    this.#begun = NOTHING
    this.#tell(bytes.subarray(0, end))
    if (at < 0) {
      this.#begun = bytes.subarray(end)
      return
    }
    const echo = this.#due
    this.#due = NOTHING
    this.#recognise(echo)
    this.#tell(bytes.subarray(at + echo.length))
  }

  /** A line of the modem comes: a command that has only begun to come back is none. */
  interrupt(): void {
    this.#tell(this.#unbegun())
  }

  /** What has not been decided yet; empty afterwards, for another conversation. */
  takeRest(): Buffer {
    const rest = Buffer.concat([this.#doubtful ?? NOTHING, ...this.#behind, this.#unbegun()])
    this.#doubtful = undefined
    this.#behind = []
    this.#due = NOTHING
    return rest
  }

  #recognise(echo: Buffer): void {
    if (this.#doubtful) {
      this.#certain = true
      this.#doubtful = undefined
      this.#release()
    } else if (!this.#certain) this.#doubtful = echo
  }

  #release(): void {
    const waiting = [this.#doubtful ?? NOTHING, ...this.#behind.splice(0)]
    this.#doubtful = undefined
    for (const bytes of waiting) this.#tell(bytes)
  }

  #tell(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#doubtful) this.#behind.push(bytes)
    else this.#data(bytes)
  }

  #unbegun(): Buffer {
    const begun = this.#begun
    this.#begun = NOTHING
    return begun
  }

  /** How many of the last bytes are the beginning of what is due. */
  #overlap(bytes: Buffer): number {
    let length = Math.min(bytes.length, Math.max(0, this.#due.length - 1))
    while (length > 0 && !bytes.subarray(-length).equals(this.#due.subarray(0, length))) length -= 1
    return length
  }
}
