/** The serial line in the configuration, and the GPIO lines that stand in for its wires. */
import * as z from 'zod'
import { isPath } from './endpoint.ts'
import type { Field } from './fields.ts'
import { choice, defaulted, flag, keys, required, text, whole } from './fields.ts'

const path = text('an absolute path', (value) => (isPath(value) ? undefined : 'is not an absolute path'))

const gpioLine = keys({
  chip: required(path, 'The GPIO chip, such as /dev/gpiochip0.'),
  line: required(whole(0, 1023), 'The number of the line on that chip.'),
  activeLow: defaulted(flag(), false, 'Whether the line is on when its voltage is low.'),
})
export const gpio = { schema: gpioLine, expected: 'a GPIO line: {chip, line, activeLow}' }

function wire(): Field<z.ZodUnion<[z.ZodLiteral<'auto' | 'none'>, typeof gpioLine]>> {
  const { schema, expected } = choice(['auto', 'none'])
  return { schema: z.union([schema, gpioLine]), expected: `${expected}, or ${gpio.expected}` }
}

export const line = keys({
  device: defaulted(
    text('an absolute path, or virtual', (value) =>
      value === 'virtual' || isPath(value) ? undefined : 'is not an absolute path',
    ),
    '/dev/serial0',
    'The tty that the modem is at; `virtual` is the built-in modem.',
  ),
  baudRate: defaulted(
    choice([1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600]),
    115_200,
    'Bits per second, fixed in the modem as well (AT+IPR); above 115200 only where the modem can.',
  ),
  flowControl: defaulted(
    choice(['hardware', 'none']),
    'hardware',
    'How either side stops the other; hardware is RTS/CTS, without it bytes may be lost.',
  ),
  dcd: defaulted(wire(), 'auto', 'Where the carrier is seen; auto uses the line of the tty where it has one.'),
  dtr: defaulted(wire(), 'auto', 'What the escape is driven with; auto uses the line of the tty where it has one.'),
  ri: defaulted(wire(), 'auto', 'Where ringing is seen; auto uses the line of the tty where it has one.'),
})
