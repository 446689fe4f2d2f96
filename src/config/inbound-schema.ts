/** Callers in the configuration: who may call the modem's own address, and where a call leads. */
import { formatListen, parseListen } from './endpoint.ts'
import { defaulted, duration, keys, parsed, required, whole } from './fields.ts'
import { routeName, subnets } from './route-schema.ts'
import { HOUR, SECOND } from './units.ts'

export const inbound = keys({
  name: required(routeName, 'What log and status call it.'),
  modemPort: required(whole(1, 65_535), 'The port that the modem listens on (AT+CIPSERVER).'),
  to: required(
    parsed('IP:PORT such as 127.0.0.1:22, or an absolute path of a Unix socket', parseListen, formatListen),
    'The local program that a caller is joined to.',
  ),
  allowFrom: required(subnets, 'Who may call; 0.0.0.0/0 is everybody who can reach the modem.'),
  idleTimeout: defaulted(
    duration({ min: SECOND, max: 24 * HOUR, zero: 'never' }),
    '10m',
    'Silence in both directions after which a call is ended: while it lasts, nobody else has the carrier.',
  ),
  linger: defaulted(
    duration({ min: 0, max: HOUR }),
    '2s',
    'After the end from the local program: silence of the caller that ends the wait for its rest.',
  ),
  closeTimeout: defaulted(duration({ min: SECOND, max: HOUR }), '30s', 'Bound on the whole hang-up.'),
})
