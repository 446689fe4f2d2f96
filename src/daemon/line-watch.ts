/** Who watches the line as the configuration wants it: the trace and the flight recorder. */
import type { Config } from '../config/schema.ts'
import type { Journal } from '../core/log.ts'
import { type LineTap, tapOf } from '../line/line-tap.ts'
import { LineTrace } from '../line/line-trace.ts'
import { FlightRecorder } from './flight-recorder.ts'
import { Recordings } from './recordings.ts'

export class LineWatch {
  readonly #trace: LineTrace | undefined
  readonly #recorder: FlightRecorder | undefined

  /** @param folder where recordings go */
  constructor({ trace, traceSize, recordings }: Config['log'], folder: string, journal: Journal) {
    if (trace !== 'off') {
      journal.tell('warn', 'trace', `every byte on the line goes to ${trace}: payload, PIN and password are in it`)
      this.#trace = new LineTrace(trace, traceSize, (reason) => {
        journal.tell('warn', 'trace', `there is no trace any more: ${reason}`, {
          hint: 'set log.trace to a file that this user can write, then restart',
        })
      })
    }
    if (recordings > 0) {
      this.#recorder = new FlightRecorder()
      new Recordings(folder, recordings, this.#recorder, journal).begin()
    }
  }

  /** undefined: nobody looks. */
  get tap(): LineTap | undefined {
    const taps = [this.#trace, this.#recorder].filter((tap) => tap !== undefined)
    return taps.length > 1 ? tapOf(taps) : taps[0]
  }

  /** What is not written yet is. */
  close(): void {
    this.#trace?.close()
  }
}
