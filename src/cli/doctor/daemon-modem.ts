/** The modem as the running daemon's: asked over the control socket, so that nobody fights for the port. */
import type { AtCommand } from '../../at/command.ts'
import { withDeadline } from '../../core/time.ts'
import type { Status } from '../../daemon/status.ts'
import type { Asked } from '../../link/orders.ts'
import { call, errorIn, VerbError } from '../control-client.ts'
import { EXIT } from '../exit-codes.ts'
import { type Interviewee, Refusal } from './questions.ts'

/** A daemon that lives answers at once. */
const STATUS_PATIENCE_MS = 5_000
/** A question waits until the session's window opens, and the modem may take 75 s for one (AT manual 7.2.1). */
const ASK_PATIENCE_MS = 150_000

/** @throws VerbError if no daemon answers, with the reason */
export async function statusAt(socket: string): Promise<Status> {
  const late = (): Error => new VerbError(EXIT.unavailable, `the daemon does not answer (${socket})`)
  const answer = await withDeadline(STATUS_PATIENCE_MS, late, undefined, (signal) =>
    call(socket, 'GET', '/status', { signal }),
  )
  if (answer.code !== 200) throw new VerbError(EXIT.unavailable, errorIn(answer))
  return answer.body as Status
}

export class DaemonModem implements Interviewee {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  async ask<T>(command: AtCommand<T>): Promise<T | Refusal> {
    const late = (): Error => new VerbError(EXIT.temporary, `no answer to AT${command.text} through the daemon`)
    const body = { command: `AT${command.text}` }
    const answer = await withDeadline(ASK_PATIENCE_MS, late, undefined, (signal) =>
      call(this.#socket, 'POST', '/at', { body, signal }),
    )
    if (answer.code !== 200) throw new VerbError(EXIT.temporary, errorIn(answer))
    const { ok, result, lines } = answer.body as Asked
    if (!ok) return new Refusal(result)
    const information = lines.filter((line) => command.information?.test(line) === true)
    return command.parse({ information, final: result })
  }
}
