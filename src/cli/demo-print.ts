/** What `demo` shows: one line for one thing that happens, with who says it and when. */
import { styleText } from 'node:util'
import type { LinkState } from '../link/states.ts'

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'quiet'

/** Where lines go, and how wide they may be. */
export interface Paper {
  readonly columns: number
  readonly colours: boolean
  write(text: string): void
}

/** Longest line of a page without a width of its own. */
const WIDEST = 100
const NARROWEST = 60
/** `  12.3 s  ` and the speaker before each text. */
const TIME_WIDTH = 8
const SPEAKER_WIDTH = 10

const STYLES = { plain: [], good: ['green'], warn: ['yellow'], bad: ['red', 'bold'], quiet: ['dim'] } as const

/** What the link does in each state, for people. */
const DOING: Readonly<Record<LinkState, string>> = {
  opening: 'opens the serial line',
  probing: 'looks for the modem: data mode? baud rate? echo?',
  attaching: 'SIM, network, PDP context: whatever is missing',
  ready: 'can dial for whoever connects',
  dialing: 'AT+CIPSTART, until the modem says CONNECT',
  online: 'data mode: bytes flow',
  escaping: 'from data mode to command mode',
  commanding: 'AT commands, the connection stays',
  resuming: 'ATO: back to data mode',
  closing: 'waits until all is acknowledged, then hangs up',
  recovering: 'one rung of the ladder',
  stopping: 'hangs up in order, lets the line go',
  stopped: 'it is over',
}

/** Events by the part that tells of them, where the name of the event is long. */
const SPEAKERS: Readonly<Record<string, string>> = {
  registered: 'network',
  'carrier-lost': 'carrier',
  'session-end': 'session',
  'hung-up': 'hang-up',
  'dial-failed': 'dialing',
  'under-voltage': 'modem',
  'baud-rate': 'modem',
  'init-command': 'modem',
  recovering: 'ladder',
  rung: 'ladder',
}

/** stdout, with colours if a person looks at it and has not said NO_COLOR (no-color.org). */
export function paperOf(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Paper {
  const unwanted = environment.NO_COLOR !== undefined && environment.NO_COLOR !== ''
  return {
    columns: Math.min(WIDEST, Math.max(NARROWEST, stream.columns || 80)),
    colours: stream.isTTY && !unwanted,
    write: (text) => void stream.write(text),
  }
}

export class DemoPrint {
  readonly #paper: Paper
  readonly #clock: () => number
  readonly #dialogue: boolean
  #asking = false
  #hint: unknown

  /**
   * @param clock seconds since the beginning
   * @param dialogue whether every AT line is shown
   */
  constructor(paper: Paper, clock: () => number, dialogue: boolean) {
    this.#paper = paper
    this.#clock = clock
    this.#dialogue = dialogue
  }

  /** A step of the story. */
  heading(text: string): void {
    this.#paper.write(`\n${this.#wrapped(text, this.#paper.columns, '', 'heading')}\n`)
  }

  /** Text without a time, as it is. */
  text(text: string, tone: Tone = 'plain'): void {
    this.#paper.write(`${this.#style(text, tone)}\n`)
  }

  /** Something happened. */
  line(speaker: string, text: string, tone: Tone = 'plain'): void {
    const time = `${this.#clock().toFixed(1)} s`.padStart(TIME_WIDTH - 1)
    const indent = ' '.repeat(TIME_WIDTH + SPEAKER_WIDTH + 1)
    const head = `${time}  ${speaker.padEnd(SPEAKER_WIDTH - 1)} `
    const body = this.#wrapped(text, this.#paper.columns - indent.length, indent, tone)
    this.#paper.write(`${this.#style(head, 'quiet')}${body}\n`)
  }

  /** While `work` goes on, the AT dialogue is shown. */
  async showingDialogue<T>(work: () => Promise<T>): Promise<T> {
    this.#asking = true
    try {
      return await work()
    } finally {
      this.#asking = false
    }
  }

  /** One line of the daemon's own journal (JSON). */
  journal(json: string): void {
    const told = JSON.parse(json) as Readonly<Record<string, unknown>>
    const message = String(told.msg)
    if (told.event === 'at') {
      if (this.#dialogue || this.#asking) this.line('at', message, 'quiet')
    } else if (told.event === 'state') {
      const state = String(told.to) as LinkState
      this.line('link', `${state}: ${DOING[state]}`, 'quiet')
    } else if (told.level !== 'debug' && told.level !== 'trace') {
      const event = String(told.event)
      this.line(SPEAKERS[event] ?? event, `${message}${figures(told)}`, toneOf(told))
      // Two events of one fault have the same hint: once is enough.
      if (typeof told.hint === 'string' && told.hint !== this.#hint) this.line('', `→ ${told.hint}`, toneOf(told))
      this.#hint = told.hint
    }
  }

  #wrapped(text: string, width: number, indent: string, tone: Tone | 'heading'): string {
    return wrap(text, width)
      .map((part, index) => (index === 0 ? '' : indent) + this.#style(part, tone))
      .join('\n')
  }

  #style(text: string, tone: Tone | 'heading'): string {
    if (!this.#paper.colours || tone === 'plain') return text
    return tone === 'heading' ? styleText('bold', text) : styleText([...STYLES[tone]], text)
  }
}

/** `24,576 bytes` */
export function bytes(count: number): string {
  return `${count.toLocaleString('en-US')} bytes`
}

function toneOf({ level }: Readonly<Record<string, unknown>>): Tone {
  if (level === 'error') return 'bad'
  return level === 'warn' ? 'warn' : 'plain'
}

/** The figures of an event, as a person says them. */
function figures({ fault, rung, attempt, bytesUp, bytesDown, unacked, durationMs }: Record<string, unknown>): string {
  const parts = [
    typeof fault === 'string' ? `fault ${fault}` : '',
    typeof rung === 'string' && typeof attempt === 'number' ? `rung ${rung}, attempt ${attempt}` : '',
    typeof bytesUp === 'number' ? `${bytes(bytesUp)} up` : '',
    typeof bytesDown === 'number' ? `${bytes(bytesDown)} down` : '',
    typeof unacked === 'number' ? `${unacked} not acknowledged` : '',
    typeof durationMs === 'number' ? `${durationMs} ms` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
