/** What the activities of the link share: the open line, what is known of the modem, what is wanted, what went wrong. */

import type { Signal } from '../at/commands.ts'
import { DIALECTS, type Dialect } from '../at/dialect.ts'
import type { Config } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { Memory } from '../core/memory.ts'
import type { OpenPort } from '../core/port.ts'
import type { Carrier } from '../dte/carrier.ts'
import type { Dte } from '../dte/dte.ts'
import type { EscapeOptions } from '../dte/escape.ts'
import type { OpenGpio } from '../line/gpio-line.ts'
import type { LineTap } from '../line/line-tap.ts'
import { Power } from '../line/power.ts'
import { Budget } from './budget.ts'
import { type Call, Calls } from './calls.ts'
import { ContextMemory } from './context-memory.ts'
import { DialSettings } from './dial-settings.ts'
import { Doze } from './doze.ts'
import { Heart } from './heart.ts'
import { Inbox } from './inbox.ts'
import { Orders } from './orders.ts'
import { PinTrials } from './pin-trials.ts'
import { Recovery } from './recovery.ts'
import { RingWatch } from './ring-watch.ts'

/** What is known of the modem; null where not known. */
export interface ModemFacts {
  model: string | null
  firmware: string | null
  dialect: Dialect
  /** Whether DCD, DTR and RI can be used here, over the tty or a GPIO line. */
  hasDcd: boolean
  hasDtr: boolean
  hasRi: boolean
  /** It may be asleep (`modem.sleep`). */
  asleep: boolean
  signal: Signal | null
  operator: string | null
  registration: number | null
  address: string | null
  /** A dial is accepted only in IP STATUS: the context is shut after each connection (modem-facts 2, CIPSTART). */
  dialsOnlyFresh: boolean
  /** How long the last command window held the data, in ms. */
  lastWindowMs: number | null
}

/** Command mode beside a live connection. */
export interface CommandWindow {
  /** When data stopped, on `now()`'s clock. */
  since: number
  /** An escape was not answered: the peer may have read it, or the modem has obeyed and kept what the peer said since. */
  unsure: boolean
  /** Answers that are given once data flows again, with the window's length in ms. */
  answers: ((windowMs: number) => void)[]
}

export interface Parts {
  readonly config: Config
  readonly openPort: OpenPort
  readonly openGpio: OpenGpio
  readonly tap: LineTap | undefined
  readonly power: Power
  readonly journal: Journal
  readonly orders: Orders
  readonly recovery: Recovery
  readonly budget: Budget
  readonly heart: Heart
  readonly pinTrials: PinTrials
  readonly contextMemory: ContextMemory
  readonly dialSettings: DialSettings
  readonly doze: Doze
  readonly facts: ModemFacts
  dte: Dte | undefined
  /** Whether the modem's settings were made since it was last found. */
  configured: boolean
  /** Why the modem may be in data mode although nobody of us put it there: true until it was looked at. */
  modeUnknown: boolean
  /** AT+CIPSTART or ATO was said and not answered yet: the modem may enter data mode at any time. */
  entering: 'dial' | 'resume' | undefined
  /** The carrier has to be proved by a look at AT+CIPSTATUS in this window. */
  proofDue: boolean
  /** It was told that the DTR that `escape.method` wants is not there. */
  dtrMissed: boolean
  readonly ring: RingWatch
  readonly inbox: Inbox
  readonly calls: Calls
  readonly window: CommandWindow
}

/** What the link is made of. */
export interface Makings {
  readonly config: Config
  readonly openPort: OpenPort
  readonly openGpio: OpenGpio
  /** Sees every byte of the line. */
  readonly tap: LineTap | undefined
  readonly journal: Journal
  readonly memory: Memory
  /** Takes a caller's carrier. */
  readonly onCall: (call: Call) => void
}

/** Before the line was opened for the first time. */
export function newParts({ config, openPort, openGpio, tap, journal, memory, onCall }: Makings): Parts {
  const { firstPause, maxPause, healthyAfter } = config.recovery
  const orders = new Orders()
  const facts = unknownModem()
  const power = new Power(config.modem.power, openGpio, (level, message) => journal.tell(level, 'power', message))
  return {
    config,
    openPort,
    openGpio,
    tap,
    power,
    journal,
    orders,
    recovery: new Recovery({ firstMs: firstPause, maxMs: maxPause }, healthyAfter, power.means.length > 0),
    budget: new Budget(config.limits, memory, journal),
    heart: new Heart(config.recovery.bootTime),
    pinTrials: new PinTrials(memory),
    contextMemory: new ContextMemory(memory),
    dialSettings: new DialSettings(config.routes.some((route) => route.localPort !== undefined || route.modemTls)),
    doze: new Doze(config.modem.sleep, facts, journal),
    facts,
    dte: undefined,
    configured: false,
    modeUnknown: true,
    entering: undefined,
    proofDue: false,
    dtrMissed: false,
    ring: new RingWatch(),
    calls: new Calls(config.inbound[0], onCall),
    inbox: new Inbox(config.messages, journal, () => orders.bell.ring()),
    window: { since: 0, unsure: false, answers: [] },
  }
}

export function unknownModem(): ModemFacts {
  return {
    model: null,
    firmware: null,
    dialect: DIALECTS.sim800,
    hasDcd: false,
    hasDtr: false,
    hasRi: false,
    asleep: false,
    signal: null,
    operator: null,
    registration: null,
    address: null,
    dialsOnlyFresh: false,
    lastWindowMs: null,
  }
}

/** The DTE on the open line. @throws Fault line-gone if there is none */
export function dteOf(parts: Parts): Dte {
  if (!parts.dte) throw new Fault('line-gone', `${parts.config.line.device} is not open`)
  return parts.dte
}

/** The modem is looked for: nobody knows what it has kept of what it was told. */
export function forgetSettings(parts: Parts): void {
  parts.configured = false
  parts.dialSettings.forget()
  parts.doze.forget()
}

/** A carrier is up. */
export function welcome(parts: Parts, carrier: Carrier): void {
  // An order to hang up was for an earlier one.
  parts.orders.hangUp = undefined
  parts.proofDue = false
  carrier.onSuspicion = () => parts.orders.bell.ring()
  parts.budget.watch(carrier)
}

/** How to escape here. */
export function escapeOptions(parts: Parts): EscapeOptions {
  const { method, guardTime } = parts.config.escape
  return { method: method !== 'plus' && parts.facts.hasDtr ? 'dtr' : 'plus', guardMs: guardTime }
}

/** The modem in the words of a log line. */
export function describeModem({ model, firmware, signal, operator, address }: ModemFacts): string {
  const strength = signal?.dbm === null || signal === null ? 'signal unknown' : `${signal.dbm} dBm`
  return [model ?? 'modem', firmware, operator, strength, address].filter((part) => part !== null).join(', ')
}
