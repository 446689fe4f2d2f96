/**
 * A modem's view of its input, judged afterwards: where does silence, exactly three pluses, silence stand (application
 * note 2.2.4(1))? Written for tests only; it shares nothing with the guard nor with the virtual modem.
 */

/** One byte on the wire, and when. */
export interface Sent {
  readonly byte: number
  readonly at: number
}

export interface Timing {
  readonly before: number
  readonly after: number
  /** The longest pause between two pluses. */
  readonly gap: number
}

export const TIMINGS: readonly Timing[] = [1000, 500].flatMap((before) =>
  [1000, 500].flatMap((after) => [1000, 500].map((gap) => ({ before, after, gap }))),
)

const PLUS = 0x2b

/** The index of the first plus of an escape in `sent`; -1: there is none. `end` is when the observation ends. */
export function findEscape(sent: readonly Sent[], end: number, { before, after, gap }: Timing): number {
  const at = (index: number): number => (index < 0 ? Number.NEGATIVE_INFINITY : (sent[index]?.at ?? end))
  const pause = (index: number): number => at(index) - at(index - 1)
  return sent.findIndex(
    (_, i) =>
      i + 2 < sent.length &&
      [i, i + 1, i + 2].every((index) => sent[index]?.byte === PLUS) &&
      pause(i) >= before &&
      pause(i + 1) <= gap &&
      pause(i + 2) <= gap &&
      pause(i + 3) >= after,
  )
}
