/** What a behavior is: a small function that answers a command, or passes. */
import type { Command } from './command-line.ts'
import type { Conditions } from './conditions.ts'
import type { IpStack } from './ip-stack.ts'
import type { Knobs } from './knobs.ts'
import type { MessageStore } from './message-store.ts'
import type { Network } from './network.ts'
import type { Radio } from './radio.ts'
import type { ModemRecord } from './record.ts'
import type { Result } from './result.ts'
import type { Settings } from './settings.ts'
import type { Sim } from './sim.ts'

/** What behaviors see of the modem. */
export interface Dce {
  readonly knobs: Knobs
  readonly conditions: Conditions
  readonly record: ModemRecord
  readonly settings: Settings
  readonly sim: Sim
  readonly radio: Radio
  readonly stack: IpStack
  readonly messages: MessageStore
  readonly network: Network
  /** 0, 1 or 4 (AT+CFUN). */
  readonly cfun: number
  readonly callReady: boolean
  /** Aborts at the next reset or power loss. */
  readonly alive: AbortSignal
  /** A line nobody asked for. */
  urc(text: string): void
  /** Takes settings of the serial side into force: rate, flow control, &C. */
  applyLine(): void
  setCfun(level: number): void
  /** ATO: back to data mode. */
  resume(): void
  /** Ends the carrier as ATH or the &D2 hang-up does. */
  hangUp(): void
  reset(cause: string): void
  powerDown(word: string): void
  /** AT+CIPSEND: what is typed up to Ctrl+Z goes to the peer. */
  prompt(): void
}

/** An answer: information text, result code, and what happens once they are on their way. */
export interface Answer {
  readonly text?: readonly string[]
  /** `OK` unless said otherwise. */
  readonly result?: Result
  /** Lines that follow the result code (AT+CIPSTATUS). */
  readonly afterwards?: readonly string[]
  /** Milliseconds until the answer; the knob `quickTime` unless said otherwise. */
  readonly time?: number
  readonly done?: () => void
}

export type Behavior = (modem: Dce, command: Command) => Answer | Promise<Answer> | undefined

export const OK: Answer = {}

/** A command that is out of place or malformed: `ERROR`, or its number with AT+CMEE. */
export function refusal(cme: number, kind: 'CME' | 'CMS' = 'CME'): Answer {
  return { result: { cme, kind } }
}

/** Argument `index` as a whole number from `least` to `most`; `missing` when it is not there; undefined: not legal. */
export function whole(
  command: Command,
  index: number,
  least: number,
  most: number,
  missing?: number,
): number | undefined {
  const text = command.args[index]?.text ?? ''
  if (text === '') return missing
  if (!/^\d{1,9}$/.test(text)) return undefined
  const number = Number(text)
  return number >= least && number <= most ? number : undefined
}

/** Argument `index` as text without quotes. */
export function words(command: Command, index: number): string | undefined {
  return command.args[index]?.text
}
