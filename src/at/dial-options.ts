/** What may be said before a dial, and after one that failed. */
import type { AtCommand } from './command.ts'
import { quoted } from './commands.ts'

/** For commands whose maximum the manual does not state: ms. */
const UNSTATED = 10_000
/** A name server that does not answer is asked several times; nothing states how often: ms. */
const LOOK_UP_MS = 60_000

/** The port that the modem dials from, 0 for any: lasts until a restart (app note 2.3, modem-facts 1.3). */
export const localPort = (transport: 'TCP' | 'UDP', port: number): AtCommand => ({
  text: `+CLPORT="${transport}",${port}`,
  timeoutMs: UNSTATED,
  parse: () => undefined,
})

/** Whether the modem itself speaks TLS with whom it dials; not in every firmware (modem-facts 1.3, 3.7). */
export const modemTls = (on: boolean): AtCommand => ({
  text: `+CIPSSL=${on ? 1 : 0}`,
  timeoutMs: UNSTATED,
  parse: () => undefined,
})

export type LookUp =
  | { readonly found: true }
  /** 8: no such name, or no answer; 3: no network. */
  | { readonly found: false; readonly error: number }

/** What the name server says of a host name. `OK` first, then the answer (app note 5). */
export const lookUp = (name: string): AtCommand<LookUp> => ({
  text: `+CDNSGIP=${quoted(name)}`,
  timeoutMs: LOOK_UP_MS,
  information: /^\+CDNSGIP: [01],/,
  needs: 'and-ok',
  parse: ({ information }) => {
    const [, error] = /^\+CDNSGIP: 0, ?(\d+)/.exec(information[0] ?? '') ?? []
    return error === undefined ? { found: true } : { found: false, error: Number(error) }
  },
})
