/** Who watches the line: trace and recorder. */

/** Sees every byte as it is written and read. It neither keeps nor changes what it is shown, and is quick. */
export interface LineTap {
  sent(bytes: Uint8Array): void
  received(bytes: Uint8Array): void
}

/** One for several. */
export function tapOf(taps: readonly LineTap[]): LineTap {
  return {
    sent: (bytes) => {
      for (const tap of taps) tap.sent(bytes)
    },
    received: (bytes) => {
      for (const tap of taps) tap.received(bytes)
    },
  }
}
