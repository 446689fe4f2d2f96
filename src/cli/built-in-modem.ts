/** The virtual modem as the daemon's own: below the serial line, dialling real TCP. */
import type { OpenPort } from '../core/port.ts'
import type { Knobs } from '../virtual-modem/knobs.ts'
import { tcpNetwork } from '../virtual-modem/tcp-network.ts'
import { VirtualModem } from '../virtual-modem/virtual-modem.ts'
import { virtualPort } from '../virtual-modem/virtual-port.ts'

export interface BuiltInModem {
  readonly modem: VirtualModem
  readonly openPort: OpenPort
}

/** @param lines whether DCD, DTR and RI are wired; a Raspberry Pi's header has none */
export function builtInModem(knobs: Partial<Knobs> = {}, lines = false): BuiltInModem {
  const modem = new VirtualModem({ network: tcpNetwork(), knobs })
  return { modem, openPort: virtualPort(modem, { lines }) }
}
