/** attaching: from wherever the modem's IP stack is to "a dial may follow", one step at a time by what it says it is. */
import {
  bringUpContext,
  closeConnection,
  type IpState,
  ipStatus,
  localAddress,
  shutContext,
  signalQuality,
} from '../../at/commands.ts'
import { Fault } from '../../core/fault.ts'
import { sleep } from '../../core/time.ts'
import { CommandFault } from '../../dte/command-fault.ts'
import { say, sayIfKnown } from '../../dte/dialogue.ts'
import { NEXT_STEP, type StackStep } from '../ip-stack.ts'
import { dteOf, type Parts } from '../parts.ts'
import { configureStack, settingsHold } from '../stack-settings.ts'
import type { LinkEvent } from '../states.ts'

/** From a half-open connection to a fresh context it takes 6; more means that the modem goes in circles. */
const MOST_STEPS = 24
/** IP CONFIG lasts as long as AT+CIICR may (85 s). */
const WAIT_MS = 500
const MOST_WAITS = 180

/** @throws Fault with the reason why no dial is possible */
export async function attaching(parts: Parts, signal: AbortSignal): Promise<LinkEvent> {
  await climb(parts, signal)
  parts.facts.signal = (await sayIfKnown(dteOf(parts), signalQuality, signal)) ?? null
  return 'succeeded'
}

/** Goes on until a dial may follow. */
export async function climb(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  let waits = 0
  for (let steps = 0; steps < MOST_STEPS && waits < MOST_WAITS; ) {
    const state = await say(dte, ipStatus, signal)
    const step = await nextStep(parts, state, signal)
    if (step === 'done') return
    if (step === 'wait') {
      waits += 1
      await sleep(WAIT_MS, signal)
      continue
    }
    steps += 1
    await take(parts, step, signal)
  }
  throw new Fault('context-failed', 'the IP stack of the modem goes in circles')
}

async function nextStep(parts: Parts, state: IpState, signal: AbortSignal): Promise<StackStep> {
  const step = NEXT_STEP[state]
  // Only a restart forgets what was set up, and with it more than the context: &D, &C, echo.
  if (step === 'configure' && parts.configured) {
    throw new Fault('modem-rebooted', 'the modem has forgotten its settings: it restarted unseen')
  }
  // A caller has gone, and the modem waits for the next one.
  parts.calls.listening = state === 'SERVER LISTENING' && parts.calls.wanted && parts.configured
  if (parts.calls.listening) return 'done'
  if (state === 'TCP CLOSED' && parts.facts.dialsOnlyFresh) return 'shutContext'
  // A context that somebody else brought up is kept only if it was set up as we would have done it.
  if (!parts.configured && (step === 'done' || step === 'bringUpContext' || step === 'readAddress')) {
    parts.configured = parts.contextMemory.mayBe(parts.config.context) && (await settingsHold(parts, signal))
    if (!parts.configured) return 'shutContext'
  }
  return step
}

async function take(parts: Parts, step: Exclude<StackStep, 'done' | 'wait'>, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  switch (step) {
    case 'configure':
      await configureStack(parts, signal)
      parts.contextMemory.note(parts.config.context)
      parts.configured = true
      break
    case 'bringUpContext':
      await bringUp(parts, signal)
      break
    case 'readAddress':
      parts.facts.address = await say(dte, localAddress, signal)
      parts.journal.tell('info', 'context', `up, address ${parts.facts.address}`)
      break
    case 'closeConnection':
      // Refused: then it has just closed by itself.
      await sayIfKnown(dte, closeConnection(true), signal)
      break
    case 'shutContext':
      parts.facts.address = null
      parts.configured = false
      await say(dte, shutContext, signal)
      break
  }
}

async function bringUp(parts: Parts, signal: AbortSignal): Promise<void> {
  try {
    await say(dteOf(parts), bringUpContext, signal)
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    throw new Fault('context-failed', `the network gives no context for APN "${parts.config.context.apn}"`, {
      cause: error,
    })
  }
}
