/** SIM card, registration, packet service: what the context needs below it. */
import {
  attach,
  attached,
  enterPin,
  operator,
  pinAttempts,
  registration,
  signalQuality,
  simState,
} from '../at/commands.ts'
import { errorNumber } from '../at/result-code.ts'
import { Fault } from '../core/fault.ts'
import { now, sleep } from '../core/time.ts'
import { CommandFault } from '../dte/command-fault.ts'
import { say, sayIfKnown } from '../dte/dialogue.ts'
import { dteOf, type Parts } from './parts.ts'
import type { PinTrials } from './pin-trials.ts'

/** After a start the SIM is "busy" or plainly `ERROR` for some seconds (modem-facts T6), in ms. */
const SIM_PATIENCE_MS = 15_000
const SIM_POLL_MS = 500
/** A cold modem needs up to a minute to find its network. */
const REGISTRATION_PATIENCE_MS = 90_000
const REGISTRATION_POLL_MS = 1_000
/** AT+CREG answers (AT manual 3.2.27). */
const HOME = 1
const DENIED = 3
const ROAMING = 5
/** A PIN is tried only if this many attempts are left: the last ones are for a person. */
const ATTEMPTS_TO_SPARE = 2
/** +CME ERROR numbers (AT manual 19.1). */
const SIM_NOT_INSERTED = 10
const WRONG_PASSWORD = 16

/** @throws Fault sim-missing, sim-locked, not-registered, registration-denied, attach-failed */
export async function reachNetwork(parts: Parts, signal: AbortSignal): Promise<void> {
  await unlockSim(parts, signal)
  await register(parts, signal)
  await attachPacketService(parts, signal)
}

async function unlockSim(parts: Parts, signal: AbortSignal): Promise<void> {
  const giveUpAt = now() + SIM_PATIENCE_MS
  for (;;) {
    const state = await askSim(parts, signal)
    if (state === 'READY') return
    if (state === 'SIM PIN') await tryPin(parts, signal)
    else if (state?.includes('PUK') === true || state?.startsWith('PH_SIM') === true) {
      throw new Fault('sim-locked', `the SIM asks for ${state}: a person has to unlock it`)
    } else if (now() >= giveUpAt) throw new Fault('sim-missing', `the SIM does not get ready (${state ?? 'no state'})`)
    await sleep(SIM_POLL_MS, signal)
  }
}

/** The SIM's state; undefined while the modem cannot tell. */
async function askSim(parts: Parts, signal: AbortSignal): Promise<string | undefined> {
  try {
    const state = await say(dteOf(parts), simState, signal)
    if (state === 'NOT INSERTED') throw new Fault('sim-missing', 'there is no SIM card in the modem')
    return state
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    if (errorNumber(error.result) === SIM_NOT_INSERTED) {
      throw new Fault('sim-missing', 'there is no SIM card in the modem', { cause: error })
    }
    return undefined
  }
}

/** Tries the configured PIN: never the last attempts, never a second time one that was wrong (P8). */
async function tryPin(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const { pin } = parts.config.modem
  if (pin === undefined) throw new Fault('sim-locked', 'the SIM asks for its PIN and modem.pin is not set')
  const left = await sayIfKnown(dte, pinAttempts, signal)
  if (parts.pinTrials.refused(pin, left?.pin)) throw new Fault('sim-locked', refusedBefore(parts.pinTrials))
  if (left === undefined) throw new Fault('sim-locked', 'the modem does not say how many PIN attempts are left')
  if (left.pin < ATTEMPTS_TO_SPARE) {
    throw new Fault('sim-locked', `${left.pin} PIN attempts are left: the last ones are for a person`)
  }
  // Before it is said: the power may go at any moment.
  parts.pinTrials.begin(pin, left.pin)
  try {
    await say(dte, enterPin(pin), signal)
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    const after = await sayIfKnown(dte, pinAttempts, signal)
    const looked = after === undefined || after.pin < left.pin || errorNumber(error.result) === WRONG_PASSWORD
    if (looked) parts.pinTrials.refuse(pin, left.pin)
    else parts.pinTrials.forget()
    const what = looked ? 'the SIM refuses modem.pin' : `the SIM does not look at modem.pin now (${error.result})`
    throw new Fault('sim-locked', what, { cause: error })
  }
  parts.pinTrials.forget()
  parts.journal.tell('info', 'sim', 'PIN accepted')
}

/** What a person has to do, also one who has put in another card since. */
function refusedBefore({ path }: PinTrials): string {
  const other = path === undefined ? '' : `; if it is right for another SIM, remove ${path} and restart`
  return `the SIM has refused modem.pin: it is not tried again until modem.pin is changed${other}`
}

async function register(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const giveUpAt = now() + REGISTRATION_PATIENCE_MS
  for (;;) {
    const state = await say(dte, registration, signal)
    parts.facts.registration = state
    if (state === HOME || state === ROAMING) break
    if (state === DENIED) throw new Fault('registration-denied', 'the network refuses the registration')
    if (now() >= giveUpAt) {
      const rssi = (await say(dte, signalQuality, signal)).rssi
      throw new Fault(
        'not-registered',
        `no registration within ${REGISTRATION_PATIENCE_MS / 1000} s (signal ${rssi} of 31)`,
      )
    }
    await sleep(REGISTRATION_POLL_MS, signal)
  }
  parts.facts.operator = (await sayIfKnown(dte, operator, signal)) ?? null
  const roaming = parts.facts.registration === ROAMING ? ', roaming' : ''
  parts.journal.tell('info', 'registered', `at ${parts.facts.operator ?? 'an unnamed network'}${roaming}`)
}

async function attachPacketService(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  if (await say(dte, attached, signal)) return
  try {
    await say(dte, attach(true), signal)
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    throw new Fault('attach-failed', 'the network refuses packet service', { cause: error })
  }
}
