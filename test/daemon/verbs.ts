/** Verbs as a person types them, in this process: what they print, and their exit code. */
import { onTestFinished, vi } from 'vitest'
import yargs, { type CommandModule } from 'yargs'

export interface Spoken {
  readonly stdout: () => string
  readonly stderr: () => string
  /** The exit code, once the verb is over. */
  readonly over: Promise<number | string | null | undefined>
}

/** Runs a verb; the words are those after `cipbridge`. */
export function speak<A>(command: CommandModule<object, A>, ...words: string[]): Spoken {
  const [out, err]: [string[], string[]] = [[], []]
  process.exitCode = undefined
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
  const restore = (): void => {
    stdout.mockRestore()
    stderr.mockRestore()
    process.exitCode = undefined
  }
  onTestFinished(restore)
  const parsed = yargs(words).command(command).exitProcess(false).strict().parseAsync()
  const over = Promise.resolve(parsed).then(() => {
    const code = process.exitCode
    restore()
    return code
  })
  return { stdout: () => out.join(''), stderr: () => err.join(''), over }
}

/** The same, until it is over. */
export async function spoken<A>(
  command: CommandModule<object, A>,
  ...words: string[]
): Promise<{ stdout: string; stderr: string; code: number | string | null | undefined }> {
  const { over, stdout, stderr } = speak(command, ...words)
  const code = await over
  return { stdout: stdout(), stderr: stderr(), code }
}
