/** The supply of the Raspberry Pi, as its firmware saw it. */
import type { Board } from './board.ts'
import type { Notes } from './finding.ts'
import type { Machine } from './machine.ts'

/** Bits of `vcgencmd get_throttled`: now, and at any time since the start. */
const UNDER_VOLTAGE_NOW = 0x1
const UNDER_VOLTAGE_SINCE_START = 0x10000

const FIRMWARE = '/sys/bus/platform/drivers/raspberrypi-firmware'
const HWMON = '/sys/class/hwmon'

export function checkBoardSupply(notes: Notes, machine: Machine, { family }: Board): void {
  if (family === 'other') return
  const bits = throttled(machine)
  if (bits === undefined) {
    notes.unchecked('board', 'the firmware does not tell', 'ask it as the user pi or with sudo: vcgencmd get_throttled')
    return
  }
  const mend = 'a supply of 5.1 V with a short, thick cable; the modem takes 2 A from its own, not from the 5 V pins'
  const value = `0x${bits.toString(16)}`
  if (bits & UNDER_VOLTAGE_NOW) {
    notes.bad('board', 'the Raspberry Pi has too low a voltage right now', { fault: 'under-voltage', mend, value })
  } else if (bits & UNDER_VOLTAGE_SINCE_START) {
    notes.warn('board', 'the Raspberry Pi had too low a voltage since its start', { mend, value })
  } else notes.good('board', 'no low voltage since the start', value)
}

/** From the firmware's driver, its tool, or the alarm of the hwmon driver, which only knows about now. */
function throttled(machine: Machine): number | undefined {
  for (const device of machine.list(FIRMWARE)) {
    const text = machine.text(`${FIRMWARE}/${device}/get_throttled`)
    if (text !== undefined) return Number.parseInt(text, 16)
  }
  const said = /throttled=0x([0-9a-f]+)/i.exec(machine.output('/usr/bin/vcgencmd', 'get_throttled') ?? '')?.[1]
  if (said !== undefined) return Number.parseInt(said, 16)
  for (const chip of machine.list(HWMON)) {
    if (machine.text(`${HWMON}/${chip}/name`) !== 'rpi_volt') continue
    return machine.text(`${HWMON}/${chip}/in0_lcrit_alarm`) === '1' ? UNDER_VOLTAGE_NOW | UNDER_VOLTAGE_SINCE_START : 0
  }
  return undefined
}
