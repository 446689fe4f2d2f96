/** `simulate --verbose`: what the modem sees and does, a line each. */
import { every } from '../core/time.ts'
import type { ModemRecord } from '../virtual-modem/record.ts'
import type { VirtualModem } from '../virtual-modem/virtual-modem.ts'

/** How often the modem is looked at between two commands, in ms. */
const LOOK_EVERY_MS = 100

/** Counters of the record, and what it means when they move. */
const MOVES: readonly (readonly [(record: ModemRecord) => number, string])[] = [
  [(record) => record.connects, 'connected to a peer'],
  [(record) => record.escapes, 'escaped: command mode, the connection stays'],
  [(record) => record.resumes, 'resumed: data mode'],
  [(record) => record.strayBytes, 'bytes in command mode that are no AT command'],
]

/** Tells each AT command line and what happens to the modem. Returns the end of it. */
export function watchModem(modem: VirtualModem, tell: (text: string) => void): () => void {
  const looks = [watchCommands(modem, tell), watchMoves(modem, tell), watchConnection(modem, tell)]
  const look = (): void => {
    for (const one of looks) one()
  }
  // Before a command is answered, so that events stand before what follows from them.
  const remove = modem.behave(() => {
    look()
    return undefined
  })
  const timer = every(LOOK_EVERY_MS, look)
  return () => {
    timer.cancel()
    remove()
  }
}

function watchCommands({ record }: VirtualModem, tell: (text: string) => void): () => void {
  let told: object | undefined
  return () => {
    // The record drops its oldest entries: places in it are no good for remembering.
    const at = told === undefined ? -1 : record.commands.findLastIndex((entry) => entry === told)
    for (const { line } of record.commands.slice(at + 1)) tell(`» ${masked(line)}`)
    told = record.commands.at(-1)
  }
}

/** Without what nobody should read over a shoulder: PIN, user and password. */
function masked(line: string): string {
  return line.replace(/(\+CPIN=).*/i, '$1****').replace(/(\+CSTT="[^"]*",).*/i, '$1****')
}

function watchMoves({ record }: VirtualModem, tell: (text: string) => void): () => void {
  const seen = MOVES.map(() => 0)
  return () => {
    for (const [index, [count, meaning]] of MOVES.entries()) {
      const moved = count(record) - (seen[index] ?? 0)
      if (moved > 0) tell(`  ${meaning}${moved > 1 ? ` (${moved})` : ''}`)
      seen[index] = count(record)
    }
  }
}

function watchConnection(modem: VirtualModem, tell: (text: string) => void): () => void {
  let power = modem.power.state
  let stack = modem.stack.state
  let resets = modem.record.resets.length
  const carried = { up: 0, down: 0 }
  return () => {
    const { record } = modem
    for (const { cause } of record.resets.slice(resets)) tell(`  restarts: ${cause}`)
    resets = record.resets.length
    if (modem.power.state !== power) tell(`  power: ${modem.power.state}`)
    power = modem.power.state
    if (modem.stack.state === stack) return
    stack = modem.stack.state
    const figures = `${record.toPeer - carried.up} bytes to the peer, ${record.fromPeer - carried.down} from it`
    const ended = stack === 'TCP CLOSED' || stack === 'PDP DEACT'
    tell(`  state: ${stack}${ended ? ` (${figures})` : ''}`)
    if (ended) Object.assign(carried, { up: record.toPeer, down: record.fromPeer })
  }
}
