/** The SIM900 dialect: four parameters to AT+CIPCCFG, no CIPTKA (modem-facts 0.2, 7). */
import type { Behavior } from './behavior.ts'
import { transferSettings } from './ip-setting-commands.ts'
import { sim800 } from './sim800.ts'

const transfer = transferSettings(() => [
  [3, 8],
  [2, 10],
  [256, 1024],
  [0, 1],
])

const noKeepalive: Behavior = (_modem, { name }) => (name === '+CIPTKA' ? { result: 'ERROR' } : undefined)

export const sim900: readonly Behavior[] = [transfer, noKeepalive, ...sim800]
