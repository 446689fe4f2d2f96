/** The link: supervises the modem for as long as the daemon lives, and gives a carrier to whoever may have one. */
import { EventEmitter } from 'node:events'
import type { Config } from '../config/schema.ts'
import { Fault, isFault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import { Memory } from '../core/memory.ts'
import type { OpenPort } from '../core/port.ts'
import { now, wallClock } from '../core/time.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { Dte } from '../dte/dte.ts'
import { type OpenGpio, openGpioLine } from '../line/gpio-line.ts'
import type { LineTap } from '../line/line-tap.ts'
import { giveAnswers } from './asks.ts'
import type { BudgetFigures } from './budget.ts'
import type { Call } from './calls.ts'
import { type Life, newLife } from './life.ts'
import { listenTo } from './notices.ts'
import type { Asked, Destination } from './orders.ts'
import { describeModem, forgetSettings, type Makings, type ModemFacts, type Parts, welcome } from './parts.ts'
import type { RecoveryStep } from './recovery.ts'
import type { Serving } from './serving.ts'
import { sameSettings } from './settings.ts'
import type { ActiveState, LinkEvent, LinkState } from './states.ts'

/** The whole hang-up that a person orders, acknowledgement of the last bytes included, in ms. */
const REDIAL_MS = 10_000

/** What an order to redial comes to: there may be no connection to drop. */
export type Redialled = 'hanging-up' | 'trying-now' | 'nothing-to-drop'

interface LinkEvents {
  /** Whether clients can be served, whenever that changes. */
  usable: [boolean]
  /** Somebody has called the modem; the carrier waits for who takes it. */
  call: [Call]
  transition: [from: LinkState, event: LinkEvent, to: LinkState]
}

export class Link extends EventEmitter<LinkEvents> {
  readonly #makings: Omit<Makings, 'config'>
  #life: Life
  /** Settings that wait until there is no connection. */
  #next: Config | undefined
  #stopOrdered = false
  #since = wallClock()
  #fault: Fault | undefined
  /** A reset waits for the connection to be closed. */
  #resetDue = false

  constructor(
    config: Config,
    openPort: OpenPort,
    journal: Journal,
    memory = new Memory(config.state.folder, journal),
    openGpio: OpenGpio = openGpioLine,
    tap?: LineTap,
  ) {
    super()
    this.#makings = { openPort, openGpio, tap, journal, memory, onCall: (call) => this.#takeCall(call) }
    this.#life = this.#lifeWith(config)
  }

  #lifeWith(config: Config): Life {
    return newLife({ config, ...this.#makings }, (dte) => this.#adopt(dte), {
      onError: (error, state) => this.#onError(error, state),
      onTransition: (from, event, to) => this.#onTransition(from, event, to),
    })
  }

  get #parts(): Parts {
    return this.#life.parts
  }

  get #serving(): Serving {
    return this.#life.serving
  }

  /** Runs until `stop`. @throws whatever is no fault: a bug */
  async run(): Promise<void> {
    for (;;) {
      await this.#live()
      if (this.#stopOrdered) return
      this.#life = this.#lifeWith(this.#next ?? this.#parts.config)
      this.#next = undefined
      this.#fault = undefined
    }
  }

  async #live(): Promise<void> {
    const { budget, inbox, power } = this.#parts
    budget.onChange = () => this.#judge()
    budget.onOverdraft = (fault) => this.#cutOff(fault)
    budget.open()
    try {
      await this.#life.machine.run()
    } finally {
      budget.close()
      inbox.close()
      power.close()
    }
  }

  /** Hangs up in order and lets the line go; `run` returns then. */
  stop(): void {
    this.#stopOrdered = true
    this.#life.machine.tell('stopRequested')
  }

  /**
   * Takes other settings as soon as there is no connection: the line is let go in order and opened anew. A connection is
   * not touched; `pending` tells that it is waited for.
   */
  reconfigure(config: Config): void {
    this.#next = sameSettings(config, this.#parts.config) ? undefined : config
    this.#renewIfFree()
  }

  /** Whether settings wait for the end of the connection. */
  get pending(): boolean {
    return this.#next !== undefined
  }

  #renewIfFree(): void {
    if (this.#next && !this.#serving.connected) this.#life.machine.tell('stopRequested')
  }

  get state(): LinkState {
    return this.#life.machine.state
  }

  /** Whether the state machine still gets on: false is a bug, or a call that hangs in the kernel. */
  get alive(): boolean {
    return this.#parts.heart.beats
  }

  /** Whether a client can be served now. */
  get usable(): boolean {
    return this.#serving.usable
  }

  /** Whether the modem listens for callers. */
  get listening(): boolean {
    return this.#parts.calls.listening
  }

  /** Since when the state is what it is. */
  get since(): Date {
    return this.#since
  }

  /** What stands in the way, while the link is not usable. */
  get fault(): Fault | undefined {
    if (this.usable) return undefined
    return this.#serving.up ? this.#serving.spent : this.#fault
  }

  /** What recovery does about it; undefined while the link is usable and before anything went wrong. */
  get step(): RecoveryStep | undefined {
    return this.#serving.up ? undefined : this.#parts.recovery.step
  }

  /** ISO time at which recovery goes on, or the budget has room again; undefined unless that is waited for. */
  get nextTry(): string | undefined {
    return this.#pause ?? this.#serving.nextPeriod
  }

  get #pause(): string | undefined {
    return this.state === 'recovering' ? this.#parts.recovery.pauseEnd : undefined
  }

  /** What is spent of `limits`; null without limits. */
  get budget(): BudgetFigures | null {
    return this.#parts.budget.figures
  }

  get facts(): Readonly<ModemFacts> {
    return this.#parts.facts
  }

  /** A carrier to `to`. Rejects with the Fault that prevents it, or with the signal's reason. One dial at a time. */
  async dial(to: Destination, signal: AbortSignal): Promise<Carrier> {
    this.#refuseUnless(this.usable)
    return this.#parts.orders.placeDial(to, signal)
  }

  /**
   * One AT command, also beside a live session; taken back when `signal` aborts before the modem was told.
   * @throws Fault if the modem cannot be asked now
   */
  async ask(command: string, signal?: AbortSignal): Promise<Asked> {
    this.#refuseUnless(this.#serving.up)
    return this.#parts.orders.placeAsk(command, signal)
  }

  /**
   * Ends the carrier. With `deliver`, what went up is first acknowledged by the peer and the peer's rest is waited for
   * until it is silent for `lingerMs`; all within `timeoutMs`.
   */
  hangUp(order: { readonly deliver: boolean; readonly lingerMs: number; readonly timeoutMs: number }): void {
    const placedAt = now()
    const { deliver, lingerMs, timeoutMs } = order
    this.#parts.orders.placeHangUp({ deliver, lingerMs, placedAt, deadline: placedAt + timeoutMs })
  }

  /** Drops the connection in order, so that the next client dials anew; a pause of recovery ends at once. */
  redial(): Redialled {
    const { orders, recovery, dte } = this.#parts
    if (dte?.carrier) {
      if (!orders.hangUp) this.hangUp({ deliver: true, lingerMs: 0, timeoutMs: REDIAL_MS })
      return 'hanging-up'
    }
    if (this.#pause === undefined || !recovery.step) return 'nothing-to-drop'
    recovery.step = { ...recovery.step, pauseMs: 0 }
    this.#life.machine.tell('modemLost')
    return 'trying-now'
  }

  /** Restarts the modem; a connection is closed first. @throws Fault no-answer while there is no modem to restart */
  reset(): void {
    const { dte, modeUnknown, orders } = this.#parts
    if (!dte || modeUnknown || this.state === 'stopping' || this.state === 'stopped') {
      throw new Fault('no-answer', `there is no modem to reset yet (${this.state})`)
    }
    if (!dte.carrier) {
      this.#restart()
      return
    }
    // In data mode the command would go to the peer.
    this.#resetDue = true
    orders.placeHangUp({ deliver: false, lingerMs: 0, placedAt: now(), deadline: now() })
  }

  #restart(): void {
    this.#resetDue = false
    this.#fault = undefined
    const fault = new Fault('carrier-lost', 'a person asked for a reset of the modem')
    this.#parts.recovery.step = { fault, rung: 'soft-reset', attempt: 1, pauseMs: 0, ordered: true }
    this.#life.machine.tell('modemLost')
  }

  #refuseUnless(able: boolean): void {
    if (!able) throw this.fault ?? new Fault('no-answer', `the link is not up yet (${this.state})`)
  }

  #adopt(dte: Dte): void {
    this.#parts.dte = dte
    listenTo(dte, this.#parts, { state: () => this.state, lose: (fault, event) => this.#lose(fault, event) })
  }

  /** Somebody has called and is connected. */
  #takeCall(call: Call): void {
    this.#parts.modeUnknown = false
    welcome(this.#parts, call.carrier)
    this.#life.machine.tell('called')
    this.emit('call', call)
  }

  #lose(fault: Fault, event: 'lineLost' | 'modemLost'): void {
    this.#fault = fault
    this.#parts.recovery.note(fault)
    this.#life.machine.tell(event)
  }

  #onError(error: unknown, state: ActiveState): LinkEvent {
    if (!isFault(error)) throw error
    this.#fault = error
    this.#parts.recovery.note(error)
    return state === 'stopping' ? 'succeeded' : 'failed'
  }

  #onTransition(from: LinkState, event: LinkEvent, to: LinkState): void {
    this.#since = wallClock()
    this.#parts.heart.wake()
    if (to === 'probing') forgetSettings(this.#parts)
    if (to === 'recovering') {
      this.#parts.calls.forget()
      this.#parts.recovery.beginPause()
    }
    if (to === 'attaching') this.#parts.power.noteAnswer()
    if (to === 'attaching' || to === 'stopping') giveAnswers(this.#parts)
    if (to === 'attaching' && this.#resetDue) this.#restart()
    this.#parts.journal.tell('debug', 'state', `${from} → ${to} (${event})`, { from, to })
    if (to === 'ready' && !this.#serving.up) this.#parts.journal.tell('info', 'ready', describeModem(this.facts))
    this.emit('transition', from, event, to)
    this.#judge()
    this.#renewIfFree()
  }

  #judge(): void {
    if (this.#serving.follow(this.state)) this.emit('usable', this.usable)
  }

  /** Nobody wanted this end: whoever has the carrier is told that it broke. */
  #cutOff(fault: Fault): void {
    const { dte, orders } = this.#parts
    if (!dte?.carrier || orders.hangUp?.fault) return
    orders.placeHangUp({ deliver: false, lingerMs: 0, placedAt: now(), deadline: now(), fault })
  }
}
