/** opening: a tty becomes a line. */

import { Dte } from '../../dte/dte.ts'
import { SerialLine } from '../../line/serial-line.ts'
import { Wires } from '../../line/wires.ts'
import type { Parts } from '../parts.ts'
import type { LinkEvent } from '../states.ts'

/** @throws Fault line-missing, line-busy, line-gone */
export async function opening(parts: Parts, adopt: (dte: Dte) => void): Promise<LinkEvent> {
  const { line: wanted, modem } = parts.config
  parts.power.open()
  const wires = new Wires(wanted, parts.openGpio, (wire, reason) => {
    parts.journal.tell('warn', 'wire', `line.${wire} counts as not there: ${reason}`)
  })
  const { baudRate, flowControl } = wanted
  const line = await SerialLine.open(wires.over(parts.openPort), wanted.device, { baudRate, flowControl }, parts.tap)
  const secrets = [modem.pin, parts.config.context.password].filter((secret) => secret !== undefined && secret !== '')
  const masked = (text: string): string =>
    secrets.reduce<string>((rest, secret) => rest.replaceAll(secret ?? '', '****'), text)
  const dte = new Dte(line, {
    sent: (text) => {
      parts.heart.beat()
      parts.journal.tell('debug', 'at', `» ${masked(text)}`)
    },
    received: (text) => {
      parts.heart.beat()
      parts.journal.tell('debug', 'at', `« ${masked(text)}`)
    },
  })
  await line.setSignals({ dtr: true, rts: true })
  parts.facts.hasDcd = wires.there.dcd
  parts.facts.hasDtr = wires.there.dtr
  parts.facts.hasRi = wires.there.ri
  tellOfMissingDtr(parts)
  parts.configured = false
  parts.modeUnknown = true
  adopt(dte)
  return 'succeeded'
}

/** Once: the line may be opened many times. */
function tellOfMissingDtr(parts: Parts): void {
  if (parts.config.escape.method !== 'dtr' || parts.facts.hasDtr || parts.dtrMissed) return
  parts.dtrMissed = true
  parts.journal.tell('warn', 'wire', 'escape.method is dtr, but no DTR is wired here: data mode is left by +++')
}
