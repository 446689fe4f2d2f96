/** The modem's IP stack for a single connection: ten states, a context, at most one carrier (AT manual 8.2.12). */
import { isIPv4 } from 'node:net'
import type { Duplex } from 'node:stream'
import { abortable, after, sleep } from '../core/time.ts'
import { Carrier, type CarrierParts } from './carrier.ts'
import { dialTcp } from './dial-tcp.ts'
import type { Network } from './network.ts'
import { Server } from './server.ts'
import type { Settings } from './settings.ts'

export type Transport = 'TCP' | 'UDP'

/** As AT+CIPSTATUS prints them. */
export type IpState =
  | 'IP INITIAL'
  | 'IP START'
  | 'IP CONFIG'
  | 'IP GPRSACT'
  | 'IP STATUS'
  | `${Transport} CONNECTING`
  | 'SERVER LISTENING'
  | 'CONNECT OK'
  | `${Transport} CLOSING`
  | `${Transport} CLOSED`
  | 'PDP DEACT'

export interface StackParts extends Omit<CarrierParts, 'ended' | 'keepalive' | 'transfer'> {
  readonly network: Network
  readonly settings: Settings
  readonly attached: () => boolean
  /** The carrier is up; `transparent` as the modem understands it; `caller` is the address of who called. */
  readonly connected: (transparent: boolean, caller: string | undefined) => void
  readonly connectFailed: (state: IpState) => void
  /** The DTE closed the connection: DCD follows. */
  readonly hungUp: () => void
  /** The carrier ended; `word` is the line for it. */
  readonly closed: (word: string) => void
  /** The context is gone, and a carrier with it if there was one. */
  readonly deactivated: () => void
}

const WITH_CONTEXT: readonly IpState[] = [
  'IP GPRSACT',
  'IP STATUS',
  'TCP CONNECTING',
  'UDP CONNECTING',
  'SERVER LISTENING',
  'CONNECT OK',
  'TCP CLOSING',
  'UDP CLOSING',
  'TCP CLOSED',
  'UDP CLOSED',
]

export class IpStack {
  readonly #parts: StackParts
  state: IpState = 'IP INITIAL'
  #carrier: Carrier | undefined
  /** Of the newest connection. */
  #transport: Transport = 'TCP'
  #dial: AbortController | undefined
  readonly server: Server
  /** The fault `not-transparent` sticks until a reset. */
  #opaque = false
  #addresses = 0
  #ends: readonly [number, number] = [0, 0]

  constructor(parts: StackParts) {
    this.#parts = parts
    this.server = new Server(parts.network, (peer, address) => this.#called(peer, address))
    parts.conditions.onChange(() => this.#carrier?.look())
  }

  get carrier(): Carrier | undefined {
    return this.#carrier
  }

  /** The local address; undefined without a context (AT manual 8.2.11). */
  get address(): string | undefined {
    return WITH_CONTEXT.includes(this.state) ? `10.64.0.${String((this.#addresses % 250) + 2)}` : undefined
  }

  /** Sent and acknowledged bytes of this or the last connection (AT manual 8.2.21, +CIPACK). */
  get counters(): readonly [number, number] {
    return this.#carrier ? [this.#carrier.uplink.sent, this.#carrier.uplink.acked] : this.#ends
  }

  /** AT+CIICR, from IP START: whether the context came up. Rejects when `signal` aborts. */
  async activate(signal: AbortSignal): Promise<boolean> {
    const { knobs, conditions } = this.#parts
    this.#set('IP CONFIG')
    await sleep(knobs.contextTime, signal)
    if (!this.#is('IP CONFIG')) return false
    if (!this.#parts.attached() || conditions.has('context-failed')) {
      this.state = knobs.contextFailState
      return false
    }
    this.#addresses++
    this.state = 'IP GPRSACT'
    return true
  }

  /** AT+CIPSTART after its `OK`: connects, and tells the outcome by `connected` or `connectFailed`. */
  dial(transport: Transport, host: string, port: number): void {
    this.#transport = transport
    // Failures are told; what is thrown here is a bug and goes up.
    this.#dialling(host, port).catch((bug: unknown) => {
      throw bug
    })
  }

  async #dialling(host: string, port: number): Promise<void> {
    const dial = new AbortController()
    this.#dial?.abort(new Error('dialled again'))
    this.#dial = dial
    const peer = await this.#reach(host, port, dial)
    if (this.#dial !== dial) {
      peer?.destroy()
      return
    }
    this.#dial = undefined
    if (peer) this.#established(peer)
    else this.#parts.connectFailed(this.state)
  }

