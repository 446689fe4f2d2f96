/** A route in the configuration: a listener and where it leads. */
import { formatListen, formatSubnet, formatTarget, parseListen, parseSubnet, parseTarget } from './endpoint.ts'
import { choice, defaulted, duration, keys, list, parsed, required, text } from './fields.ts'
import { HOUR, MINUTE, SECOND } from './units.ts'

export const route = keys({
  name: required(
    text('1 to 32 letters, digits, - and _', (value) =>
      /^[a-z\d][\w-]{0,31}$/i.test(value) ? undefined : 'is no name',
    ),
    'What log and status call the route.',
  ),
  listen: required(
    parsed('IP:PORT such as 127.0.0.1:1883, or an absolute path of a Unix socket', parseListen, formatListen),
    'Where local programs connect: loopback only, unless allowFrom says who else may.',
  ),
  allowFrom: defaulted(
    list(parsed('an IP address or subnet such as 192.168.1.0/24', parseSubnet, formatSubnet), 64),
    [],
    'Who may connect where listen is not loopback.',
  ),
  to: required(
    parsed('tcp://HOST:PORT with a port from 1 to 65535', parseTarget, formatTarget),
    'The server that the modem dials; the modem resolves the name.',
  ),
  open: defaulted(
    choice(['on-demand', 'always']),
    'on-demand',
    'When to dial: when a client connects, or at once and for ever.',
  ),
  busy: defaulted(
    choice(['refuse', 'queue', 'preempt']),
    'refuse',
    'What happens to a client that comes while another one has the carrier.',
  ),
  whenDown: defaulted(
    choice(['refuse', 'hold']),
    'refuse',
    'What happens to a client that comes while the modem cannot dial.',
  ),
  holdTimeout: defaulted(
    duration({ min: SECOND, max: 10 * MINUTE }),
    '60s',
    'With whenDown: hold, how long such a client waits for the modem; then it is reset.',
  ),
  idleTimeout: defaulted(
    duration({ min: SECOND, max: 24 * HOUR, zero: 'never' }),
    '0s',
    'Silence in both directions after which the session is ended.',
  ),
  linger: defaulted(
    duration({ min: 0, max: HOUR }),
    '2s',
    'After the end from the client: silence of the peer that ends the wait for its rest.',
  ),
  closeTimeout: defaulted(
    duration({ min: SECOND, max: HOUR }),
    '30s',
    'Bound on the whole hang-up: the rest of the peer, AT+CIPACK, AT+CIPCLOSE.',
  ),
})
