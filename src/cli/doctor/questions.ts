/** What the modem is asked: questions only, none that changes a setting, costs money, or tries a PIN. */
import type { AtCommand } from '../../at/command.ts'
import {
  attached,
  baudRate,
  firmware,
  type IpState,
  ipStatus,
  model,
  operator,
  type PinAttempts,
  pinAttempts,
  registration,
  type Signal,
  signalQuality,
  simState,
  supplyVoltage,
} from '../../at/commands.ts'

/** The modem said no, in its own words. */
export class Refusal {
  readonly result: string
  constructor(result: string) {
    this.result = result
  }
}

/** A modem that can be asked, here or through the daemon. */
export interface Interviewee {
  /** Calls may overlap. @throws Error with the reason if there is no answer to be had */
  ask<T>(command: AtCommand<T>): Promise<T | Refusal>
}

/** What it said; a `Refusal` where it cannot tell. */
export interface Answers {
  readonly model: string | Refusal
  readonly firmware: string | Refusal
  /** 0: autobaud */
  readonly rate: number | Refusal
  readonly supplyMv: number | Refusal
  readonly sim: string | Refusal
  readonly attempts: PinAttempts | Refusal
  readonly signal: Signal | Refusal
  /** AT+CREG's number. */
  readonly registration: number | Refusal
  readonly operator: string | null | Refusal
  readonly attached: boolean | Refusal
  readonly stack: IpState | Refusal
}

/** All in one go: beside a live session that is one pause, not eleven. @throws as `ask` does */
export async function interview(modem: Interviewee): Promise<Answers> {
  const [said, mv, sim, attempts, signal, network, name, packet, stack] = await Promise.all([
    Promise.all([modem.ask(model), modem.ask(firmware), modem.ask(baudRate)]),
    modem.ask(supplyVoltage),
    modem.ask(simState),
    modem.ask(pinAttempts),
    modem.ask(signalQuality),
    modem.ask(registration),
    modem.ask(operator),
    modem.ask(attached),
    modem.ask(ipStatus),
  ])
  return {
    model: said[0],
    firmware: said[1],
    rate: said[2],
    supplyMv: mv,
    sim,
    attempts,
    signal,
    registration: network,
    operator: name,
    attached: packet,
    stack,
  }
}
