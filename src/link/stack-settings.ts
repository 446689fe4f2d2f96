/** What has to be said to the modem in IP INITIAL before the context can be brought up. */
import { anything } from '../at/anything.ts'
import {
  accessPoint,
  connectionMode,
  isTransparent,
  keepAlive,
  nameServers,
  type Packing,
  packing,
  shutContext,
  singleConnection,
  transparentMode,
} from '../at/commands.ts'
import { Fault } from '../core/fault.ts'
import { CommandFault } from '../dte/command-fault.ts'
import { say, sayIfKnown } from '../dte/dialogue.ts'
import type { PacketRules } from '../dte/packet-upstream.ts'
import { reachNetwork } from './network.ts'
import { dteOf, escapeOptions, type Parts } from './parts.ts'

/** SIM, network, modes and access point. @throws Fault with what stands in the way */
export async function configureStack(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const { context, modem } = parts.config
  await reachNetwork(parts, signal)
  for (const text of modem.initCommands) {
    if (!(await sayIfKnown(dte, anything(text), signal))) {
      parts.journal.tell('warn', 'init-command', `the modem refuses ${text}`)
    }
  }
  await setSingleConnection(parts, signal)
  // CIPMODE first: some firmware takes CIPCCFG only then (modem-facts 1.4). Set already, it may be refused.
  await sayIfKnown(dte, transparentMode, signal)
  if (!(await say(dte, isTransparent, signal))) throw new Fault('not-transparent', 'the modem refuses AT+CIPMODE=1')
  await say(dte, packing(packingFor(parts)), signal)
  await setExtras(parts, signal)
  await say(dte, accessPoint(context.apn, context.user, context.password), signal)
}

/** Whether a context that was up before us was set up as `configureStack` would have done it. */
export async function settingsHold(parts: Parts, signal: AbortSignal): Promise<boolean> {
  const dte = dteOf(parts)
  if ((await sayIfKnown(dte, connectionMode, signal)) !== 'single') return false
  if ((await sayIfKnown(dte, isTransparent, signal)) !== true) return false
  try {
    await say(dte, packing(packingFor(parts)), signal)
  } catch (error) {
    if (error instanceof CommandFault) return false
    throw error
  }
  await setExtras(parts, signal)
  return true
}

/** Single connection: refused until the context is shut if somebody used several (modem-facts P2). */
async function setSingleConnection(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  if ((await sayIfKnown(dte, connectionMode, signal)) === 'single') return
  try {
    await say(dte, singleConnection, signal)
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error
    await say(dte, shutContext, signal)
    await say(dte, singleConnection, signal)
  }
}

/** What helps but is missing in some firmware. */
async function setExtras(parts: Parts, signal: AbortSignal): Promise<void> {
  const dte = dteOf(parts)
  const { liveness, context } = parts.config
  await sayIfKnown(dte, keepAlive(Math.round(liveness.keepalive / 1000)), signal)
  if (context.dns.length > 0) await sayIfKnown(dte, nameServers(context.dns), signal)
}

function packingFor(parts: Parts): Packing {
  const { retries, waitTime, sendSize } = parts.config.transparent
  const { dialect } = parts.facts
  return {
    retries,
    waitTime: clamp(waitTime, dialect.waitTime),
    sendSize: clamp(sendSize, dialect.sendSize),
    // With DTR wired, no payload can look like an escape.
    escape: escapeOptions(parts).method === 'plus',
  }
}

/** What the modem makes one packet of, as `packing` has told it. */
export function packetRules(parts: Parts): PacketRules {
  const { waitTime, sendSize } = packingFor(parts)
  return { size: sendSize, silenceMs: waitTime * parts.facts.dialect.waitUnitMs }
}

function clamp(value: number, range: { readonly min: number; readonly max: number }): number {
  return Math.min(range.max, Math.max(range.min, value))
}
