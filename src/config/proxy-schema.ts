/** The proxy in the configuration: a listener whose clients say themselves where they want to go. */
import { parseAllowed } from './destination.ts'
import { choice, defaulted, keys, list, parsed, required } from './fields.ts'
import { route } from './route-schema.ts'

const { listen, allowFrom, queueLimit, queueTimeout, priority, whenDown, holdTimeout } = route.shape
const { idleTimeout, stalledTimeout, linger, closeTimeout } = route.shape

export const proxy = keys({
  listen,
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
  idleTimeout,
  stalledTimeout,
  linger,
  closeTimeout,
})
