/** Ways to cut a stream: every byte boundary, and at random. */
import fc from 'fast-check'

export const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

/** `bytes` in two pieces, for every boundary; the first row is the whole, the last one byte by byte. */
export function everyCut(bytes: Buffer): Buffer[][] {
  const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => [
    bytes.subarray(0, index + 1),
    bytes.subarray(index + 1),
  ])
  return [[bytes], ...cuts, oneByOne(bytes)]
}

export function oneByOne(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte))
}

/** `bytes` cut at the places where `marks` says so (cyclically); an empty list leaves it whole. */
export function cutAt(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const size of sizes) {
    if (from + size >= bytes.length) break
    pieces.push(bytes.subarray(from, from + size))
    from += size
  }
  return [...pieces, bytes.subarray(from)].filter(({ length }) => length > 0)
}

export const cutSizes = (): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 200 })
