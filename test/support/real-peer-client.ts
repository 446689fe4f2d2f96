/** Programs that people use, as clients of the bridge: found where they are installed, run to their end. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'

export interface ClientRun {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Servers are often kept out of the path of users. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
const LIMIT_MS = 30_000

/** The path of a program; undefined if it is not installed. */
export function installed(program: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Runs a client with `input` on its standard input; it is killed if it takes too long, and `exit` is null then. */
export async function runClient(
  program: string,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<ClientRun> {
  const child = spawn(program, args, { timeout: LIMIT_MS, killSignal: 'SIGKILL' })
  // A client that ends before it has read its input says why by its exit code.
  child.stdin.on('error', () => undefined).end(input)
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject)),
  ])
  return { exit, stdout, stderr }
}
