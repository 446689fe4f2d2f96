/** How a dead link is found out, and the pauses and limits of recovery, in the configuration. */
import { defaulted, duration, keys } from './fields.ts'
import { HOUR, MINUTE, SECOND } from './units.ts'

export const liveness = keys({
  keepalive: defaulted(
    duration({ min: 30 * SECOND, max: 7200 * SECOND, zero: 'off' }),
    '2m',
    'Silence after which the modem sends TCP keepalives (AT+CIPTKA); costs data on the air.',
  ),
  probeAfter: defaulted(
    duration({ min: 10 * SECOND, max: 24 * HOUR, zero: 'never' }),
    '5m',
    'Silence after which the link is proved by an escape, only without a DCD line.',
  ),
})

export const recovery = keys({
  firstPause: defaulted(
    duration({ min: 100, max: HOUR }),
    '2s',
    'Pause before the second attempt; it grows with every further one.',
  ),
  maxPause: defaulted(duration({ min: SECOND, max: 24 * HOUR }), '5m', 'The longest pause between two attempts.'),
  bootTime: defaulted(
    duration({ min: SECOND, max: 10 * MINUTE }),
    '30s',
    'How long a modem that boots is given before it is judged again.',
  ),
  healthyAfter: defaulted(
    duration({ min: SECOND, max: 24 * HOUR }),
    '5m',
    'How long a session has to last for recovery to start over with the cheapest step.',
  ),
})
