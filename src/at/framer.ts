/** Cuts what the modem sends in command mode into lines. Pure: bytes in, text out; no timers, no events. */

const CR = 0x0d
const LF = 0x0a
/** Longest line that is worth keeping: noise at a wrong baud rate may never bring a line end. */
const MAX_LINE = 2048

/**
 * Lines end with CR, LF or both (`ATV1`: `<CR><LF>text<CR><LF>`, echo: `text<CR>`, `ATV0`: `0<CR>`; AT manual 2.2.25),
 * so a line is complete at its first end character and empty lines mean nothing. `CONNECT` alone is different: the LF
 * behind it still belongs to the modem and the very next byte is the peer's, so it is complete only with its LF.
 * A line that has only begun keeps the `<CR><LF>` before it: who takes the rest may have to tell it from other bytes.
 */
export class Framer {
  #bytes: Buffer = Buffer.alloc(0)

  push(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk])
  }

  /** The next complete line without its ends, or undefined until more bytes come. */
  next(): string | undefined {
    const start = this.#bytes.findIndex((byte) => !isLineEnd(byte))
    const end = start < 0 ? -1 : this.#bytes.findIndex((byte, index) => index > start && isLineEnd(byte))
    if (end < 0) {
      this.#keepFrame(start < 0 ? this.#bytes.length : start)
      return undefined
    }
    const line = this.#bytes.toString('latin1', start, end)
    let rest = end + 1
    if (line.startsWith('CONNECT') && this.#bytes[end] === CR) {
      if (this.#bytes.length === rest) return undefined
      if (this.#bytes[rest] === LF) rest += 1
    }
    this.#bytes = this.#bytes.subarray(rest)
    return line
  }

  /** No line is complete, and the one that begins at `start`, if any, keeps the line end before it. */
  #keepFrame(start: number): void {
    const [before, last] = [this.#bytes[start - 2], this.#bytes[start - 1]]
    const begun = this.#bytes.length - start
    const frame = before === CR && last === LF ? 2 : begun === 0 && last === CR ? 1 : 0
    this.#bytes = begun > MAX_LINE ? Buffer.alloc(0) : this.#bytes.subarray(start - frame)
  }

  /** Everything that no line has consumed; the framer is empty afterwards. */
  takeRest(): Buffer {
    const rest = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return rest
  }

  /** Begun but not ended: `ATV0` answers and prompts (`> `) can be seen here. */
  get partial(): string {
    return this.#bytes.toString('latin1')
  }
}

function isLineEnd(byte: number): boolean {
  return byte === CR || byte === LF
}
