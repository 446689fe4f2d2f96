/** The built program as a child process: what it says, and how it ends. For test/system, in real time. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { now, sleep, withDeadline } from '../../src/core/time.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Another build or an installed program may be named instead, to put that one to the test. */
const OTHER_PROGRAM = process.env.CIPBRIDGE_PROGRAM
const PROGRAM = OTHER_PROGRAM ?? `${ROOT}dist/main.js`

/** `npm test` has built it; whoever runs vitest alone gets what is in src/ as well. Test files start side by side. */
const BUILD_IF_OLDER = 'test -z "$(find src build.mjs -newer dist/main.js 2>&1)" || exec node build.mjs'

/** Longer than anything that a test waits for takes on a busy machine. */
const PATIENCE_MS = 30_000
const POLL_MS = 10

/** One line of the daemon's log with `log.format: json`. */
export interface LogLine {
  readonly level: string
  readonly event: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface StartOptions {
  /** Besides this process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** Instead of the build in dist/. */
  readonly program?: string
}

let built = false
const living = new Set<BuiltProgram>()
process.once('exit', () => {
  for (const program of living) program.kill('SIGKILL')
})

export class BuiltProgram {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #ended: Promise<unknown>
  /** Of what is in `stdout`. */
  readonly log: LogLine[] = []
  stdout = ''
  stderr = ''
  #rest = ''

  private constructor(args: readonly string[], { env = {}, program = PROGRAM }: StartOptions) {
    this.#child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    living.add(this)
    // 'close' comes after the last of the output.
    this.#ended = once(this.#child, 'close').finally(() => living.delete(this))
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  /** `cipbridge ARGS`. */
  static start(...args: readonly string[]): BuiltProgram {
    return BuiltProgram.startWith({}, ...args)
  }

  /** The same in another environment, or with another program. */
  static startWith(options: StartOptions, ...args: readonly string[]): BuiltProgram {
    if (!built && OTHER_PROGRAM === undefined) {
      execFileSync('flock', ['build.mjs', 'sh', '-c', BUILD_IF_OLDER], { cwd: ROOT, stdio: 'pipe' })
    }
    built = true
    return new BuiltProgram(args, options)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** undefined while it runs; the signal's name if that ended it. */
  get exit(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves with `exit` when it has ended and all its output is here; fails if it takes longer than `limitMs`. */
  async over(limitMs = PATIENCE_MS): Promise<number | string | undefined> {
    const late = (): Error => new Error(`did not end within ${limitMs} ms\n${this.tail}`)
    await withDeadline(limitMs, late, undefined, async (limit) => {
      limit.addEventListener('abort', () => this.kill('SIGKILL'))
      await this.#ended
      limit.throwIfAborted()
    })
    return this.exit
  }

  /** Log lines of one event. */
  told(event: string): LogLine[] {
    return this.log.filter((line) => line.event === event)
  }

  /** The commands that the modem was given, by `log.level: debug`. */
  get commands(): string[] {
    return this.told('at').flatMap(({ msg }) => (msg.startsWith('» ') ? [msg.slice(2)] : []))
  }

  /** For the message of a test that fails. */
  get tail(): string {
    return `${this.stdout.split('\n').slice(-25).join('\n')}${this.stderr}`
  }

  #take(text: string): void {
    this.stdout += text
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) this.log.push(JSON.parse(line) as LogLine)
  }
}

/** Runs a verb to its end. */
export async function cipbridge(...args: readonly string[]): Promise<BuiltProgram> {
  const program = BuiltProgram.start(...args)
  await program.over()
  return program
}

/** Waits until `condition` holds; fails after `limitMs` with `what` and whatever `tail` has to say. */
export async function until(
  condition: () => boolean,
  what: string,
  tail: () => string = () => '',
  limitMs = PATIENCE_MS,
): Promise<void> {
  const giveUpAt = now() + limitMs
  while (!condition()) {
    if (now() > giveUpAt) throw new Error(`not within ${limitMs} ms: ${what}\n${tail()}`)
    await sleep(POLL_MS)
  }
}
