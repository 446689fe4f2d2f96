/** What a dial needs besides where to: settings of the modem that hold for every dial after them (modem-facts 1.4). */
import type { AtCommand } from '../at/command.ts'
import { localPort, modemTls } from '../at/dial-options.ts'
import { Fault } from '../core/fault.ts'
import { CommandFault } from '../dte/command-fault.ts'
import { say } from '../dte/dialogue.ts'
import type { Dte } from '../dte/dte.ts'

export interface DialOptions {
  /** The port that the modem dials from; any unless stated. */
  readonly localPort?: number | undefined
  /** The modem itself speaks TLS. */
  readonly modemTls?: boolean | undefined
  /** `udp`; everything else is carried by TCP. */
  readonly scheme?: 'tcp' | 'tls' | 'udp'
}

/** Keeps what the modem was told, so that most dials need no command; undefined where that is not known. */
export class DialSettings {
  /** Each transport has its own. */
  readonly #ports: { TCP: number | undefined; UDP: number | undefined } = { TCP: undefined, UDP: undefined }
  #tls: boolean | undefined
  /** Somebody wants, or wanted, other than the modem's defaults. */
  #used: boolean

  /** @param used whether any route wants other than the defaults: an earlier daemon may have set them */
  constructor(used: boolean) {
    this.#used = used
    if (!used) this.#assume()
  }

  #assume(): void {
    this.#ports.TCP = 0
    this.#ports.UDP = 0
    this.#tls = false
  }

  /** The modem may have been restarted, or not. */
  forget(): void {
    if (!this.#used) return
    this.#ports.TCP = undefined
    this.#ports.UDP = undefined
    this.#tls = undefined
  }

  /** Whether the modem may have other settings than it started with. */
  get strange(): boolean {
    return this.#ports.TCP !== 0 || this.#ports.UDP !== 0 || this.#tls !== false
  }

  /** Puts everything back as the modem starts with it. @throws as `apply` */
  async reset(dte: Dte, signal: AbortSignal): Promise<void> {
    await this.apply(dte, {}, signal)
    await this.apply(dte, { scheme: 'udp' }, signal)
  }

  /** Tells the modem what is not as the dial wants it. @throws Fault config-invalid if it cannot do that, no-answer */
  async apply(
    dte: Dte,
    { localPort: port = 0, modemTls: tls = false, scheme }: DialOptions,
    signal: AbortSignal,
  ): Promise<void> {
    if (port !== 0 || tls) this.#used = true
    const transport = scheme === 'udp' ? 'UDP' : 'TCP'
    if (port !== this.#ports[transport]) {
      this.#ports[transport] = undefined
      const why = 'the modem refuses AT+CLPORT: without localPort it takes any port'
      await tell(dte, localPort(transport, port), port === 0 ? undefined : why, signal)
      this.#ports[transport] = port
    }
    if (tls === this.#tls) return
    this.#tls = undefined
    const why = 'the modem refuses AT+CIPSSL: its firmware has no TLS; to: tls://… lets this machine speak it'
    await tell(dte, modemTls(tls), tls ? why : undefined, signal)
    this.#tls = tls
  }
}

/** @param why what a refusal means; undefined: what the modem does not know it cannot have set */
async function tell(dte: Dte, command: AtCommand, why: string | undefined, signal: AbortSignal): Promise<void> {
  try {
    await say(dte, command, signal)
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    if (why !== undefined) throw new Fault('config-invalid', why, { cause: error })
  }
}
