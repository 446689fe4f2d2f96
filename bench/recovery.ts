/**
 * How long a fault keeps the link from carrying bytes, and what of that is the modem's own: in virtual time, so exact.
 * It replaces the global timers while it runs: nothing else may run beside it.
 */
import type { Duplex } from 'node:stream'
import type { OpenPort } from '../src/core/port.ts'
import { Clock } from '../test/soak/clock.ts'
import { World } from '../test/soak/world.ts'
import type { MemorySocket } from '../test/support/memory-socket.ts'
import { RECOVERY_CASES, type RecoveryCase } from './recovery-cases.ts'

/** All times in ms, from the fault's beginning until a new client has its first byte back from the peer. */
export interface RecoveryRow {
  readonly fault: string
  /** Whether DCD and DTR are wired: then an escape needs no guard times. */
  readonly wires: boolean
  readonly offlineMs: number
  /** The modem cannot serve, or answers a command: its own times and those of the wire. */
  readonly modemMs: number
  /** Recovery's pauses, guard times or the pulse of DTR, and the silence that `liveness` allows where nothing tells of the fault. */
  readonly pausesMs: number
  /** offlineMs / (modemMs + pausesMs) */
  readonly ratio: number
}

/** The longest that anything of this takes. */
const LIMIT_MS = 1_800_000

/** One row for each fault and kind of wiring. @throws Error if the link does not come back */
export async function recoveryRows(): Promise<RecoveryRow[]> {
  const rows: RecoveryRow[] = []
  for (const wires of [true, false]) {
    for (const one of RECOVERY_CASES) if (!wires || one.silent !== true) rows.push(await measured(one, wires))
  }
  return rows
}

async function measured({ name, fault, strike, lasts, silent }: RecoveryCase, wires: boolean): Promise<RecoveryRow> {
  const clock = new Clock()
  clock.install(() => 0.5)
  try {
    const stage = new Stage(clock, wires)
    await stage.until(() => stage.echoed, 'the first session')
    const end = stage.world.modem.begin(fault)
    if (strike) stage.world.modem.begin(strike)
    stage.strike(silent === true)
    await stage.pass(lasts)
    end()
    stage.over()
    await stage.until(() => stage.echoed, `${name}: back`)
    const { offlineMs, modemMs, pausesMs } = stage
    await stage.stop()
    return { fault: name, wires, offlineMs, modemMs, pausesMs, ratio: offlineMs / (modemMs + pausesMs) }
  } finally {
    clock.uninstall()
  }
}

/** What ends the answer to a command, where it is not its result code. */
const ENDS: readonly (readonly [command: RegExp, end: RegExp])[] = [
  [/^AT\+CIPSTATUS/, /STATE: .*\r\n$/],
  [/^AT\+CIPSTART/, /(CONNECT|FAIL|ERROR)[^\n]*\r\n$/],
  [/^AT\+CIFSR/, /(\d+\.\d+\.\d+\.\d+|ERROR)\r\n$/],
  [/^\+\+\+/, /OK\r\n$/],
]
const RESULT_CODE = /(OK|ERROR[^\n]*)\r\n$/
/** Before and after `+++`; DTR has to be on as long before it goes off (app note 2.2.4). */
const GUARD_MS = 1_000
/** DTR off: one source wants a pulse of a second, another acts on the edge (modem-facts 3.2). */
const DTR_PULSE_MS = 1_200

/** On whose account time is written; `answer`: the modem's, if it answers. */
type Whose = 'modem' | 'pause' | 'answer' | 'rest'

/** A link with an eager client, and an account of where the time goes. */
class Stage {
  readonly world: World
  readonly #clock: Clock
  #app: MemorySocket | undefined
  #heard = ''
  #struck = false
  #inForce = false
  #unnoticed = false
  /** When the account was last made up, and whose the time has been since. */
  #last = 0
  #whose: Whose = 'rest'
  offlineMs = 0
  modemMs = 0
  pausesMs = 0
  /** The command that is waited for, what came since, and how long that is: the modem's time if an answer comes. */
  #asked = ''
  #answer = ''
  #waitedMs = 0
  /** Since the last byte written, as far as it is on no account: an escape needs silence. */
  #idleMs = 0
  #guardUntil = 0

