/** What the activities of the link share: the open line, what is known of the modem, what is wanted, what went wrong. */

import type { Signal } from '../at/commands.ts'
import { DIALECTS, type Dialect } from '../at/dialect.ts'
import type { Config } from '../config/schema.ts'
import { Fault } from '../core/fault.ts'
import type { Journal } from '../core/log.ts'
import type { OpenPort } from '../core/port.ts'
import type { Dte } from '../dte/dte.ts'
import type { EscapeOptions } from '../dte/escape.ts'
import type { Orders } from './orders.ts'
import type { Recovery } from './recovery.ts'

/** What is known of the modem; null where not known. */
export interface ModemFacts {
  model: string | null
  firmware: string | null
  dialect: Dialect
  /** Whether DCD and DTR can be used on this port. */
  hasDcd: boolean
  hasDtr: boolean
  signal: Signal | null
  operator: string | null
  registration: number | null
  address: string | null
  /** A dial is accepted only in IP STATUS: the context is shut after each connection (modem-facts 2, CIPSTART). */
  dialsOnlyFresh: boolean
  /** The PIN that the SIM refused: never tried again. */
  refusedPin: string | undefined
  /** How long the last command window held the data, in ms. */
  lastWindowMs: number | null
}

/** Command mode beside a live connection. */
export interface CommandWindow {
  /** When data stopped, on `now()`'s clock. */
  since: number
  /** Answers that are given once data flows again, with the window's length in ms. */
  answers: ((windowMs: number) => void)[]
}

export interface Parts {
  readonly config: Config
  readonly openPort: OpenPort
  readonly journal: Journal
  readonly orders: Orders
  readonly recovery: Recovery
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
  readonly window: CommandWindow
}

export function unknownModem(): ModemFacts {
  return {
    model: null,
    firmware: null,
    dialect: DIALECTS.sim800,
    hasDcd: false,
    hasDtr: false,
    signal: null,
    operator: null,
    registration: null,
    address: null,
    dialsOnlyFresh: false,
    refusedPin: undefined,
    lastWindowMs: null,
  }
}

/** The DTE on the open line. @throws Fault line-gone if there is none */
export function dteOf(parts: Parts): Dte {
  if (!parts.dte) throw new Fault('line-gone', `${parts.config.line.device} is not open`)
  return parts.dte
}

/** How to escape here. */
export function escapeOptions(parts: Parts): EscapeOptions {
  const { method, guardTime } = parts.config.escape
  const dtr = method === 'dtr' || (method === 'auto' && parts.facts.hasDtr)
  return { method: dtr ? 'dtr' : 'plus', guardMs: guardTime }
}
