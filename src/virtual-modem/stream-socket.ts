/** Joins the modem's wire to a byte stream of this machine: what a pseudo-terminal and a TCP socket have in common. */
import type { Duplex } from 'node:stream'
import type { VirtualModem } from './virtual-modem.ts'
import type { DteEnd } from './wire.ts'

/** Bytes for the program that may wait before the modem is stopped. */
const QUEUE = 4096
/** Bytes that are taken from the program ahead of the wire, as a UART's FIFO does: the rest waits at its end. */
const FIFO = 256
/** And at least what a fast line sends between two looks at it, in ms: it must not run dry. */
const AHEAD_MS = 10

export interface StreamLine {
  /** The rate of the program at the other end; undefined: it cannot be seen, the modem's own is taken. */
  rate(): number | undefined
  /** Whether that program stops when the modem says so. */
  obeysCts(): boolean
}

/** Holds the wire for `stream` until the stream closes or the returned function is called. */
export function joinStream(modem: VirtualModem, stream: Duplex, line: StreamLine): () => void {
  const { wire, record } = modem
  const ahead = (): number => Math.max(FIFO, (wire.dceRate / 10_000) * AHEAD_MS)
  const end: DteEnd = {
    bytes: (bytes) => {
      if (stream.writableLength > 2 * QUEUE) record.lost.output += bytes.length
      else if (!stream.write(bytes)) wire.setRts(false)
    },
    room: () => {
      if (wire.queuedToDce < ahead()) stream.resume()
    },
    unplugged: () => stream.destroy(),
  }
  const onData = (bytes: Buffer): void => {
    wire.write(bytes)
    if (wire.queuedToDce >= ahead()) stream.pause()
  }
  const onDrain = (): void => wire.setRts(true)
  const leave = (): void => {
    stream.off('data', onData)
    stream.off('drain', onDrain)
    wire.letGo(end)
  }
  wire.hold(end, { rate: () => line.rate() ?? (wire.dceRate || 115200), obeysCts: () => line.obeysCts() })
  wire.setRts(true)
  wire.setDtr(true)
  stream.on('data', onData)
  stream.on('drain', onDrain)
  stream.once('close', leave)
  return leave
}
