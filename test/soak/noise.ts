/** What a client may have read where the modem makes noise: bytes of the peer and runs of noise in between, in all ways. */
import { noiseByte } from './chances.ts'
import type { Tape } from './tape.ts'

/** One way to explain what was read so far. */
export interface Way {
  /** How much of it was the peer's. */
  readonly read: number
  /** How many bytes of noise in a row came last. */
  readonly noise: number
}

/** The ways that are left once `chunk` was read as well: each of its bytes is the tape's next or the noise's. */
export function waysThrough(tape: Tape, ways: readonly Way[], chunk: Buffer): readonly Way[] {
  let left = ways
  for (const byte of chunk) {
    const further = left.flatMap(({ read, noise }) => [
      ...(tape.at(read) === byte ? [{ read: read + 1, noise: 0 }] : []),
      ...(byte === noiseByte(noise) ? [{ read, noise: noise + 1 }] : []),
      ...(noise > 0 && byte === noiseByte(0) ? [{ read, noise: 1 }] : []),
    ])
    left = [...new Map(further.map((way) => [`${way.read} ${way.noise}`, way])).values()]
  }
  return left
}
