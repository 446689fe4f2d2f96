/** `status --watch`: the screen again and again in its place, with the last minutes of throughput and signal. */
import { sleep, wallClock } from '../core/time.ts'
import type { Status } from '../daemon/status.ts'
import { VerbError } from './control-client.ts'
import { EXIT } from './exit-codes.ts'
import { type Surface, statusScreen } from './status-screen.ts'
import { cut, size, sparkline } from './status-table.ts'

/** How often the daemon is asked, in ms. */
const EVERY_MS = 1_000
const LABEL_WIDTH = 10
/** Of figures behind a sparkline. */
const FIGURE_WIDTH = 12
/** What AT+CSQ can say, in dBm (AT manual 3.2.26). */
const WEAKEST_DBM = -113
const STRONGEST_DBM = -51

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const END_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

/** A terminal, as far as watching needs one. */
export interface Screen {
  readonly rows: number
  readonly surface: Surface
  write(text: string): void
}

interface Look {
  readonly at: number
  readonly up: number
  readonly down: number
  readonly dbm: number | null
}

/** What was seen lately, for the sparklines. */
export class History {
  readonly #looks: Look[] = []

  /** @param at on the wall clock, in ms */
  note({ routes, network }: Status, at: number): void {
    const sum = (of: 'bytesUp' | 'bytesDown'): number => routes.reduce((total, route) => total + route[of], 0)
    this.#looks.push({ at, up: sum('bytesUp'), down: sum('bytesDown'), dbm: network.dbm })
    if (this.#looks.length > 200) this.#looks.shift()
  }

  /** A line each for what goes up, what comes down and the signal. */
  lines(columns: number): string[] {
    const looks = this.#looks.slice(-(columns - LABEL_WIDTH - FIGURE_WIDTH))
    const rates = (of: 'up' | 'down'): number[] =>
      looks.slice(1).map((look, index) => rateOf(looks[index] ?? look, look, of))
    const [up, down] = [rates('up'), rates('down')]
    const most = Math.max(1, ...up, ...down)
    const last = this.#looks.at(-1)?.dbm ?? null
    return [
      line('up', sparkline(up, 0, most), `${size(up.at(-1) ?? 0)}/s`),
      line('down', sparkline(down, 0, most), `${size(down.at(-1) ?? 0)}/s`),
      line(
        'signal',
        sparkline(
          looks.map(({ dbm }) => dbm),
          WEAKEST_DBM,
          STRONGEST_DBM,
        ),
        last === null ? '' : `${last} dBm`,
      ),
    ]
  }
}

/** Bytes a second; a daemon that started anew counts from zero. */
function rateOf(before: Look, after: Look, of: 'up' | 'down'): number {
  return Math.max(0, after[of] - before[of]) / Math.max(0.1, (after.at - before.at) / 1000)
}

function line(name: string, bars: string, figure: string): string {
  return `${name.padEnd(LABEL_WIDTH)}${bars} ${figure}`
}

/**
 * Draws until the signal aborts; the terminal is then as it was. A daemon that is away is waited for.
 * @returns the status that was last seen; undefined if the daemon was away
 */
export async function watchStatus(
  ask: () => Promise<Status>,
  screen: () => Screen,
  signal: AbortSignal,
): Promise<Status | undefined> {
  const history = new History()
  let seen: Status | undefined
  screen().write(ENTER)
  try {
    while (!signal.aborted) {
      const terminal = screen()
      const { rows, surface } = terminal
      let text: string
      try {
        seen = await ask()
        const at = wallClock().getTime()
        history.note(seen, at)
        text = `${statusScreen(seen, at, surface)}\n${history.lines(surface.columns).join('\n')}`
      } catch (error) {
        if (!(error instanceof VerbError)) throw error
        seen = undefined
        text = cut(`NOT USABLE: ${error.message}`, surface.columns)
      }
      terminal.write(drawn(text, rows))
      await sleep(EVERY_MS, signal).catch(() => undefined)
    }
  } finally {
    screen().write(LEAVE)
  }
  return seen
}

/** Over what is there, without a flicker, and never more than the terminal has. */
function drawn(text: string, rows: number): string {
  const lines = [...text.split('\n'), 'Ctrl-C ends'].slice(0, Math.max(1, rows - 1))
  return `${HOME}${lines.map((one) => one + END_OF_LINE).join('\r\n')}${REST_OF_SCREEN}`
}

/** Without a terminal there is no place to draw in. @throws VerbError */
export function needTerminal(stream: { readonly isTTY?: boolean }): void {
  if (stream.isTTY === true) return
  throw new VerbError(EXIT.usage, '--watch needs a terminal; `status --json` and `events` are for programs')
}
