/** What the bridge needs of a client's socket: `net.Socket` has it, and so has an in-memory pair in the tests. */
import type { Duplex } from 'node:stream'

export interface ClientSocket extends Duplex {
  /** Ends with RST instead of FIN. */
  resetAndDestroy(): unknown
}
