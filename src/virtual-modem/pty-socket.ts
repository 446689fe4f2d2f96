/** The modem on a pseudo-terminal that any serial program can open. */
import { readlink, rm, symlink } from 'node:fs/promises'
import { openPseudoTerminal, type PseudoTerminal } from '../core/pseudo-terminal.ts'
import { joinStream } from './stream-socket.ts'
import type { VirtualModem } from './virtual-modem.ts'

export interface PtySocket {
  /** `/dev/pts/N`; another one each time that the modem is plugged in again. */
  readonly path: string
  /** Idempotent; takes the link away too. */
  close(): Promise<void>
}

/**
 * Serves the modem on a new pseudo-terminal; `link` is a stable name for it and replaces an older link. A wire that is
 * pulled out takes device and link away, as an adapter does, and brings a new device back under the same name.
 * @param onBack told of that device
 *
 * Rejects with the system's error if there are no pseudo-terminals, or if `link` is something else than a link.
 */
export async function servePty(
  modem: VirtualModem,
  link?: string,
  onBack: (path: string) => void = () => undefined,
): Promise<PtySocket> {
  const socket = new ServedPty(modem, link, onBack)
  try {
    await socket.offer()
    return socket
  } catch (error) {
    await socket.close()
    throw error
  }
}

class ServedPty implements PtySocket {
  path = ''
  readonly #modem: VirtualModem
  readonly #link: string | undefined
  #terminal: PseudoTerminal | undefined
  #linked = false
  /** One change at a time. */
  #changing: Promise<void> = Promise.resolve()
  readonly #endWatch: () => void

  constructor(modem: VirtualModem, link: string | undefined, onBack: (path: string) => void) {
    this.#modem = modem
    this.#link = link
    this.#endWatch = modem.wire.watchPlug((plugged) => {
      const change = plugged ? this.offer().then(() => onBack(link ?? this.path)) : this.#next(() => this.#withdraw())
      // Nobody waits for it: a terminal that cannot be had is a device that stays away.
      change.catch(() => undefined)
    })
  }

  offer(): Promise<void> {
    return this.#next(() => this.#open())
  }

  close(): Promise<void> {
    this.#endWatch()
    return this.#next(() => this.#withdraw())
  }

  #next(change: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(change)
    this.#changing = changed.catch(() => undefined)
    return changed
  }

  async #open(): Promise<void> {
    if (this.#terminal || !this.#modem.wire.plugged) return
    const terminal = await openPseudoTerminal()
    this.#terminal = terminal
    this.path = terminal.path
    joinStream(this.#modem, terminal.stream, {
      rate: () => terminal.lineSettings()?.baudRate,
      // Not reading the master stops the program whatever its settings are: a pseudo-terminal has no other CTS.
      obeysCts: () => terminal.lineSettings()?.hardwareFlow ?? true,
    })
    if (this.#link === undefined) return
    await replaceLink(terminal.path, this.#link)
    this.#linked = true
  }

  async #withdraw(): Promise<void> {
    const terminal = this.#terminal
    const link = this.#link
    this.#terminal = undefined
    if (!terminal) return
    if (link !== undefined && this.#linked && (await pointsTo(link, terminal.path))) await rm(link, { force: true })
    this.#linked = false
    await terminal.close()
  }
}

async function pointsTo(link: string, path: string): Promise<boolean> {
  return (await readlink(link).catch(() => undefined)) === path
}

async function replaceLink(path: string, link: string): Promise<void> {
  // Only a link is replaced: `readlink` fails on a file.
  if ((await readlink(link).catch(() => undefined)) !== undefined) await rm(link)
  await symlink(path, link)
}
