/** A route in the configuration: a listener and where it leads. */
import { formatListen, formatSubnet, formatTarget, parseRouteListen, parseSubnet, parseTarget } from './endpoint.ts'
import {
  choice,
  defaulted,
  duration,
  flag,
  keys,
  list,
  oneOrMore,
  optional,
  parsed,
  required,
  text,
  whole,
} from './fields.ts'
import { heartbeat, registration } from './packet-schema.ts'
import { tls } from './tls-schema.ts'
import { HOUR, MINUTE, SECOND } from './units.ts'

/** Silence that ends a session of datagrams where nothing else is set. */
export const UDP_IDLE = MINUTE

/** What log and status call a way through the modem. */
export const routeName = text('1 to 32 letters, digits, - and _', (value) =>
  /^[a-z\d][\w-]{0,31}$/i.test(value) ? undefined : 'is no name',
)

/** Who may connect. */
export const subnets = list(parsed('an IP address or subnet such as 192.168.1.0/24', parseSubnet, formatSubnet), 64)

/** What a message about all of them expects. */
export const ROUTES = 'a list of at least one route: {name, listen, to}'

export const route = keys({
  name: required(routeName, 'What log and status call the route.'),
  listen: required(
    parsed(
      'IP:PORT such as 127.0.0.1:1883, udp://IP:PORT, or an absolute path of a Unix socket',
      parseRouteListen,
      formatListen,
    ),
    'Where local programs connect, or with udp:// send datagrams to: loopback only, unless allowFrom says who else may.',
  ),
  allowFrom: defaulted(subnets, [], 'Who may connect where listen is not loopback.'),
  to: required(
    oneOrMore(parsed('tcp://, tls:// or udp://HOST:PORT with a port from 1 to 65535', parseTarget, formatTarget), 8),
    'The server that the modem dials; the modem resolves the name. Of a list each is tried in turn, from the first.',
  ),
  backupTime: defaulted(
    duration({ min: SECOND, max: 24 * HOUR, zero: 'always the first' }),
    '10m',
    'With a list in to: how long a backup that answered is dialled first, before the first one has its turn again.',
  ),
  tls,
  modemTls: defaulted(
    flag(),
    false,
    'Whether the modem itself speaks TLS with the server (AT+CIPSSL): TLS 1.0, and nobody checks who the server is.',
  ),
  localPort: optional(whole(1, 65_535), 'The port that the modem dials from (AT+CLPORT).'),
  registration,
  heartbeat,
  open: defaulted(
    choice(['on-demand', 'always']),
    'on-demand',
    'When to dial: when a client connects, or at once and for ever; always for one route at most.',
  ),
  meanwhile: defaulted(
    choice(['drop', 'keep']),
    'drop',
    'With open: always, what becomes of bytes that come when a client has left and before the next one has come.',
  ),
  busy: defaulted(
    choice(['refuse', 'queue', 'preempt']),
    'refuse',
    'What happens to a client that comes while another one has the carrier: it is reset, waits, or takes its place.',
  ),
  queueLimit: defaulted(
    whole(1, 64),
    8,
    'With busy: queue, how many clients of this route may wait; one more is reset.',
  ),
  queueTimeout: defaulted(
    duration({ min: SECOND, max: 24 * HOUR, zero: 'never' }),
    '60s',
    'With busy: queue or preempt, how long a client waits for its turn; then it is reset.',
  ),
  priority: defaulted(
    whole(0, 9),
    0,
    'Who waits is served by priority, the highest first; preempt takes no place from a higher one.',
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
    'Silence in both directions after which the session is ended; with listen: udp://… 0s is 1m, for UDP has no end.',
  ),
  stalledTimeout: defaulted(
    duration({ min: SECOND, max: 24 * HOUR, zero: 'never' }),
    '2m',
    'How long a client may leave bytes of the peer unread before it loses its place to one that wants the carrier.',
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
