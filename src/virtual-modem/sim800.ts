/** The SIM800 dialect: every behavior of the modem as it comes. */
import { BASIC_COMMANDS } from './basic-commands.ts'
import type { Behavior } from './behavior.ts'
import { IP_COMMANDS } from './ip-commands.ts'
import { IP_SETTING_COMMANDS, transferSettings } from './ip-setting-commands.ts'
import { LINE_COMMANDS } from './line-commands.ts'
import { MESSAGE_COMMANDS } from './message-commands.ts'
import { RADIO_COMMANDS } from './radio-commands.ts'

/** AT manual 8.2.23. */
const transfer = transferSettings(({ knobs }) => [
  [3, 8],
  [knobs.waitTmMin, 10],
  [1, 1460],
  [0, 1],
  [0, 1],
  [50, 1460],
  [20, 1000],
])

export const sim800: readonly Behavior[] = [
  ...BASIC_COMMANDS,
  ...LINE_COMMANDS,
  ...RADIO_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...IP_SETTING_COMMANDS,
  transfer,
  ...IP_COMMANDS,
]
