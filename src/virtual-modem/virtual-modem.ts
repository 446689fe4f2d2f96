/** The modem itself: joins the wire, command mode, data mode, SIM, radio and IP stack to one DCE. */
import { Announcements } from './announcements.ts'
import { Arrivals } from './arrivals.ts'
import type { Behavior, Dce } from './behavior.ts'
import { CommandMode } from './command-mode.ts'
import { Conditions } from './conditions.ts'
import { DataMode, type Mode } from './data-mode.ts'
import type { ModemFault } from './faults.ts'
import { IpStack } from './ip-stack.ts'
import { type Knobs, knobs } from './knobs.ts'
import { MessageStore } from './message-store.ts'
import type { Network } from './network.ts'
import { Power, SYNC_BYTES } from './power.ts'
import { Radio } from './radio.ts'
import { ModemRecord } from './record.ts'
import { SerialSide } from './serial-side.ts'
import { Settings } from './settings.ts'
import { Sim, type SimState } from './sim.ts'
import { sim800 } from './sim800.ts'
import { strike } from './strike.ts'
import type { Wire } from './wire.ts'

export interface VirtualModemOptions {
  /** How CIPSTART reaches peers. */
  readonly network: Network
  /** Settings of knobs that differ from the defaults. */
  readonly knobs?: Partial<Knobs>
  /** The dialect; `sim800` unless said otherwise. */
  readonly dialect?: readonly Behavior[]
}

export class VirtualModem implements Dce {
  /** May be changed at any time; factory settings among them count when the modem is made. */
  readonly knobs: Knobs
  readonly record = new ModemRecord()
  readonly conditions = new Conditions()
  readonly settings: Settings
  readonly sim: Sim
  readonly radio: Radio
  readonly stack: IpStack
  readonly messages = new MessageStore()
  readonly network: Network
  readonly power: Power
  /** Short messages and calls from outside. */
  readonly arrivals: Arrivals
  /** For sockets: the serial wire that a DTE can hold. */
  readonly wire: Wire
  readonly #behaviors: Behavior[]
  readonly #commandMode: CommandMode
  readonly #dataMode: DataMode
  readonly #serial: SerialSide
  readonly #announce: Announcements
  readonly #shared: Pick<VirtualModem, 'knobs' | 'conditions' | 'record' | 'settings'>
  #life = new AbortController()
  #cfun = 1
  #callReady = false
  #okDue = false

