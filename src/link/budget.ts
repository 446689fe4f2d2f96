/** The budget: what the link may cost, and what it does when that is spent. The arithmetic is the ledger's. */
import type { Config } from '../config/schema.ts'
import { formatSize } from '../config/units.ts'
import { FAULTS, Fault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { Memory } from '../core/memory.ts'
import { after, every, now, type Timer, wallClock, wallClockIn } from '../core/time.ts'
import { Ledger, type Moment } from './ledger.ts'

/**
 * What the operator counts is more than payload. The estimate: a header of TCP and IP (40 bytes) for every 512 bytes of
 * payload begun, in either direction, and 200 bytes for the name, the handshake and the end of each connection. Not in
 * it: keepalives, repetitions on a bad link, and what the operator rounds up.
 */
const HEADER_BYTES = 40
const BYTES_PER_HEADER = 512
const DIAL_BYTES = 200

/** A person is warned from this part of a limit on. */
const WARN_AT = 0.8
/** How often a live carrier is looked at, in ms: at most so much of the line's rate is spent past the limit. */
const LOOK_EVERY_MS = 1_000
/** While something is spent the clock is looked at this often, in ms: somebody may have set it. */
const WAIT_AT_MOST_MS = 60_000
const SECTION = 'budget'

/** What the budget needs of a carrier. */
export interface Metered {
  readonly bytesUp: number
  readonly bytesDown: number
  readonly ended: boolean
}

/** For the status; null where there is no limit. */
export interface BudgetFigures {
  readonly dialsThisHour: number
  readonly dialsPerHour: number | null
  readonly bytesToday: number
  readonly bytesPerDay: number | null
  readonly bytesThisMonth: number
  readonly bytesPerMonth: number | null
}

type Name = keyof Config['limits']

/** One limit as it stands. */
interface Standing {
  readonly name: Name
  readonly used: number
  readonly limit: number
  /** On the ledger's clock: when it is no more spent. */
  readonly until: number
  readonly warn: () => boolean
}

/** Bytes on the air for so much payload. */
export function onTheAir(payload: number): number {
  return payload + Math.ceil(payload / BYTES_PER_HEADER) * HEADER_BYTES
}

export class Budget {
  readonly #limits: Config['limits']
  readonly #memory: Memory
  readonly #journal: Journal
  readonly #ledger: Ledger
  /** What is spent now, as it was last told. */
  #spent: readonly Standing[] = []
  #wake: Timer | undefined
  #meter: Timer | undefined
  #look: (() => void) | undefined
  /** Told whenever something is spent, or no more. */
  onChange: (() => void) | undefined
  /** Told while bytes are spent and a carrier is up. */
  onOverdraft: ((fault: Fault) => void) | undefined

  constructor(limits: Config['limits'], memory: Memory, journal: Journal) {
    this.#limits = limits
    this.#memory = memory
    this.#journal = journal
    this.#ledger = new Ledger(this.#limited ? memory.recall(SECTION) : undefined, moment())
  }

  /** From now on it tells what is spent; what an earlier process has left, at once. */
  open(): void {
    this.#ledger.turn(moment())
    this.#review()
  }

  /** null without limits. */
  get figures(): BudgetFigures | null {
    if (!this.#limited) return null
    this.#ledger.turn(moment())
    const { dialsPerHour = null, bytesPerDay = null, bytesPerMonth = null } = this.#limits
    return {
      dialsThisHour: this.#ledger.dialsThisHour,
      dialsPerHour,
      bytesToday: this.#ledger.bytesThis('day'),
      bytesPerDay,
      bytesThisMonth: this.#ledger.bytesThis('month'),
      bytesPerMonth,
    }
  }

  /** Why nobody can be served. @param connected whether there is a carrier: dials are no matter then */
  fault(connected: boolean): Fault | undefined {
    const standing = this.#longest(connected)
    return standing && new Fault('budget-spent', this.#words(standing))
  }

  /** ISO time at which it is over; undefined if nothing is spent. */
  nextPeriod(connected: boolean): string | undefined {
    const standing = this.#longest(connected)
    this.#ledger.turn(moment())
    return standing && wallClockIn(standing.until - this.#ledger.at)
  }

  /** The modem is about to dial. */
  spendDial(): void {
    if (!this.#limited) return
    this.#ledger.turn(moment())
    this.#ledger.addDial()
    this.#ledger.addBytes(DIAL_BYTES)
    this.#keep('soon')
    this.#review()
  }

  /** Counts what a carrier carries until it has ended. */
  watch(carrier: Metered): void {
    if (!this.#limited) return
    this.#endWatch()
    let counted = 0
    const count = (): void => {
      const carried = onTheAir(carrier.bytesUp) + onTheAir(carrier.bytesDown)
      if (carried > counted) this.#spendBytes(carried - counted)
      counted = carried
    }
    this.#look = count
    this.#meter = every(LOOK_EVERY_MS, () => {
      if (carrier.ended) this.#endWatch()
      else {
        count()
        const fault = this.fault(true)
        if (fault) this.onOverdraft?.(fault)
      }
    })
  }

  /** Writes down what is counted; nothing is counted any more. */
  close(): void {
    this.#endWatch()
    this.#wake?.cancel()
    this.#wake = undefined
    if (this.#limited) this.#keep('now')
  }

  get #limited(): boolean {
    return Object.values(this.#limits).some((limit) => limit !== undefined)
  }

  #endWatch(): void {
    this.#meter?.cancel()
    this.#meter = undefined
    this.#look?.()
    this.#look = undefined
  }

  #spendBytes(bytes: number): void {
    this.#ledger.turn(moment())
    this.#ledger.addBytes(bytes)
    this.#keep('soon')
    this.#review()
  }

  #keep(urgency: 'now' | 'soon'): void {
    this.#memory.keep(SECTION, this.#ledger.saved, urgency)
  }

  /** Warns, tells what is spent and what is no more, and looks again when that may change. */
  #review(): void {
    const standings = this.#standings
    const spent = standings.filter(({ used, limit }) => used >= limit)
    const fresh = spent.filter(({ name }) => !this.#spent.some((one) => one.name === name))
    const over = this.#spent.filter(({ name }) => !spent.some((one) => one.name === name))
    this.#spent = spent
    for (const standing of standings) if (!spent.includes(standing)) this.#warn(standing)
    for (const standing of fresh) this.#tellSpent(standing)
    for (const { name } of over) this.#journal.tell('info', 'budget', `limits.${name}: there is room again`)
    this.#wake?.cancel()
    this.#wake = undefined
    if (spent.length > 0) this.#wakeAt(Math.min(...spent.map(({ until }) => until)))
    if (fresh.length === 0 && over.length === 0) return
    this.#keep('now')
    this.onChange?.()
  }

  #wakeAt(until: number): void {
    const wait = Math.max(1, Math.min(until - this.#ledger.at, WAIT_AT_MOST_MS))
    this.#wake = after(wait, () => {
      this.#ledger.turn(moment())
      // Where the wall clock is behind, the time that the daemon has seen is the only one that goes on over restarts.
      if (this.#ledger.at > wallClock().getTime()) this.#keep('soon')
      this.#review()
    })
  }

  #warn({ name, used, limit, warn }: Standing): void {
    if (used < limit * WARN_AT || !warn()) return
    this.#journal.tell('warn', 'budget', `limits.${name}: ${Math.floor((100 * used) / limit)} % are used`)
  }

  #tellSpent(standing: Standing): void {
    this.#journal.tell('error', 'budget', this.#words(standing), {
      fault: 'budget-spent',
      nextTry: wallClockIn(standing.until - this.#ledger.at),
      hint: FAULTS['budget-spent'].hint,
    })
  }

  /** Of what is spent, the one that lasts longest. */
  #longest(connected: boolean): Standing | undefined {
    const spent = this.#spent.filter(({ name }) => !connected || name !== 'dialsPerHour')
    return spent.reduce<Standing | undefined>((last, one) => (last && last.until >= one.until ? last : one), undefined)
  }

  #words({ name, limit }: Standing): string {
    if (name === 'dialsPerHour') return `limits.dialsPerHour is spent: ${limit} dials within an hour`
    const period = name === 'bytesPerDay' ? 'day' : 'month'
    return `limits.${name} is spent: about ${formatSize(limit)} since the ${period} began`
  }

  get #standings(): Standing[] {
    const { dialsPerHour, bytesPerDay, bytesPerMonth } = this.#limits
    const ledger = this.#ledger
    const standings: Standing[] = []
    if (dialsPerHour !== undefined) {
      standings.push({
        name: 'dialsPerHour',
        used: ledger.dialsThisHour,
        limit: dialsPerHour,
        until: ledger.dialsBelow(dialsPerHour),
        warn: () => ledger.warnOfDialsOnce(),
      })
    }
    const bytes = (name: Name, span: 'day' | 'month', limit: number): Standing => ({
      name,
      used: ledger.bytesThis(span),
      limit,
      until: ledger.endOf(span),
      warn: () => ledger.warnOnce(span),
    })
    if (bytesPerDay !== undefined) standings.push(bytes('bytesPerDay', 'day', bytesPerDay))
    if (bytesPerMonth !== undefined) standings.push(bytes('bytesPerMonth', 'month', bytesPerMonth))
    return standings
  }
}

function moment(): Moment {
  return { wall: wallClock().getTime(), mono: now() }
}
