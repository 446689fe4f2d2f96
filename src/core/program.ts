/** Runs a program of the user's: without a shell, and not for ever. */
import { type ChildProcess, spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import { after, reasonOf, type Timer } from './time.ts'

export interface ProgramEnd {
  readonly succeeded: boolean
  /** How it ended, such as `ended with exit code 3`. */
  readonly outcome: string
  /** The last line that it wrote, on either output. */
  readonly lastLine: string
}

/** A program that does not end on SIGTERM is killed so much later, in ms. */
const KILL_AFTER_MS = 2_000
/** The last of its output may arrive so much after its end, in ms. */
const LAST_WORDS_MS = 500
/** As much of its output as can matter for one line in the log. */
const KEPT_CHARACTERS = 200

/**
 * Resolves when the program is over, also when it could not be started or took longer than `limitMs`. Aborted for a stop
 * it is ended and the reason thrown; any other news is not worth a half-switched power.
 * @param input what it reads from its standard input; nothing unless given
 */
export async function runProgram(
  words: readonly string[],
  limitMs: number,
  signal: AbortSignal,
  input = '',
): Promise<ProgramEnd> {
  const [program = '', ...args] = words
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], shell: false })
  // A program that does not read is none the worse for it.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const tail = new Tail(child)
  const ending = new Ending(child)
  const limit = after(limitMs, () => ending.begin())
  const onAbort = (): void => {
    if (isStop(signal)) ending.begin()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) onAbort()
    const outcome = await endOf(child)
    if (isStop(signal)) throw reasonOf(signal)
    const late = ending.begun ? ` after ${limitMs / 1000} s, which is too long` : ''
    return { succeeded: outcome === SUCCESS, outcome: `${outcome}${late}`, lastLine: tail.lastLine }
  } finally {
    limit.cancel()
    ending.over()
    signal.removeEventListener('abort', onAbort)
  }
}

const SUCCESS = 'ended with exit code 0'

/** The machine's word for it: every other event leaves the daemon in need of a modem. */
function isStop(signal: AbortSignal): boolean {
  return signal.aborted && reasonOf(signal).message === 'stopRequested'
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    child.once('exit', (code, killedBy) => {
      const outcome = code === null ? `was ended by ${String(killedBy)}` : `ended with exit code ${code}`
      // What it leaves running may keep the pipes open: its last words are waited for, not their end.
      const limit = after(LAST_WORDS_MS, () => resolve(outcome))
      child.once('close', () => {
        limit.cancel()
        resolve(outcome)
      })
    })
  })
}

/** SIGTERM, then SIGKILL. */
class Ending {
  readonly #child: ChildProcess
  #timer: Timer | undefined
  begun = false

  constructor(child: ChildProcess) {
    this.#child = child
  }

  begin(): void {
    if (this.begun) return
    this.begun = true
    this.#child.kill('SIGTERM')
    this.#timer = after(KILL_AFTER_MS, () => this.#child.kill('SIGKILL'))
  }

  over(): void {
    this.#timer?.cancel()
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }
}

/** The end of what a program writes. */
class Tail {
  #text = ''

  constructor({ stdout, stderr }: ChildProcess) {
    for (const stream of [stdout, stderr]) {
      const decoder = new StringDecoder('utf8')
      stream?.on('data', (chunk: Buffer) => {
        this.#text = (this.#text + decoder.write(chunk)).slice(-2 * KEPT_CHARACTERS)
      })
    }
  }

  get lastLine(): string {
    return (this.#text.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, KEPT_CHARACTERS)
  }
}
