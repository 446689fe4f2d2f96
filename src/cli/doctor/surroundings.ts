/** The world of an examination: this machine, or another's tree of files with a virtual modem. */
import type { OpenPort } from '../../core/port.ts'
import type { OpenGpio } from '../../line/gpio-line.ts'
import type { Machine } from './machine.ts'

export interface Surroundings {
  readonly machine: Machine
  readonly openPort: OpenPort
  readonly openGpio: OpenGpio
}
