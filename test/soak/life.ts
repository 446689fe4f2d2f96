/** One life of the link: a random modem, random faults in rounds, clients all the while, and a look after each round. */
import { setMaxListeners } from 'node:events'
import { isFault } from '../../src/core/fault.ts'
import { sleep } from '../../src/core/time.ts'
import type { ModemFault } from '../../src/virtual-modem/faults.ts'
import { act, client, echo, peer } from './actors.ts'
import { someConfig, someFault, someKnobs } from './chances.ts'
import { Clock } from './clock.ts'
import { Conversation, Violation } from './conversation.ts'
import { type Excuses, excusedNow, NO_EXCUSES, withFault } from './excuses.ts'
import type { Figures } from './figures.ts'
import { Random } from './random.ts'
import { watchCommands } from './watch-commands.ts'
import { World } from './world.ts'

export interface LifePlan {
  readonly seed: number
  readonly life: number
  readonly rounds: number
}

/** After all faults have ended: back within this time, in ms of virtual time. */
export const BACK_WITHIN = 15 * 60_000
/** The longest that a fault may last, in ms. */
const LONGEST_FAULT = 240_000
/** Timers that a link at rest may have, with the modem's own. */
const TIMERS_AT_REST = 25

export class Life {
  readonly plan: LifePlan
  /** What kind of modem and wires it has. */
  readonly setup: string
  readonly #random: Random
  readonly #clock = new Clock()
  readonly #figures: Figures
  readonly #world: World
  readonly #lines: boolean
  readonly #over = new AbortController()
  readonly #actors = new Set<Promise<void>>()
  readonly #conversations: Conversation[] = []
  #violation: Violation | undefined
  /** Faults in force. */
  readonly #faults = new Set<() => void>()
  /** Which excuses this round gives. */
  #excuses = NO_EXCUSES
  #probing = false

  constructor(plan: LifePlan, figures: Figures) {
    this.plan = plan
    this.#figures = figures
    this.#random = new Random(plan.seed, plan.life)
    // Every actor listens to it.
    setMaxListeners(0, this.#over.signal)
    this.#clock.install(this.#random.next)
    this.#lines = this.#random.chance(0.5)
    const options = { knobs: someKnobs(this.#random), lines: this.#lines, config: someConfig(this.#random) }
    this.setup = JSON.stringify(options)
    this.#world = new World(this.#clock, options)
    watchCommands(
      this.#world,
      this.#lines,
      () => (this.#figures.stray.executed += 1),
      (bytes, ms) => {
        // Spoilt by noise, the word for the end is one of the peer's for anybody.
        if (!this.#excuses.noise)
          this.#complain(`${bytes} bytes of an app were written ${ms} ms after the carrier's end`)
      },
    )
    this.#world.onPeer = (socket, session) => {
      const conversation = this.#conversations.find((one) => one.session === session) ?? this.#add(undefined)
      const far = conversation.add(socket)
      if (this.#probing) echo(far)
      else this.#play(peer(far, this.#random, `${conversation.fars.length}.${session ?? 0}`))
    }
  }

  /** Lives. @throws Violation, or a bug */
  async run(): Promise<void> {
    try {
      await this.#back('first')
      for (let round = 0; round < this.plan.rounds; round += 1) await this.#round()
      await this.#stop()
    } finally {
      this.#over.abort(new Error('the life is over'))
      this.#clock.uninstall()
    }
  }

  /** What must be gone once it is over and nobody asks after it. */
  get parts(): Record<string, object> {
    const { link, bridge, modem } = this.#world
    return { life: this, link, bridge, modem }
  }

  get lastLines(): readonly string[] {
    return this.#world.lastLines
  }

  async #round(): Promise<void> {
    const random = this.#random
    const count = random.pick([1, 1, 2, 3, 4])
    const length = random.span(1_000, 180_000)
    const kinds: string[] = []
    for (let faults = 0; faults < count; faults += 1) this.#schedule(someFault(random), random.whole(0, length), kinds)
    for (let clients = random.whole(0, 4); clients > 0; clients -= 1) {
      const from = random.whole(0, length)
      this.#play(async (signal) => {
        await sleep(from + 1, signal)
        this.#connect()
      })
    }
    if (random.chance(0.2)) this.#orders(length)
    await this.#pass(length)
    await this.#passUntil(() => this.#faults.size === 0 && this.#due === 0, 2 * LONGEST_FAULT, 'the end of all faults')
    await this.#back(kinds.length === 1 ? (kinds[0] ?? '') : 'several')
    this.#excuses = NO_EXCUSES
    this.#world.modem.record.crossed = 0
    this.#conversations.length = 0
  }

  /** Faults that have yet to begin. */
  #due = 0

  #schedule(fault: ModemFault, after: number, kinds: string[]): void {
    const length = this.#random.span(10, LONGEST_FAULT)
    this.#due += 1
    this.#play(async (signal) => {
      await sleep(after + 1, signal)
      this.#due -= 1
      // A modem that starts has nothing that could start again.
      if (fault.type === 'reboot' && this.#world.modem.power.state !== 'on') return
      kinds.push(fault.type)
      const end = this.#begin(fault)
      await sleep(length, signal)
      this.#world.note(`-- ${fault.type} ends`)
      this.#faults.delete(end)
      end()
    })
  }

