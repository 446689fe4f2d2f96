/** What a modem in command mode gets of an app: it may be under way when the connection breaks, and not be written later. */
import { APP_COMMAND } from './tape.ts'
import type { World } from './world.ts'

/**
 * @param lines whether DCD tells of the end
 * @param onExecuted told of each command that was an app's
 * @param onLate told of bytes of an app that were written so many ms after the end of the carrier could be read
 */
export function watchCommands(
  world: World,
  lines: boolean,
  onExecuted: () => void,
  onLate: (bytes: number, ms: number) => void,
): void {
  const { modem, clock } = world
  const { record, wire } = modem
  const [left, command] = [record.leftData.bind(record), record.command.bind(record)]
  let told = Number.POSITIVE_INFINITY
  record.leftData = () => {
    left()
    told = Number.POSITIVE_INFINITY
    // After what a modem says that starts anew; one that goes out says nothing more.
    queueMicrotask(() => {
      if (wire.queuedToDte > 0 || lines) wire.whenSent(() => (told = clock.now))
    })
  }
  record.command = (line) => {
    command(line)
    if (line.includes(APP_COMMAND) || /^ATD/i.test(line)) onExecuted()
  }
  world.onWrite = (bytes) => {
    if (modem.mode !== 'data' && clock.now > told && !isDialogue(bytes)) onLate(bytes.length, clock.now - told)
  }
}

/** Whether the daemon itself may have written it. */
function isDialogue(bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  return /^(AT[^\r]*\r|\+\+\+|\r)$/.test(text) && !text.includes(APP_COMMAND)
}
