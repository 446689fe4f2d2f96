/** The modem on a pseudo-terminal that any serial program can open. */
import { readlink, rm, symlink } from 'node:fs/promises'
import { openPseudoTerminal } from '../core/pseudo-terminal.ts'
import { joinStream } from './stream-socket.ts'
import type { VirtualModem } from './virtual-modem.ts'

export interface PtySocket {
  /** `/dev/pts/N`. */
  readonly path: string
  /** Idempotent; takes the link away too. */
  close(): Promise<void>
}

/**
 * Serves the modem on a new pseudo-terminal; `link` is a stable name for it and replaces an older link.
 * Rejects with the system's error if there are no pseudo-terminals, or if `link` is something else than a link.
 */
export async function servePty(modem: VirtualModem, link?: string): Promise<PtySocket> {
  const terminal = await openPseudoTerminal()
  const leave = joinStream(modem, terminal.stream, {
    rate: () => terminal.lineSettings()?.baudRate,
    // Not reading the master stops the program whatever its settings are: a pseudo-terminal has no other CTS.
    obeysCts: () => terminal.lineSettings()?.hardwareFlow ?? true,
  })
  let linked = false
  const close = async (): Promise<void> => {
    leave()
    if (link !== undefined && linked && (await pointsTo(link, terminal.path))) await rm(link, { force: true })
    linked = false
    await terminal.close()
  }
  try {
    if (link !== undefined) {
      await replaceLink(terminal.path, link)
      linked = true
    }
  } catch (error) {
    await close()
    throw error
  }
  return { path: terminal.path, close }
}

async function pointsTo(link: string, path: string): Promise<boolean> {
  return (await readlink(link).catch(() => undefined)) === path
}

async function replaceLink(path: string, link: string): Promise<void> {
  // Only a link is replaced: `readlink` fails on a file.
  if ((await readlink(link).catch(() => undefined)) !== undefined) await rm(link)
  await symlink(path, link)
}