  constructor(options: VirtualModemOptions) {
    this.knobs = knobs(options.knobs)
    this.network = options.network
    this.#behaviors = [...(options.dialect ?? sim800)]
    this.settings = new Settings(this.knobs)
    this.#shared = { knobs: this.knobs, conditions: this.conditions, record: this.record, settings: this.settings }
    this.#announce = new Announcements(this.settings, (text) => this.urc(text))
    this.#serial = this.#makeSerial()
    this.wire = this.#serial.wire
    this.#commandMode = new CommandMode(this, {
      send: (bytes) => this.wire.send(bytes),
      inForce: () => this.#dataMode.mode === 'command',
      behaviors: () => this.#behaviors,
    })
    this.#dataMode = this.#makeDataMode()
    this.power = this.#makePower()
    this.stack = this.#makeStack()
    this.sim = new Sim({ ...this.#shared, changed: (state, urc) => this.simChanged(state, urc) })
    this.radio = this.#makeRadio()
    this.arrivals = new Arrivals({
      settings: this.settings,
      messages: this.messages,
      serial: this.#serial,
      on: () => this.power.state === 'on',
      dataMode: () => this.mode === 'data',
      urc: (text) => this.urc(text),
    })
    this.conditions.onChange(() => this.applyLine())
    if (this.knobs.start === 'ready') this.#startReady()
    if (this.knobs.start === 'booting') this.power.boot()
  }

  get mode(): Mode {
    return this.#dataMode.mode
  }
  get cfun(): number {
    return this.#cfun
  }
  get callReady(): boolean {
    return this.#callReady
  }
  get alive(): AbortSignal {
    return this.#life.signal
  }

  /** Puts a behavior in front of all others; returns its removal. */
  behave(mine: Behavior): () => void {
    this.#behaviors.unshift(mine)
    return () => {
      const index = this.#behaviors.indexOf(mine)
      if (index >= 0) this.#behaviors.splice(index, 1)
    }
  }

  /** Puts a fault in force; returns its end, which may be called again. */
  begin(fault: ModemFault): () => void {
    return this.conditions.begin(fault, () => strike(this, fault))
  }

  /** Runs `body` while the fault is in force. */
  async during<T>(fault: ModemFault, body: () => Promise<T>): Promise<T> {
    const end = this.begin(fault)
    try {
      return await body()
    } finally {
      end()
    }
  }

  /** Pulls the serial adapter out: whoever holds the wire loses it. */
  unplug = (): void => this.wire.unplug()
  plug = (): void => this.wire.plug()

  urc(text: string): void {
    if (this.power.state === 'on') this.#dataMode.urc(text)
  }

  applyLine(): void {
    this.#serial.apply()
  }

  setCfun(level: number): void {
    if (level === this.#cfun) return
    this.#cfun = level
    if (level !== 0) this.settings.nvram.cfun = level
    if (level === 1) {
      this.conditions.cure('radio')
      this.sim.begin(false)
    } else {
      if (level === 0) this.urc('+CPIN: NOT READY')
      this.sim.end()
    }
    this.radio.look()
  }

  resume(): void {
    this.record.resumes++
    this.#dataMode.enter()
  }

  hangUp(): void {
    this.stack.close(true, this.alive).catch(() => undefined)
  }

  prompt(): void {
    this.#commandMode.prompt()
  }

  /** Restarts: everything that is not stored is gone; `silent`: no boot lines. */
  reset(cause: string, silent = false): void {
    this.record.reset(cause)
    this.conditions.cure(cause === 'reset pin' ? 'power' : 'reset')
    this.#okDue = cause === 'CFUN=1,1' && this.knobs.resetOk === 'after'
    this.power.boot(silent)
  }

  /** Says good-bye and switches off; an empty word: at once. */
  powerDown(word: string, whenOff?: () => void): void {
    if (this.power.state === 'off') return
    this.record.reset(`${word} power down`.trim())
    if (word !== '') this.#commandMode.say([`${word} POWER ${this.knobs.powerWord}`])
    this.power.logOut((off) => this.wire.whenSent(off), whenOff)
  }

  #startReady(): void {
    this.#serial.start()
    this.power.skipBoot()
    this.#callReady = true
    this.sim.begin(true)
    this.radio.begin(true)
    this.applyLine()
  }

  #makePower(): Power {
    return new Power({
      knobs: this.knobs,
      begun: (fromOff) => {
        if (fromOff) this.conditions.cure('power')
        this.#loseMemory()
        this.wire.send(SYNC_BYTES)
      },
      up: (silent) => this.#bootDone(silent),
      ready: (silent) => {
        this.#callReady = true
        if (!silent) this.#announce.callReady()
      },
      gone: () => this.#loseMemory(),
      keyOff: () => this.powerDown('NORMAL'),
      resetPin: () => this.reset('reset pin'),
    })
  }

  #makeDataMode(): DataMode {
    return new DataMode({
      ...this.#shared,
      stack: () => this.stack,
      wire: this.wire,
      alive: () => this.alive,
      say: (text, result) => this.#commandMode.say(text, result),
      interrupt: () => this.#commandMode.interrupt(),
      linesDue: () => this.applyLine(),
      commandInput: (bytes) => {
        this.#commandMode.take(bytes)
        this.applyLine()
      },
    })
  }

  #makeStack(): IpStack {
    return new IpStack({
      ...this.#shared,
      network: this.network,
      attached: () => this.radio.attached,
      output: (bytes) => this.wire.send(bytes),
      outputReady: () => this.wire.queuedToDte < this.knobs.outputBuffer,
      room: () => this.applyLine(),
      hungUp: () => this.#dataMode.hungUp(),
      connected: (transparent, caller) => this.#dataMode.connected(transparent, caller),
      connectFailed: (state) => this.#commandMode.say([`STATE: ${state}`, '', 'CONNECT FAIL']),
      closed: (word) => this.#dataMode.ended(word),
      deactivated: () => this.#dataMode.ended(this.knobs.pdpWord),
    })
  }

  #makeRadio(): Radio {
    return new Radio({
      ...this.#shared,
      allowed: () => this.#cfun === 1 && this.power.state === 'on' && this.sim.state === 'READY',
      registered: () => this.#announce.registered(this.radio),
      attached: (on) => this.#announce.attached(on),
      detached: () => this.stack.deactivate(),
    })
  }

  #makeSerial(): SerialSide {
    return new SerialSide({
      ...this.#shared,
      on: () => this.power.state === 'on',
      commandMode: () => this.mode === 'command',
      carrierShown: () => this.#dataMode.carrierShown,
      held: () => (this.stack.carrier?.uplink.held ?? 0) + this.#commandMode.waiting,
      take: (bytes, firstAt, lastAt, readable) => this.#dataMode.take(bytes, firstAt, lastAt, readable),
      dtrDropped: () => {
        if (this.settings.now.dtr === 1) this.#dataMode.escape('dtr')
        else if (this.settings.now.dtr === 2 && this.mode === 'data') this.stack.breakCarrier(this.knobs.hangUpWord)
      },
      outputRoom: () => this.stack.carrier?.pump(),
    })
  }

  #loseMemory(): void {
    this.#life.abort(new Error('the modem restarted'))
    this.#life = new AbortController()
    this.#dataMode.forget()
    this.#commandMode.interrupt()
    this.settings.reload()
    this.#serial.start()
    this.stack.clear()
    this.radio.end()
    this.sim.end()
    this.#cfun = this.settings.nvram.cfun
    this.#callReady = false
  }

  #bootDone(silent: boolean): void {
    this.applyLine()
    if (this.#okDue) this.#commandMode.say([], 'OK')
    this.#okDue = false
    if (!silent) this.#announce.booted(this.#cfun)
    if (this.#cfun === 1) this.sim.begin(false)
    this.radio.begin(false)
  }

  /** What the SIM says has changed; `urc`: and a line tells it. */
  simChanged(state: SimState, urc = true): void {
    if (urc) this.#announce.sim(state)
    this.radio.look()
  }
}
