/** What one side wrote, kept so that what the other side reads can be held against it byte by byte. */
import type { Random } from './random.ts'

export class Tape {
  #bytes = Buffer.alloc(256)
  length = 0

  append(bytes: Buffer): void {
    if (this.length + bytes.length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(2 * this.#bytes.length, this.length + bytes.length))
      this.#bytes.copy(grown, 0, 0, this.length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.length)
    this.length += bytes.length
  }

  /** Whether `bytes` are what stands on the tape from `at` on. */
  holds(bytes: Buffer, at: number): boolean {
    return at + bytes.length <= this.length && this.#bytes.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0
  }

  /** How many of the first of `bytes` stand on the tape from `at` on. */
  agreeing(bytes: Buffer, at: number): number {
    let length = 0
    while (length < bytes.length && bytes[length] === this.at(at + length)) length += 1
    return length
  }

  /** The byte at `at`; undefined beyond the end. */
  at(at: number): number | undefined {
    return at < this.length ? this.#bytes[at] : undefined
  }

  /** All of it, byte by byte. */
  get text(): string {
    return this.#bytes.toString('latin1', 0, this.length)
  }

  from(at: number, length = 60): Buffer {
    return this.#bytes.subarray(at, Math.min(this.length, at + length))
  }
}

/** A command that only a payload holds: executed, it shows that bytes of an app were taken for the daemon's. */
export const APP_COMMAND = 'AT+APP'

/** What modems, drivers and guards stumble over. */
const WORDS = [
  '+',
  '++',
  '+++',
  '++++',
  '\r',
  '\n',
  '\r\n',
  'ATO\r',
  'ATH\r',
  `${APP_COMMAND}\r`,
  'ATD*99#\r',
  '\r\nOK\r\n',
  '\r\nERROR\r\n',
  '\r\nCLOSED\r\n',
  '\r\nCLOSED',
  'CLOSED\r\n',
  '\r\n+PDP: DEACT\r\n',
  '\r\nNO CARRIER\r\n',
  '\r\nCONNECT\r\n',
  '\r\nRDY\r\n',
  '\r\n\r\n',
  '\0IIII\xff\xff\xff\xff',
  '\0',
  '\x11',
  '\x13',
  '\x1a',
  '\x1b',
  '\xff',
  'payload',
]

/** One write: words of the adversarial alphabet, random bytes, or now and then a long block. */
export function words(random: Random): Buffer {
  if (random.chance(0.06)) return noise(random, random.span(200, 6000))
  if (random.chance(0.2)) return noise(random, random.whole(1, 40))
  const chosen = Array.from({ length: random.whole(1, 4) }, () => random.pick(WORDS))
  return Buffer.from(chosen.join(''), 'latin1')
}

/**
 * More than all buffers between a peer and a client that does not read take, or a little less. Without words of the modem:
 * a flood of them is all over each command window, and beside the answers nobody can tell them apart (modem-facts 9).
 */
export function flood(random: Random): Buffer {
  return Buffer.alloc(random.span(40_000, 200_000), noise(random, 37))
}

function noise(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 1) bytes[at] = random.whole(0, 255)
  return bytes
}

/** Around everything that is timed: holds, guard times, packing. */
const PAUSES = [0, 0, 0, 1, 5, 25, 120, 210, 390, 450, 600, 980, 1000, 1020, 1080, 1110, 1200, 2300]

export function pause(random: Random): number {
  return random.chance(0.05) ? random.span(2_000, 60_000) : random.pick(PAUSES)
}
