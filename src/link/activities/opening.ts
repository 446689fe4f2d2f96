/** opening: a tty becomes a line. */

import { Dte } from '../../dte/dte.ts'
import { SerialLine } from '../../line/serial-line.ts'
import type { Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** @throws Fault line-missing, line-busy, line-gone */
export async function opening(parts: Parts, adopt: (dte: Dte) => void): Promise<LinkEvent> {
  const { line: wanted, modem } = parts.config
  const line = await SerialLine.open(parts.openPort, wanted.device, {
    baudRate: wanted.baudRate,
    flowControl: wanted.flowControl,
  })
  const secrets = [modem.pin, parts.config.context.password].filter((secret) => secret !== undefined && secret !== '')
  const masked = (text: string): string =>
    secrets.reduce<string>((rest, secret) => rest.replaceAll(secret ?? '', '****'), text)
  const dte = new Dte(line, {
    sent: (text) => parts.journal.tell('debug', 'at', `» ${masked(text)}`),
    received: (text) => parts.journal.tell('debug', 'at', `« ${masked(text)}`),
  })
  await line.setSignals({ dtr: true, rts: true })
  const signals = await line.signals()
  parts.facts.hasDcd = wanted.dcd === 'auto' && signals !== undefined
  parts.facts.hasDtr = wanted.dtr === 'auto' && signals !== undefined
  parts.configured = false
  parts.modeUnknown = true
  adopt(dte)
  return 'succeeded'
}