  constructor(clock: Clock, wires: boolean) {
    this.#clock = clock
    this.world = new World(clock, { knobs: {}, lines: wires, config: {}, around: (open) => this.#observed(open) })
    this.world.onPeer = (socket) => void socket.on('data', (chunk: Buffer) => socket.write(chunk))
  }

  get echoed(): boolean {
    return this.#heard !== ''
  }

  strike(silent: boolean): void {
    this.#last = this.#clock.now
    this.#struck = true
    this.#inForce = true
    this.#unnoticed = silent
    this.#heard = ''
    this.#whose = 'modem'
  }

  /** The fault has ended. */
  over(): void {
    this.#inForce = false
    const { power } = this.world.modem
    if (power.state === 'off') power.boot()
  }

  /** Lets `ms` of virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.#clock.passUntil(() => this.#step(), ms)
    this.#account()
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const met = (): boolean => this.#step() || condition()
    if (!(await this.#clock.passUntil(met, LIMIT_MS))) throw new Error(`not within ${LIMIT_MS} ms: ${what}`)
  }

  #step(): boolean {
    this.#account()
    this.#connect()
    return false
  }

  async stop(): Promise<void> {
    this.#struck = false
    this.world.link.stop()
    await this.until(() => this.world.link.state === 'stopped', 'the stop')
    await this.world.running
  }

  /** As soon as somebody is served, and whoever was before has been told of the end. */
  #connect(): void {
    const { link, bridge } = this.world
    if (this.#app?.destroyed === false || !link.usable || bridge.holder) return
    const [app] = this.world.connect()
    this.#app = app
    this.#heard = ''
    app.on('error', () => undefined)
    app.on('end', () => app.destroy())
    app.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString('latin1')
    })
    app.write('?')
  }

  /** Writes the time that has passed on its account. */
  #account(): void {
    const ms = this.#clock.now - this.#last
    this.#last = this.#clock.now
    if (!this.#struck) return
    this.offlineMs += ms
    // No timer of anybody's ends the silence that an escape has to keep.
    const kept = this.#whose === 'modem' ? 0 : Math.max(0, Math.min(ms, this.#guardUntil - (this.#clock.now - ms)))
    this.pausesMs += kept
    if (this.#whose === 'modem') this.modemMs += ms
    else if (this.#whose === 'pause') this.pausesMs += ms - kept
    else if (this.#whose === 'answer') this.#waitedMs += ms - kept
    else this.#idleMs += ms - kept
    const { state } = this.world.link
    if (state !== 'online' && state !== 'ready') this.#unnoticed = false
    this.#whose = this.#now
  }

  get #now(): Whose {
    if (this.#inForce || !this.#able) return 'modem'
    if (this.#unnoticed || this.world.link.nextTry !== undefined) return 'pause'
    return this.#asked === '' ? 'rest' : 'answer'
  }

  /** Whether the modem could serve if it were asked. */
  get #able(): boolean {
    const { power, sim, radio } = this.world.modem
    return power.state === 'on' && sim.state === 'READY' && radio.stat === 1 && radio.attached
  }

  #observed(open: OpenPort): OpenPort {
    return async (device, settings) => {
      const port = await open(device, settings)
      this.#listen(port.stream)
      const set = port.setSignals.bind(port)
      port.setSignals = (signals) => {
        if (signals.dtr === false) this.#keepSilence(DTR_PULSE_MS)
        return set(signals)
      }
      return port
    }
  }

  /** An escape: the silence before it, and what follows now. */
  #keepSilence(ms: number): void {
    this.#account()
    this.pausesMs += Math.min(GUARD_MS, this.#idleMs)
    this.#idleMs = 0
    this.#guardUntil = this.#clock.now + ms
  }

  #listen(stream: Duplex): void {
    const [push, write] = [stream.push.bind(stream), stream.write.bind(stream)]
    stream.push = (bytes: Buffer | null) => {
      if (bytes !== null) this.#comes(bytes.toString('latin1'))
      return push(bytes)
    }
    stream.write = (bytes: Buffer) => {
      this.#goes(bytes.toString('latin1'))
      return write(bytes)
    }
  }

  #goes(text: string): void {
    this.#account()
    if (text === '+++') this.#keepSilence(GUARD_MS)
    else this.#guardUntil = 0
    this.#asked = text
    this.#answer = ''
    this.#waitedMs = 0
    this.#idleMs = 0
    this.#whose = this.#now
  }

  #comes(text: string): void {
    this.#account()
    if (this.#asked === '') return
    this.#answer += text
    const end = ENDS.find(([command]) => command.test(this.#asked))?.[1] ?? RESULT_CODE
    const echo = this.#asked === '?' && this.#answer.endsWith('?')
    if (!end.test(this.#answer) && !echo) return
    this.modemMs += this.#waitedMs
    this.#waitedMs = 0
    this.#asked = ''
    this.#whose = this.#now
  }
}
