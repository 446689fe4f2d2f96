/** The trace: every byte on the line, both ways, as a hexdump in a file of limited size. */
import { closeSync, fstatSync, openSync, renameSync, write, writeSync } from 'node:fs'
import { wallClock } from '../core/time.ts'
import type { LineTap } from './line-tap.ts'

const BYTES_PER_ROW = 16
/** A disk that is slower than the line must not fill the memory: beyond so many characters the trace has a gap. */
const MOST_WAITING = 1024 * 1024

/**
 * Rows of `TIME DIRECTION HEX |TEXT|`, `>` to the modem and `<` from it. When the file would grow beyond its size it
 * becomes `PATH.1`, in place of an older one, and a new one is begun.
 */
export class LineTrace implements LineTap {
  readonly #path: string
  readonly #limit: number
  readonly #onTrouble: (message: string) => void
  #file: number | undefined
  #size = 0
  #waiting = ''
  /** Bytes of the line that are missing since the disk could not keep up. */
  #missing = 0
  #writing = false
  #over = false

  /**
   * @param limit bytes that the file may have
   * @param onTrouble told once if the file cannot be written; the line goes on without a trace
   */
  constructor(path: string, limit: number, onTrouble: (message: string) => void) {
    this.#path = path
    this.#limit = limit
    this.#onTrouble = onTrouble
  }

  sent(bytes: Uint8Array): void {
    this.#take('>', bytes)
  }

  received(bytes: Uint8Array): void {
    this.#take('<', bytes)
  }

  /** What waits is still written. */
  close(): void {
    this.#over = true
    if (!this.#writing) this.#finish()
  }

  #take(direction: '<' | '>', bytes: Uint8Array): void {
    if (this.#over) return
    if (this.#waiting.length > MOST_WAITING) {
      this.#missing += bytes.length
      return
    }
    const time = wallClock().toISOString()
    if (this.#missing > 0) this.#waiting += `${time} ! ${this.#missing} bytes are not shown: the disk is slow\n`
    this.#missing = 0
    for (let at = 0; at < bytes.length; at += BYTES_PER_ROW) {
      this.#waiting += `${time} ${direction} ${rowOf(bytes.subarray(at, at + BYTES_PER_ROW))}\n`
    }
    this.#pump()
  }

  /** One write at a time, of all that waits. */
  #pump(): void {
    if (this.#writing || this.#waiting === '') return
    const bytes = Buffer.from(this.#waiting)
    this.#waiting = ''
    try {
      this.#writing = true
      write(this.#fileFor(bytes.length), bytes, (error) => {
        this.#writing = false
        if (error) this.#giveUp(error)
        else if (this.#over) this.#finish()
        else this.#pump()
      })
    } catch (error) {
      this.#writing = false
      this.#giveUp(error)
    }
  }

  /** The file, with room for so many bytes, unless they alone are too many. */
  #fileFor(bytes: number): number {
    if (this.#file !== undefined && this.#size > 0 && this.#size + bytes > this.#limit) {
      closeSync(this.#file)
      this.#file = undefined
      renameSync(this.#path, `${this.#path}.1`)
    }
    if (this.#file === undefined) {
      this.#file = openSync(this.#path, 'a', 0o600)
      this.#size = fstatSync(this.#file).size
    }
    this.#size += bytes
    return this.#file
  }

  #finish(): void {
    try {
      if (this.#waiting !== '') writeSync(this.#fileFor(this.#waiting.length), this.#waiting)
      if (this.#file !== undefined) closeSync(this.#file)
    } catch (error) {
      this.#giveUp(error)
    }
    this.#waiting = ''
    this.#file = undefined
  }

  #giveUp(error: unknown): void {
    this.#over = true
    this.#waiting = ''
    this.#onTrouble(error instanceof Error ? error.message : String(error))
  }
}

function rowOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
  return `${hex.padEnd(3 * BYTES_PER_ROW - 1)} |${text}|`
}
