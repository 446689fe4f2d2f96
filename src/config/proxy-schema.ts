/** The proxy in the configuration: a listener whose clients say themselves where they want to go. */
import { parseAllowed } from './destination.ts'
import { formatListen, parseListen } from './endpoint.ts'
import { choice, defaulted, duration, keys, list, parsed, required } from './fields.ts'
import { route } from './route-schema.ts'
import { HOUR, SECOND } from './units.ts'

const { allowFrom, queueLimit, queueTimeout, priority, whenDown, holdTimeout } = route.shape
const { stalledTimeout, linger, closeTimeout } = route.shape

export const proxy = keys({
  listen: required(
    parsed('IP:PORT such as 127.0.0.1:1883, or an absolute path of a Unix socket', parseListen, formatListen),
    'Where local programs connect: loopback only, unless allowFrom says who else may.',
  ),
  allowFrom,
  allow: required(
    list(
      parsed(
        'HOST or HOST:PORT, HOST being a name, *.NAME, an IPv4 address or subnet, or *',
        parseAllowed,
        ({ text }) => text,
      ),
      256,
    ),
    'Where its clients may go; everything else is refused.',
  ),
  busy: defaulted(
    choice(['refuse', 'queue', 'preempt']),
    'queue',
    'What happens to a client that comes while another one has the carrier: it is refused, waits, or takes its place.',
  ),
  queueLimit,
  queueTimeout,
  priority,
  whenDown,
  holdTimeout,
  idleTimeout: defaulted(
    duration({ min: SECOND, max: 24 * HOUR, zero: 'never' }),
    '0s',
    'Silence in both directions after which the session is ended.',
  ),
  stalledTimeout,
  linger,
  closeTimeout,
})
