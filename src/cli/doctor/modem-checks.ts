/** What the modem said about itself, its SIM, the network and its supply. */
import { errorNumber } from '../../at/result-code.ts'
import type { Config } from '../../config/schema.ts'
import type { PinTrials } from '../../link/pin-trials.ts'
import type { Notes } from './finding.ts'
import { type Answers, Refusal } from './questions.ts'

/** +CME ERROR: SIM not inserted (AT manual 19.1). */
const SIM_NOT_INSERTED = 10
/** Of a SIM whose PIN nobody has mistyped. The rule is GSM's; the manual does not state it. */
const ALL_ATTEMPTS = 3
/** The daemon leaves the last one to a person. */
const ATTEMPTS_TO_SPARE = 2
/** One bar of four: bursts get long and strong, and dials fail. */
const WEAK_DBM = -95
/** The modem warns at 3.5 V and 4.3 V (hardware design); between them it works. */
const LOW_MV = 3_500
const HIGH_MV = 4_300

export function checkIdentity(notes: Notes, { model, firmware }: Answers): void {
  if (model instanceof Refusal || model === '') {
    notes.warn('model', 'it does not say what it is', { mend: 'set modem.dialect: sim800 or sim900' })
  } else notes.good('model', model)
  if (!(firmware instanceof Refusal) && firmware !== '') notes.good('firmware', firmware)
}

/** @returns whether the SIM is open, so that the network can be asked about */
export function checkSim(notes: Notes, answers: Answers, pin: string | undefined, trials: PinTrials): boolean {
  const { sim, attempts } = answers
  const left = attempts instanceof Refusal ? undefined : attempts.pin
  if (sim instanceof Refusal) {
    if (errorNumber(sim.result) === SIM_NOT_INSERTED) notes.bad('SIM', 'there is none', { fault: 'sim-missing' })
    else notes.bad('SIM', `there is none, or it is not ready yet (${sim.result})`, { fault: 'sim-missing' })
    return false
  }
  if (sim === 'READY') notes.good('SIM', 'there, and open', sim)
  else if (sim === 'NOT INSERTED') notes.bad('SIM', 'there is none', { fault: 'sim-missing', value: sim })
  else if (sim === 'SIM PIN') lockedByPin(notes, left, pin, trials)
  else {
    const mend = 'put it into a phone and unlock it there with its PUK'
    notes.bad('SIM', `it asks for ${sim}`, { fault: 'sim-locked', mend, value: sim })
  }
  checkAttempts(notes, left)
  return sim === 'READY'
}

function lockedByPin(notes: Notes, left: number | undefined, pin: string | undefined, trials: PinTrials): void {
  const value = 'SIM PIN'
  if (pin === undefined) {
    const mend = 'set modem.pin in the configuration, in quotes; or switch the PIN off in a phone'
    notes.bad('SIM', 'it asks for its PIN, and modem.pin is not set', { fault: 'sim-locked', mend, value })
  } else if (trials.refused(pin, left)) {
    notes.bad('SIM', 'it has refused modem.pin before', {
      fault: 'sim-locked',
      mend: `correct modem.pin; if it is right for another SIM, remove ${trials.path ?? "the daemon's memory"}`,
      value,
    })
  } else if (left !== undefined && left < ATTEMPTS_TO_SPARE) {
    const mend = 'put it into a phone and enter the PIN there: the daemon does not spend the last attempts'
    notes.bad('SIM', 'it asks for its PIN, and too few attempts are left', { fault: 'sim-locked', mend, value })
  } else notes.good('SIM', 'it asks for its PIN; `run` enters modem.pin', value)
}

function checkAttempts(notes: Notes, left: number | undefined): void {
  if (left === undefined) notes.unchecked('PIN attempts', 'the modem does not say how many are left')
  else if (left >= ALL_ATTEMPTS) notes.good('PIN attempts', `${left} left`, left)
  else {
    const mend = left === 0 ? 'the PUK sets it back' : 'a right PIN sets it back to 3; a wrong one takes the next away'
    notes.warn('PIN attempts', `${left} left: somebody gave a wrong PIN`, { mend, value: left })
  }
}

