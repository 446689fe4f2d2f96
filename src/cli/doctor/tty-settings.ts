/** A tty's settings as stty(1) writes them down, to put them back after a look. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The speed beside the rest, which stty 9.1 wants to be told by itself. */
export type TtySettings = readonly [speed: string, rest: string]

/** undefined where there are none: no tty, or no stty. */
export async function rememberTty(path: string): Promise<TtySettings | undefined> {
  try {
    const ask = async (what: string): Promise<string> => (await run('stty', ['-F', path, what])).stdout.trim()
    return [await ask('speed'), await ask('-g')]
  } catch {
    return undefined
  }
}

/**
 * All but the hang-up at the last close: DTR would drop, which ends data mode, or the connection, in a modem with &D1
 * or &D2. To be called while the port is still open and locked.
 * @returns whether that could be done
 */
export async function restoreTty(path: string, settings: TtySettings): Promise<boolean> {
  try {
    await run('stty', ['-F', path, ...settings, '-hupcl'])
    return true
  } catch {
    return false
  }
}
