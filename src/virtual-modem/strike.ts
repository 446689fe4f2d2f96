/** What faults do at the moment they begin and end, beyond being in force. */

import type { Arrivals } from './arrivals.ts'
import type { ModemFault } from './faults.ts'
import type { IpStack } from './ip-stack.ts'
import type { Power } from './power.ts'
import type { Radio } from './radio.ts'
import type { Settings } from './settings.ts'
import type { Sim, SimState } from './sim.ts'
import type { Wire } from './wire.ts'

/** What a fault can get at. */
export interface Struck {
  readonly sim: Sim
  readonly radio: Radio
  readonly settings: Pick<Settings, 'now'>
  readonly stack: IpStack
  readonly power: Power
  readonly wire: Wire
  readonly arrivals: Arrivals
  urc(text: string): void
  reset(cause: string, silent?: boolean): void
  powerDown(word: string, whenOff?: () => void): void
  simChanged(state: SimState): void
}

const NOTHING = (): void => undefined

/** Does what `fault` does once; returns what its end does once. */
export function strike(modem: Struck, fault: ModemFault): () => void {
  switch (fault.type) {
    case 'urc':
      if (fault.where !== 'inside') modem.urc(fault.text ?? 'RING')
      return NOTHING
    case 'echo-on':
      modem.settings.now.echo = 1
      return NOTHING
    case 'message':
      modem.arrivals.message(fault.from ?? '', fault.text ?? '')
      return NOTHING
    case 'call':
      modem.arrivals.ring(fault.rings ?? 3, fault.from ?? '')
      return NOTHING
    case 'sim-locked':
      modem.sim.lock(fault.pin ?? '1234', fault.attempts ?? 3)
      return () => modem.sim.lock('', 3)
    case 'sim-puk':
      modem.simChanged(modem.sim.state)
      return () => modem.simChanged(modem.sim.state)
    case 'context-lost':
      modem.stack.deactivate()
      return NOTHING
    case 'carrier-drops':
      modem.stack.breakCarrier()
      return NOTHING
    case 'reboot':
      if (fault.warning) modem.urc('UNDER-VOLTAGE WARNNING')
      modem.reset('reboot', fault.lines === false)
      return NOTHING
    case 'under-voltage':
      if (fault.power !== 'down') {
        modem.urc('UNDER-VOLTAGE WARNNING')
        return NOTHING
      }
      return sag(modem)
    case 'line-unplugged':
      modem.wire.unplug()
      return () => modem.wire.plug()
    case 'no-answer':
      if (fault.data !== 'stalls') return NOTHING
      modem.wire.freeze(true)
      return () => modem.wire.freeze(false)
    default:
      return NOTHING
  }
}

/** Most boards tie PWRKEY so that the modem starts when the supply is back; its last words may still be on the wire then. */
function sag(modem: Struck): () => void {
  let back = false
  const start = (): void => {
    if (back && modem.power.state === 'off') modem.power.boot()
  }
  modem.powerDown('UNDER-VOLTAGE', start)
  return () => {
    back = true
    start()
  }
}
