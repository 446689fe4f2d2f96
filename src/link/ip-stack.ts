/** What the modem's IP stack says it is → what to do next. A table of levels: safe to enter from any state, any number of times. */
import type { IpState } from '../at/commands.ts'

export type StackStep =
  /** SIM, registration, attach, modes, then AT+CSTT. */
  | 'configure'
  /** AT+CIICR */
  | 'bringUpContext'
  /** AT+CIFSR; without it the stack never leaves IP GPRSACT (modem-facts 1.5). */
  | 'readAddress'
  /** Nothing: a dial may follow. */
  | 'done'
  /** AT+CIPCLOSE: a connection that nobody uses. */
  | 'closeConnection'
  /** AT+CIPSHUT: back to IP INITIAL. */
  | 'shutContext'
  /** The modem is on its way somewhere. */
  | 'wait'

/** AT manual 8.2.12; the state rules stand with each command in modem-facts 2. */
export const NEXT_STEP: Readonly<Record<IpState, StackStep>> = {
  'IP INITIAL': 'configure',
  'IP START': 'bringUpContext',
  'IP CONFIG': 'wait',
  'IP GPRSACT': 'readAddress',
  'IP STATUS': 'done',
  'TCP CONNECTING': 'closeConnection',
  'UDP CONNECTING': 'closeConnection',
  'SERVER LISTENING': 'shutContext',
  'CONNECT OK': 'closeConnection',
  'TCP CLOSING': 'wait',
  'UDP CLOSING': 'wait',
  'TCP CLOSED': 'done',
  'UDP CLOSED': 'done',
  'PDP DEACT': 'shutContext',
  'IP PROCESSING': 'shutContext',
}