  /** AT+CIPSERVER=1: whether it is legal here (modem-facts 2). Rejects when `signal` aborts. */
  async listen(port: number, signal: AbortSignal): Promise<boolean> {
    if (this.state !== 'IP INITIAL' && this.state !== 'IP STATUS') return false
    if (this.state === 'IP INITIAL' && !(await this.activate(signal))) return false
    await sleep(this.#parts.knobs.quickTime, signal)
    this.server.open(port)
    this.state = 'SERVER LISTENING'
    return true
  }

  /** AT+CIPSERVER=0: a caller who is connected stays (app note 2.1.3). */
  stopListening(): boolean {
    if (!this.server.port) return false
    this.server.close()
    if (this.state === 'SERVER LISTENING') this.state = this.#parts.knobs.serverClosed
    return true
  }

  /** AT+CIPCLOSE: whether it was legal here; the state follows when it is done. */
  async close(quick: boolean, signal: AbortSignal): Promise<boolean> {
    if (!['CONNECT OK', `${this.#transport} CONNECTING`, 'SERVER LISTENING'].includes(this.state)) return false
    if (this.state === 'SERVER LISTENING') this.server.close()
    this.#dial?.abort(new Error('closed'))
    this.#dial = undefined
    const carrier = this.#carrier
    this.#forgetCarrier()
    this.state = `${this.#transport} CLOSING`
    carrier?.close(quick)
    await sleep(quick ? this.#parts.knobs.quickTime : this.#parts.knobs.closeTime, signal)
    if (this.#is(`${this.#transport} CLOSING`)) this.#set(this.#stateAfterCarrier())
    this.#parts.hungUp()
    return true
  }

  /** AT+CIPSHUT. */
  shut(): void {
    this.#drop()
    this.state = 'IP INITIAL'
    this.#parts.hungUp()
    this.#parts.conditions.cure('shut')
  }

  /** The network, AT+CGATT=0 or AT+CFUN takes the context down. */
  deactivate(): void {
    if (!WITH_CONTEXT.includes(this.state)) {
      if (this.state === 'IP CONFIG') this.state = this.#parts.knobs.contextFailState
      return
    }
    this.#drop()
    this.state = 'PDP DEACT'
    this.#parts.deactivated()
  }

  /** The connection breaks, and the modem learns of it at once. */
  breakCarrier(word = 'CLOSED'): void {
    if (!this.#carrier) return
    this.#carrier.destroy()
    this.#ended(word)
  }

  /** Power or reset. */
  clear(): void {
    this.#drop()
    this.state = 'IP INITIAL'
    this.#opaque = false
    this.#ends = [0, 0]
  }

  /** Both as methods: the state changes while others wait. */
  #is(state: IpState): boolean {
    return this.state === state
  }
  #set(state: IpState): void {
    this.state = state
  }

  /** The peer, or undefined with the state that the failure left. */
  async #reach(host: string, port: number, dial: AbortController): Promise<Duplex | undefined> {
    try {
      if (this.state === 'IP INITIAL' && !(await this.activate(dial.signal))) return undefined
      this.state = `${this.#transport} CONNECTING`
      return await this.#connect(host, port, dial)
    } catch {
      const { failState } = this.#parts.knobs
      if (this.#dial === dial) this.state = failState === 'TCP CLOSED' ? `${this.#transport} CLOSED` : failState
      return undefined
    }
  }

  async #connect(host: string, port: number, dial: AbortController): Promise<Duplex> {
    const { network, settings, knobs, conditions } = this.#parts
    const limit = after(knobs.connectLimit, () => dial.abort(new Error('connect: no answer')))
    try {
      await sleep(knobs.connectTime, dial.signal)
      if (conditions.has('name-unknown') && !isIPv4(host)) throw new Error('connect: no such name')
      // UDP asks nobody: it fails only where a name has no address.
      if (this.#transport === 'UDP') return await this.#openUdp(host, port, dial.signal)
      if (conditions.has('peer-refused')) throw new Error('connect: refused')
      const unheard = conditions.has('peer-timeout') || conditions.has('peer-silent')
      if (unheard) await sleep(2 * knobs.connectLimit, dial.signal)
      const peer = dialTcp(network, settings.passing, knobs, host, port, dial.signal)
      // A peer that answers after the limit is let go.
      const letGo = (late: Duplex): void => {
        if (dial.signal.aborted) late.destroy()
      }
      peer.then(letGo, () => undefined)
      return await abortable(peer, dial.signal)
    } finally {
      limit.cancel()
    }
  }

  #openUdp(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const { network, settings } = this.#parts
    const [, own] = settings.passing.clport
    const socket = network.openUdp?.(host, port, signal, own === 0 ? undefined : own)
    return socket ? abortable(socket, signal) : Promise.reject(new Error('this network has no UDP'))
  }

  #called(peer: Duplex, address: string): void {
    const unheard = this.#parts.conditions.has('peer-silent')
    if (this.state === 'SERVER LISTENING' && !unheard) this.#established(peer, address)
    else peer.destroy()
  }

  #stateAfterCarrier(): IpState {
    if (!this.server.port) return `${this.#transport} CLOSED`
    const state = this.#parts.knobs.serverAfterCall
    if (state === 'TCP CLOSED') this.server.close()
    return state
  }

  #established(peer: Duplex, caller?: string): void {
    const { settings } = this.#parts
    if (this.#parts.conditions.has('not-transparent')) this.#opaque = true
    this.state = 'CONNECT OK'
    if (caller !== undefined) this.#transport = 'TCP'
    this.#carrier = new Carrier(peer, this.#transport, {
      ...this.#parts,
      transfer: () => settings.ip.ccfg,
      keepalive: () => this.#keepalive(),
      ended: () => this.#ended('CLOSED'),
    })
    this.#parts.record.connects++
    this.#parts.connected(settings.ip.cipmode === 1 && !this.#opaque, caller)
    this.#carrier.look()
  }

  #keepalive(): { idle: number; interval: number; count: number } | undefined {
    const [mode, idle = 0, interval = 0, count = 0] = this.#parts.settings.passing.tka.split(',').map(Number)
    return mode === 1 ? { idle, interval, count } : undefined
  }

  #ended(word: string): void {
    this.#forgetCarrier()
    this.state = this.#stateAfterCarrier()
    this.#parts.closed(word)
  }

  #forgetCarrier(): void {
    this.#ends = this.counters
    this.#carrier = undefined
  }

  #drop(): void {
    this.#dial?.abort(new Error('shut'))
    this.#dial = undefined
    this.server.close()
    this.#carrier?.destroy()
    this.#forgetCarrier()
  }
}