/** AT+CREG's numbers (AT manual 3.2.27). */
const REGISTERED: Readonly<Record<number, string>> = { 1: 'at home', 5: 'roaming' }
const DENIED = 3

/** @param open the SIM is open: without it no network takes the modem */
export function checkNetwork(notes: Notes, { signal, registration, operator, attached }: Answers, open: boolean): void {
  checkSignal(notes, signal, open)
  if (!open) {
    notes.unchecked('registration', 'needs an open SIM')
    notes.unchecked('attach', 'needs an open SIM')
    return
  }
  const state = registration instanceof Refusal ? 0 : registration
  const how = REGISTERED[state]
  if (how !== undefined) {
    const name = operator instanceof Refusal || operator === null ? 'an unnamed network' : operator
    notes.good('registration', `${name}, ${how}`, name)
  } else if (state === DENIED) {
    notes.bad('registration', 'the network refuses this SIM', { fault: 'registration-denied', value: state })
  } else {
    const what = state === 2 ? 'it is searching for a network' : 'no network, and it is not searching'
    notes.bad('registration', what, { fault: 'not-registered', value: state })
  }
  if (how === undefined) notes.unchecked('attach', 'needs a network')
  else if (attached === true) notes.good('attach', 'packet service is there', 1)
  else {
    const mend = 'the daemon asks for it; if that fails: has the SIM data, has the cell GPRS?'
    notes.warn('attach', 'no packet service yet', { mend, value: 0 })
  }
}

function checkSignal(notes: Notes, signal: Answers['signal'], open: boolean): void {
  const dbm = signal instanceof Refusal ? null : signal.dbm
  const rssi = signal instanceof Refusal ? 99 : signal.rssi
  const mend = 'move or change the antenna; check its plug'
  if (dbm === null) {
    if (open)
      notes.warn('signal', 'none is measured', { mend: `${mend}; a modem that has just started needs a minute` })
    else notes.unchecked('signal', 'none is measured without an open SIM')
  } else if (dbm < WEAK_DBM) notes.warn('signal', `weak: ${dbm} dBm (${rssi} of 31)`, { mend, value: dbm })
  else notes.good('signal', `${dbm} dBm (${rssi} of 31)`, dbm)
}

/** The modem's own measure, and what it said unasked. */
export function checkSupply(notes: Notes, supplyMv: number | Refusal, warning: string | undefined): void {
  if (supplyMv instanceof Refusal) notes.unchecked('modem', `the modem does not measure it (${supplyMv.result})`)
  else if (supplyMv <= LOW_MV || warning?.startsWith('UNDER') === true) {
    const said = warning === undefined ? '' : `, and it says ${warning}`
    notes.bad('modem', `${volts(supplyMv)} at the modem is too low${said}`, { fault: 'under-voltage', value: supplyMv })
  } else if (supplyMv >= HIGH_MV) {
    const mend = 'it switches itself off above 4.4 V: 4.0 V is right, 5 V is never'
    notes.warn('modem', `${volts(supplyMv)} at the modem is too high`, { mend, value: supplyMv })
  } else notes.good('modem', `${volts(supplyMv)} at the modem, between bursts`, supplyMv)
}

function volts(mv: number): string {
  return `${(mv / 1000).toFixed(2)} V`
}

/** The rate that it was found at, and whether it stays there. */
export function checkRate(notes: Notes, found: number, { line }: Config, fixed: number | Refusal): void {
  if (found !== line.baudRate) {
    notes.warn('baud rate', `it answers at ${found}, line.baudRate is ${line.baudRate}`, {
      mend: `nothing, if it can do ${line.baudRate}: run sets and saves it (AT+IPR); else line.baudRate: ${found}`,
      value: found,
    })
  } else if (fixed === 0) notes.good('baud rate', `${found} found by autobaud; run fixes it (AT+IPR)`, found)
  else notes.good('baud rate', String(found), found)
}
