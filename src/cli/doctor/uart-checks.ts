/** Which UART it is, and whether its RTS and CTS are at the pins. */
import { basename, dirname } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { type Board, BootConfig, type Uart, uartOf } from './board.ts'
import type { Notes } from './finding.ts'
import type { Machine } from './machine.ts'

const CONFIG_FILE = '/boot/firmware/config.txt'

/** @returns what it is */
export function checkUart(notes: Notes, machine: Machine, board: Board, path: string): Uart {
  const uart = uartOf(machine, board, path)
  const name = basename(path)
  switch (uart) {
    case 'pl011':
      notes.good('uart', `${name} is the PL011 at GPIO 14 and 15`, uart)
      break
    case 'mini':
      notes.warn('uart', `${name} is the mini UART: its rate follows the core's clock, and bytes are lost`, {
        mend: `give the PL011 to the header: dtoverlay=disable-bt (or miniuart-bt) in ${CONFIG_FILE}, reboot`,
        value: uart,
      })
      break
    case 'bluetooth':
      notes.bad('uart', `${name} leads to the Bluetooth chip, not to the header`, {
        fault: 'no-answer',
        mend: `dtoverlay=disable-bt in ${CONFIG_FILE}, reboot; then line.device: /dev/serial0`,
        value: uart,
      })
      break
    case 'debug':
      notes.bad('uart', `${name} is the debug connector of the Pi 5, not the header`, {
        fault: 'no-answer',
        mend: `dtoverlay=uart0-pi5,ctsrts in ${CONFIG_FILE}, reboot; then line.device: /dev/ttyAMA0`,
        value: uart,
      })
      break
    case 'usb':
      notes.good('uart', usbName(machine, name), uart)
      break
    case 'extra':
      notes.good('uart', `${name} is a further PL011 of this board`, uart)
      break
    case 'pseudo':
      notes.good('uart', 'a pseudo-terminal: a program stands behind it', uart)
      break
    case 'other':
      notes.good('uart', `${name} is a serial port of this machine`, uart)
      break
  }
  return uart
}

/** `FTDI FT232R USB UART (ftdi_sio)`: the adapter's own words stand one or two folders above the tty. */
function usbName(machine: Machine, name: string): string {
  const device = machine.real(`/sys/class/tty/${name}/device`) ?? ''
  const folder = [device, dirname(device), dirname(dirname(device))].find((each) => machine.exists(`${each}/product`))
  const words = folder === undefined ? [] : ['manufacturer', 'product'].map((file) => machine.text(`${folder}/${file}`))
  const said = words.filter((word) => word !== undefined).join(' ')
  const driver = machine.link(`/sys/class/tty/${name}/device/driver`)
  return `USB adapter ${said}${driver === undefined ? '' : ` (${basename(driver)})`}`.replace(/ +/g, ' ')
}

/** How RTS and CTS come to GPIO 16 and 17, or to the pins of a further UART: a line of config.txt each. */
const PINS: Readonly<Record<'pi5' | 'pl011' | 'extra', { readonly set: RegExp; readonly line: string }>> = {
  pi5: { set: /^dtoverlay=uart0-pi5,.*\bctsrts\b/, line: 'dtoverlay=uart0-pi5,ctsrts' },
  pl011: { set: /^(gpio=16-17=a3|dtoverlay=uart0,.*\bctsrts\b|dtoverlay=uart-ctsrts)/, line: 'gpio=16-17=a3' },
  extra: {
    set: /^dtoverlay=uart[1-5](-pi5)?,.*\bctsrts\b/,
    line: 'dtoverlay=uartN,ctsrts with the number of the UART',
  },
}

/** Only where flow control is wanted, and only of a UART whose pins config.txt decides about. */
export function checkPins(notes: Notes, machine: Machine, board: Board, uart: Uart, flowControl: string): void {
  if (flowControl === 'none') {
    notes.warn('RTS/CTS', 'line.flowControl is none: bytes may be lost', {
      mend: 'wire RTS and CTS and set line.flowControl: hardware, if the board of the modem has them',
    })
  } else if (uart === 'mini') {
    notes.warn('RTS/CTS', 'the mini UART has none', {
      mend: `dtoverlay=disable-bt and gpio=16-17=a3 in ${CONFIG_FILE}, reboot; or line.flowControl: none`,
    })
  } else if (uart === 'pl011' || uart === 'extra') {
    const { set, line } = PINS[uart === 'pl011' && board.family === 'pi5' ? 'pi5' : uart]
    const boot = new BootConfig(machine, board)
    if (boot.path === undefined) notes.unchecked('RTS/CTS', `there is no ${CONFIG_FILE} to look into`)
    else if (boot.has(set)) notes.good('RTS/CTS', `the pins are set in ${boot.path}`, null)
    else {
      notes.warn('RTS/CTS', `no line of ${boot.path} gives RTS and CTS to the pins`, {
        mend: `${line} in ${boot.path}, reboot; without these wires line.flowControl: none`,
      })
    }
  }
}

/** What a GPIO of the header does for the UART there; 16 and 17 only with flow control. */
const HEADER: ReadonlyMap<number, string> = new Map([
  [14, 'TX'],
  [15, 'RX'],
  [16, 'CTS'],
  [17, 'RTS'],
])

/** A pin has one master: some boards have PWRKEY where the PL011 drives RTS. */
export function checkPinConflicts(notes: Notes, uart: Uart, { line, modem }: Config): void {
  if (uart !== 'pl011' && uart !== 'mini') return
  const { reset, powerKey } = modem.power
  const wanted = { 'line.dcd': line.dcd, 'line.dtr': line.dtr, 'line.ri': line.ri }
  const pins = { ...wanted, 'modem.power.reset': reset, 'modem.power.powerKey': powerKey }
  for (const [key, pin] of Object.entries(pins)) {
    if (pin === undefined || typeof pin === 'string') continue
    const use = HEADER.get(pin.line)
    if (use === undefined || (pin.line > 15 && line.flowControl === 'none')) continue
    notes.bad('pins', `GPIO ${pin.line} is ${use} of this UART, and ${key} wants it too`, {
      fault: 'config-invalid',
      mend: 'move one of them; a board with PWRKEY there has no flow control: line.flowControl: none',
      value: pin.line,
    })
  }
}
