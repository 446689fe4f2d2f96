/** One modem's life in real time: rounds of random faults with clients all the while, and a proof after each round. */
import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import { now, reasonOf, sleep } from '../../src/core/time.ts'
import type { ModemFault } from '../../src/virtual-modem/faults.ts'
import { type Actor, act, client, echo, peer } from './actors.ts'
import { someKnobs } from './chances.ts'
import { Conversation, Violation } from './conversation.ts'
import { type Excuses, excusedNow, NO_EXCUSES, withFault } from './excuses.ts'
import type { Figures } from './figures.ts'
import { Lateness } from './lateness.ts'
import { DAEMON_FAULTS, type DaemonFault, isDaemonFault, someBriefFault } from './pty-chances.ts'
import type { LogLine } from './pty-daemon.ts'
import { PtyWorld } from './pty-world.ts'
import { Random } from './random.ts'
import { whenFinished } from './real-end.ts'
import { RouteBook } from './route-book.ts'

export interface PtyLifePlan {
  readonly program: string
  readonly seed: number
  readonly life: number
  /** Whether the daemon may be killed and restarted: a memory curve needs one that lives on. */
  readonly killsDaemon: boolean
}

/** After all faults have ended: usable and proved within this time, in ms. The longest wait of the manual is 160 s. */
const BACK_WITHIN_MS = 240_000
const [LONGEST_FAULT_MS, LONGEST_ROUND_MS] = [5_000, 10_000]
const LOOK_MS = 150
/** What was on its way when the carrier dropped is in the modem by then, but for what CTS held up: four times 50 ms. */
const [UNDER_WAY_MS, HELD_UP] = [500, 4 * 576]

export class PtyLife {
  readonly plan: PtyLifePlan
  readonly #random: Random
  readonly #figures: Figures
  readonly #world: PtyWorld
  readonly #over = new AbortController()
  readonly #actors = new Set<Promise<void>>()
  readonly #routes: RouteBook
  readonly #lateness = new Lateness()
  #state = 'opening'
  #excuses: Excuses = NO_EXCUSES
  #probing = false
  #due = 0
  #violation: Error | undefined