  #begin(fault: ModemFault): () => void {
    this.#world.note(`-- ${JSON.stringify(fault)} begins in ${this.#world.link.state}`)
    this.#figures.fault(fault.type, this.#world.link.state)
    this.#excuses = withFault(this.#excuses, fault)
    const end = this.#world.modem.begin(fault)
    this.#faults.add(end)
    return end
  }

  /** What a person may order meanwhile. */
  #orders(length: number): void {
    const random = this.#random
    this.#play(async (signal) => {
      await sleep(random.whole(1, length), signal)
      try {
        const order = random.next()
        if (order < 0.7) await this.#world.link.ask('AT+CSQ')
        else if (order < 0.9) this.#world.link.redial()
        else this.#world.link.reset()
      } catch (error) {
        if (!isFault(error)) throw error
      }
    })
  }

  #connect(): void {
    const [app, session] = this.#world.connect()
    const conversation = this.#add(session, app)
    this.#play(client(conversation, this.#random))
  }

  #add(session: number | undefined, app?: Conversation['app']): Conversation {
    const excuses = (): Excuses => excusedNow(this.#excuses, this.#world.modem.record)
    const conversation = new Conversation(session, app, excuses, (what) => this.#complain(what))
    this.#conversations.push(conversation)
    this.#figures.conversations.push(conversation)
    return conversation
  }

  /** All faults are over: the link serves again within the bound, and a session proves it. */
  async #back(cause: string): Promise<void> {
    const { link, bridge } = this.#world
    const since = this.#clock.now
    for (const { app } of this.#conversations) app?.destroy()
    this.#probing = true
    const left = (): number => BACK_WITHIN - (this.#clock.now - since)
    await this.#passUntil(() => this.#switchedOn && link.usable && bridge.holder === undefined, left(), 'usable again')
    this.#figures.back(cause, this.#clock.now - since)
    for (let tries = 1; !(await this.#proof()); tries += 1) {
      this.#figures.failedProofs += 1
      await this.#passUntil(() => link.usable && bridge.holder === undefined, left(), `a session after ${tries} tries`)
      await this.#pass(1000)
    }
    await this.#passUntil(() => link.state === 'ready' && bridge.holder === undefined, left(), 'ready after the proof')
    this.#probing = false
    this.#judge()
  }

  /** No wire of this installation switches the modem on: a person presses the key. */
  get #switchedOn(): boolean {
    const { power } = this.#world.modem
    if (power.state === 'off') power.boot()
    return true
  }

  /** @returns whether a session carried bytes both ways and ended in order */
  async #proof(): Promise<boolean> {
    const [app, session] = this.#world.connect()
    const proof = this.#add(session, app)
    const bytes = Buffer.from(`probe ${session}`)
    proof.tape.append(bytes)
    app.write(bytes)
    await this.#passUntil(() => proof.read === bytes.length || proof.end !== 'open', 300_000, 'the answer to a probe')
    app.end()
    await this.#passUntil(() => proof.end !== 'open', 300_000, 'the end of a probe')
    return proof.read === bytes.length
  }

  #judge(): void {
    const { record } = this.#world.modem
    this.#figures.strays(record, this.#lines)
    if (record.callsAnswered > 0) this.#complain('ATA')
    if (this.#clock.pending > TIMERS_AT_REST + this.#actors.size * 2) {
      this.#complain(`${this.#clock.pending} timers at rest with ${this.#actors.size} actors`)
    }
    if (this.#violation) throw this.#violation
  }

  async #stop(): Promise<void> {
    const { link, bridge, running, modem } = this.#world
    link.stop()
    await this.#passUntil(() => link.state === 'stopped', 60_000, 'the stop')
    await running
    await bridge.allOver()
    if (modem.mode === 'data') this.#complain('stopped, and the modem is in data mode')
    this.#over.abort(new Error('the life is over'))
    await this.#pass(1_200_000)
    if (this.#clock.pending > 0) this.#complain(`${this.#clock.pending} timers after the end`)
    this.#figures.lived(this.#clock.now)
    if (this.#violation) throw this.#violation
  }

  #play(actor: (signal: AbortSignal) => Promise<void>): void {
    const playing = act(actor, this.#over.signal)
      .catch((error: unknown) => {
        this.#world.bug ??= error
      })
      .finally(() => this.#actors.delete(playing))
    this.#actors.add(playing)
  }

  #complain(what: string): void {
    this.#world.note(`!! ${what}`)
    this.#violation ??= new Violation(what)
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.passUntil(() => this.#broken, ms)
    this.#throwIfBroken()
  }

  async #passUntil(condition: () => boolean, ms: number, what: string): Promise<void> {
    const met = await this.#clock.passUntil(() => this.#broken || condition(), ms)
    this.#throwIfBroken()
    if (!met) throw new Violation(`not within ${Math.round(ms / 1000)} s: ${what}; ${this.#world.whereabouts}`)
  }

  get #broken(): boolean {
    return this.#violation !== undefined || this.#world.bug !== undefined
  }

  #throwIfBroken(): void {
    if (this.#world.bug !== undefined) throw this.#world.bug as Error
    if (this.#violation) throw this.#violation
  }
}
