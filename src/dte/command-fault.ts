/** A command that the modem refused. */
import { Fault } from '../core/fault.ts'

/** The modem refused: `result` is its own final line. */
export class CommandFault extends Fault {
  readonly result: string
  constructor(text: string, result: string) {
    super('command-failed', `AT${text}: ${result}`)
    this.result = result
  }
}