  private constructor(plan: PtyLifePlan, random: Random, world: PtyWorld, figures: Figures) {
    this.plan = plan
    this.#random = random
    this.#world = world
    this.#routes = new RouteBook(world.routes)
    this.#figures = figures
    setMaxListeners(0, this.#over.signal)
    world.onLine = (line) => this.#onLine(line)
    world.onPeer = (socket, route) => this.#onPeer(socket, route)
  }

  static async begin(plan: PtyLifePlan, figures: Figures): Promise<PtyLife> {
    const random = new Random(plan.seed, plan.life)
    const pin = random.pick([undefined, '1234'])
    const config = pin === undefined ? {} : { modem: { pin } }
    const world = await PtyWorld.make({ program: plan.program, knobs: someKnobs(random), config })
    return new PtyLife(plan, random, world, figures)
  }

  /** Lives while `more()`. @throws Violation, or a bug */
  async run(more: () => boolean): Promise<void> {
    const started = now()
    try {
      await this.#back('first')
      while (more()) await this.#round()
      await this.#stop()
    } finally {
      this.#lateness.end()
      this.#over.abort(new Error('the life is over'))
      await Promise.all(this.#actors)
      await this.#world.close()
      this.#figures.lived(now() - started)
    }
  }

  get world(): PtyWorld {
    return this.#world
  }

  async #round(): Promise<void> {
    const random = this.#random
    const length = random.span(1_000, LONGEST_ROUND_MS)
    const kinds: string[] = []
    for (let count = random.pick([1, 1, 2, 3, 4]); count > 0; count -= 1) {
      const fault = this.plan.killsDaemon && random.chance(0.08) ? random.pick(DAEMON_FAULTS) : someBriefFault(random)
      this.#due += 1
      this.#play((signal) => this.#suffer(fault, random.whole(0, length), kinds, signal))
    }
    const until = now() + length
    for (let clients = random.whole(1, 2); clients > 0; clients -= 1) {
      this.#play((signal) => this.#comeAndGo(until, signal))
    }
    if (random.chance(0.3)) this.#play((signal) => this.#order(random.whole(0, length), signal))
    await sleep(length, this.#over.signal)
    await this.#until(() => this.#due === 0, now(), 'the end of all faults')
    await this.#back(kinds.length === 1 ? (kinds[0] ?? '') : 'several')
    this.#excuses = NO_EXCUSES
    this.#world.modem.record.crossed = 0
  }

  /** One client after the other. */
  async #comeAndGo(until: number, signal: AbortSignal): Promise<void> {
    while (now() < until) {
      await sleep(this.#random.span(10, 1_000), signal)
      const conversation = this.#connect()
      if (conversation) this.#play(client(conversation, this.#random))
      while (conversation?.end === 'open' && now() < until) await sleep(LOOK_MS, signal)
    }
  }

  async #suffer(fault: ModemFault | DaemonFault, after: number, kinds: string[], signal: AbortSignal): Promise<void> {
    await sleep(after, signal)
    kinds.push(fault.type)
    this.#world.note(`-- ${JSON.stringify(fault)} begins in ${this.#state}`)
    this.#figures.fault(fault.type, this.#state)
    if (isDaemonFault(fault)) await this.#restart(fault.type)
    else await this.#strike(fault, signal)
    this.#due -= 1
  }

  async #strike(fault: ModemFault, signal: AbortSignal): Promise<void> {
    this.#excuses = withFault(this.#excuses, fault)
    const end = this.#world.modem.begin(fault)
    await sleep(this.#random.span(10, LONGEST_FAULT_MS), signal).catch(() => undefined)
    this.#world.note(`-- ${fault.type} ends`)
    end()
  }

  #restarting: Promise<void> = Promise.resolve()
  /** One after the other: there is only one tty. */
  #restart(how: DaemonFault['type']): Promise<void> {
    this.#restarting = this.#restarting.then(async () => {
      // The kernel closes the sockets of the dead as if they had finished.
      if (how === 'daemon-killed') this.#excuses = { ...this.#excuses, falseClosed: true }
      // A process that has only just begun knows no signals yet.
      while (how === 'daemon-restarted' && (await this.#world.daemon.status()) === undefined) await sleep(LOOK_MS)
      const { daemon } = this.#world
      const exit = await daemon.end(how === 'daemon-killed' ? 'SIGKILL' : 'SIGTERM')
      if (how === 'daemon-restarted' && exit !== 0) this.#complain(`exit code ${String(exit)} ${daemon.stderr}`)
      this.#routes.held = undefined
      this.#world.startDaemon()
    })
    return this.#restarting
  }

  /** What a person may want meanwhile. */
  async #order(after: number, signal: AbortSignal): Promise<void> {
    await sleep(after, signal)
    const { daemon } = this.#world
    const order = this.#random.next()
    if (order < 0.7) daemon.order('/at', { command: 'AT+CSQ' })
    else daemon.order(order < 0.9 ? '/redial' : '/reset')
  }

  get #excused(): Excuses {
    return excusedNow(this.#excuses, this.#world.modem.record, { late: this.#lateness.recent })
  }

  #connect(): Conversation | undefined {
    const route = this.#routes.next()
    if (route === undefined) return undefined
    const [app, complain] = [this.#world.connect(route), (what: string): void => this.#complain(what)]
    const conversation = new Conversation(route, app, () => this.#excused, complain, whenFinished)
    this.#routes.enter(route, conversation)
    this.#figures.conversations.push(conversation)
    return conversation
  }

  #onPeer(socket: Socket, route: number): void {
    const conversation = this.#routes.newest(route)
    if (!conversation) {
      socket.destroy()
      return
    }
    const far = conversation.add(socket)
    if (this.#probing) echo(far)
    else this.#play(peer(far, this.#random, `${conversation.fars.length}.${route}`))
  }

  #onLine({ event, to, route, msg, bytesDown }: LogLine): void {
    if (event === 'state') this.#state = String(to)
    const index = Number(String(route).slice(1))
    if (event === 'client') this.#routes.held = index
    if (event !== 'session-end') return
    this.#routes.held = undefined
    if (msg !== 'closed by peer') return
    // What the daemon believes is held against the peer, whatever the client still saw of it.
    const far = this.#routes.newest(index)?.fars.at(-1)
    const { noise, falseClosed } = this.#excused
    const more = Number(bytesDown) - (far?.tape.length ?? 0)
    const believed = far?.wrote === 'fin' && (noise ? more >= 0 : more === 0)
    if (believed || far?.wrote === 'rst' || falseClosed) return
    this.#complain(
      `${String(route)}: closed by peer after ${String(bytesDown)} bytes, it wrote ${far?.tape.length ?? 0} and its end is ${far?.wrote ?? 'none'}`,
    )
  }

  /** All faults are over: the link serves again within the bound, and a session proves it. */
  async #back(cause: string): Promise<void> {
    const since = now()
    for (const { app } of this.#routes.all) app?.destroy()
    this.#probing = true
    await this.#free(since, 'usable again')
    this.#figures.back(cause, now() - since)
    while (!(await this.#proof(since))) {
      this.#figures.failedProofs += 1
      await this.#free(since, 'a session')
    }
    await this.#free(since, 'free after the proof')
    this.#probing = false
    this.#judge()
  }

  /** Until a client can have the carrier. */
  async #free(since: number, what: string): Promise<void> {
    for (;;) {
      this.#throwIfBroken()
      // No wire of this installation switches the modem on: a person presses the key.
      if (this.#world.modem.power.state === 'off') this.#world.modem.power.boot()
      const status = await this.#world.daemon.status()
      if (status?.state === 'ready' && status.usable && status.routes.every(({ holder }) => holder === null)) return
      if (now() - since > BACK_WITHIN_MS)
        throw new Violation(`not within ${BACK_WITHIN_MS / 1000} s: ${what}; ${JSON.stringify(status)}`)
      await sleep(LOOK_MS, this.#over.signal)
    }
  }

  /** @returns whether a session carried bytes both ways and ended in order */
  async #proof(since: number): Promise<boolean> {
    const proof = this.#connect()
    if (!proof?.app) return false
    const bytes = Buffer.from(`probe ${Math.round(now())}`)
    proof.tape.append(bytes)
    proof.app.write(bytes)
    await this.#until(() => proof.read === bytes.length || proof.end !== 'open', since, 'the answer to a probe')
    proof.app.end()
    await this.#until(() => proof.end !== 'open', since, 'the end of a probe')
    return proof.read === bytes.length
  }

  async #until(condition: () => boolean, since: number, what: string): Promise<void> {
    while (!condition()) {
      this.#throwIfBroken()
      if (now() - since > BACK_WITHIN_MS) throw new Violation(`not within ${BACK_WITHIN_MS / 1000} s: ${what}`)
      await sleep(20, this.#over.signal)
    }
  }

  #judge(): void {
    const { record } = this.#world.modem
    const { modeUntold, noise, heldUp } = this.#excuses
    // A plus: an escape of the daemon's own, cut by a restart of the modem.
    const late = record.stray.filter(({ sinceData, byte }) => sinceData > UNDER_WAY_MS && byte !== 0x2b)
    if (late.length > (heldUp ? HELD_UP : 0) && !(modeUntold || noise)) {
      this.#complain(
        `${late.length} stray bytes in command mode: ${String.fromCharCode(...late.map(({ byte }) => byte))}`,
      )
    }
    this.#figures.strays(record, false)
    if (record.callsAnswered > 0) this.#complain('ATA')
    this.#world.daemon.weigh()
    this.#throwIfBroken()
  }

  async #stop(): Promise<void> {
    const exit = await this.#world.daemon.end('SIGTERM')
    if (exit !== 0) this.#complain(`stopped with exit code ${String(exit)}`)
    if (this.#world.modem.mode === 'data') this.#complain('stopped, and the modem is in data mode')
    this.#throwIfBroken()
  }

  /** Nobody has to wait for it: what goes wrong in it ends the life. */
  #play(actor: Actor): void {
    const playing: Promise<void> = act(actor, this.#over.signal)
      .catch((error: unknown) => {
        this.#violation ??= error instanceof Error ? error : reasonOf(AbortSignal.abort(error))
      })
      .finally(() => this.#actors.delete(playing))
    this.#actors.add(playing)
  }

  #complain(what: string): void {
    this.#world.note(`!! ${what}`)
    this.#violation ??= new Violation(what)
  }

  #throwIfBroken(): void {
    const { daemon } = this.#world
    if (this.#violation) throw this.#violation
    if (daemon.stderr !== '') throw new Violation(`the daemon says ${daemon.stderr}`)
  }
}
