/** The configuration: every key with its meaning, range and default. Messages, JSON Schema and documents come from it. */
import { isIPv4 } from 'node:net'
import * as z from 'zod'
import type { HostPort } from './endpoint.ts'
import { formatListen, isPath, parseHostPort, parseSocketPath, takesDatagrams } from './endpoint.ts'
import {
  choice,
  defaulted,
  duration,
  flag,
  initCommand,
  keys,
  list,
  optional,
  parsed,
  required,
  secret,
  section,
  size,
  text,
  whole,
} from './fields.ts'
import { inbound } from './inbound-schema.ts'
import { gpio, line } from './line-schema.ts'
import { proxy } from './proxy-schema.ts'
import { liveness, recovery } from './recovery-schema.ts'
import { ROUTES, route, subnets, UDP_IDLE } from './route-schema.ts'
import { SECOND } from './units.ts'
import { show } from './words.ts'

/** What AT+CSTT takes for each of APN, user and password (AT manual 8.2.7). */
const LONGEST_CREDENTIAL = 50

const path = text('an absolute path', (value) => (isPath(value) ? undefined : 'is not an absolute path'))
const filePath = text('the path of a file, relative to the folder of this one', (value) =>
  /^\P{Cc}+$/u.test(value) ? undefined : 'is no path',
)

/** Between the quotes of an AT command: nothing that ends the quotes, the command or the line. */
function quotable(value: string): string | undefined {
  if (Buffer.byteLength(value) > LONGEST_CREDENTIAL) return `is longer than ${LONGEST_CREDENTIAL} bytes`
  if (!/^[\x20-\x7e]*$/.test(value)) return 'has a control character or a letter outside ASCII in it'
  return /["';\\]/.test(value) ? 'has a quote, a semicolon or a backslash in it' : undefined
}
const quotableText = 'at most 50 bytes of ASCII without quotes, semicolons and backslashes'

const word = text('a word of a command', (value) => (value === '' ? 'is empty' : undefined))

const modem = keys({
  dialect: defaulted(choice(['auto', 'sim800', 'sim900']), 'auto', 'How the modem speaks; auto asks it.'),
  pin: optional(
    secret('4 to 8 digits in quotes, such as "0000"', (value) => (/^\d{4,8}$/.test(value) ? undefined : 'is no PIN')),
    'The PIN of the SIM card. Not together with pinFile.',
  ),
  pinFile: optional(filePath, 'A file with the PIN in it; $CREDENTIALS_DIRECTORY is expanded.'),
  sleep: defaulted(
    flag(),
    false,
    'Whether the modem sleeps between sessions (AT+CSCLK=1), to save power; DTR wakes it and must be wired.',
  ),
  initCommands: defaulted(
    list(initCommand(), 32),
    [],
    'Extra AT commands, sent before dialling; none that dials, hangs up or changes what other keys set.',
  ),
  power: section(
    keys({
      reset: optional(gpio, 'The line at the reset pin of the modem.'),
      powerKey: optional(gpio, 'The line at the PWRKEY pin of the modem.'),
      command: optional(
        list(word, 64),
        'A program with its arguments that switches the power of the modem off and on.',
      ),
    }),
    'How the modem is reset or switched off and on when nothing else helps.',
  ),
})

const context = keys({
  apn: required(
    text(`the access point name of the operator, ${quotableText}`, quotable),
    'The way into the network (AT+CSTT); "" leaves the choice to the network.',
  ),
  user: defaulted(text(quotableText, quotable), '', 'The user name for the access point.'),
  password: defaulted(
    secret(quotableText, quotable),
    '',
    'The password for the access point. Not together with passwordFile.',
  ),
  passwordFile: optional(filePath, 'A file with the password in it; $CREDENTIALS_DIRECTORY is expanded.'),
  dns: defaulted(
    list(
      text('an IPv4 address', (value) => (isIPv4(value) ? undefined : 'is not an IPv4 address')),
      2,
    ),
    [],
    'Name servers that the modem asks (AT+CDNSCFG); none: those of the network.',
  ),
})

const escape = keys({
  method: defaulted(
    choice(['auto', 'dtr', 'plus']),
    'auto',
    'How to leave data mode; auto is DTR where it is wired, else +++. So is dtr, and a missing wire is told.',
  ),
  guardTime: defaulted(duration({ min: SECOND, max: 10 * SECOND }), '1s', 'The silence before and after +++.'),
})

const transparent = keys({
  retries: defaulted(whole(3, 8), 5, 'How often the modem repeats an IP packet (NmRetry).'),
  waitTime: defaulted(
    whole(1, 10),
    2,
    'Silence on the line after which the modem sends what it has (WaitTm), in steps of 100 ms or 200 ms by firmware.',
  ),
  sendSize: defaulted(whole(1, 1460), 1024, 'Bytes after which the modem sends without waiting (SendSz).'),
})

const limits = keys({
  dialsPerHour: optional(whole(1, 3600), 'How often the modem may dial in any 60 minutes.'),
  bytesPerDay: optional(size(), 'Bytes in both directions, headers estimated, that a day of local time may cost.'),
  bytesPerMonth: optional(size(), 'Bytes in both directions, headers estimated, that a calendar month may cost.'),
})

const messages = keys({
  read: defaulted(
    flag(),
    false,
    'Whether short messages are read: each becomes an event with sender and text, and is deleted once it was delivered.',
  ),
  calls: defaulted(flag(), false, 'Whether calls may ring and become an event with the number; nobody answers them.'),
  command: defaulted(
    list(word, 64),
    [],
    'A program that takes each message or call as one JSON object on its standard input; exit code 0 means delivered.',
  ),
  logText: defaulted(flag(), false, 'Whether sender and text are written to the log, too.'),
})

const log = keys({
  level: defaulted(choice(['trace', 'debug', 'info', 'warn', 'error']), 'info', 'How much is logged; debug shows AT.'),
  format: defaulted(
    choice(['auto', 'json', 'text']),
    'auto',
    'How the log is written; auto is text on a terminal and JSON lines elsewhere.',
  ),
  trace: defaulted(
    text('off, or an absolute path', (value) =>
      value === 'off' || isPath(value) ? undefined : 'is not an absolute path',
    ),
    'off',
    'A file that takes every byte on the line, payload and secrets included.',
  ),
  traceSize: defaulted(
    size(),
    '10MB',
    'How large that file may grow; then it becomes FILE.1, in place of an older one.',
  ),
  recordings: defaulted(
    whole(0, 1000),
    10,
    'How many recordings are kept in state.folder: the last minutes before a rung of recovery, AT without secrets, of payload only how much.',
  ),
})

const controlSocket = parsed(
  'an absolute path of at most 107 bytes',
  (value) => {
    const reading = parseSocketPath(value)
    return 'value' in reading ? { value: reading.value.path } : reading
  },
  (value: string) => value,
)
const metricsAddress = parsed<HostPort | null>(
  'IP:PORT such as 127.0.0.1:9479, or "" (off)',
  (value) => (value === '' ? { value: null } : parseHostPort(value)),
  (value) => (value === null ? '' : formatListen(value)),
)

export const configSchema = keys({
  line: section(line, 'The serial line to the modem.'),
  modem: section(modem, 'The modem itself.'),
  context: context.describe("The PDP context: the way into the operator's network. Required."),
  routes: z
    .array(route, { error: () => `is not a list, expected ${ROUTES}` })
    .prefault([])
    .describe('Listeners and where they lead. At least one, unless there is a proxy or inbound. Default: [].'),
  proxy: optional(
    { schema: proxy, expected: 'a map of keys' },
    'A listener for SOCKS5 and HTTP CONNECT; the modem resolves the names.',
  ),
  inbound: z
    .array(inbound, { error: ({ input }) => `is ${show(input)}, expected ${CALLS}` })
    .max(1, { error: () => `has more than one entry: the modem listens on one port, expected ${CALLS}` })
    .prefault([])
    .describe("Callers from the network to the modem's own address. Default: []."),
  escape: section(escape, 'How data mode is left for command mode.'),
  transparent: section(transparent, 'How the modem packs bytes into packets (AT+CIPCCFG).'),
  liveness: section(liveness, 'How a dead link is found out.'),
  recovery: section(recovery, 'Pauses and limits of the recovery ladder.'),
  control: section(
    keys({
      socket: defaulted(controlSocket, '/run/cipbridge/control.sock', 'Where the command line reaches the daemon.'),
    }),
    'The control socket.',
  ),
  metrics: section(
    keys({
      listen: defaulted(
        metricsAddress,
        '',
        'Where /metrics and /healthz are served over TCP, too: loopback only, unless allowFrom says who else may ask.',
      ),
      allowFrom: defaulted(subnets, [], 'Who may ask where listen is not loopback.'),
    }),
    'Figures for Prometheus.',
  ),
  limits: section(limits, 'Budgets: what the link may cost.'),
  messages: section(messages, 'Short messages and calls, also beside a live session.'),
  state: section(
    keys({
      folder: optional(
        path,
        'Where what outlives a restart is kept: budgets, a PIN that was refused. Not set: $STATE_DIRECTORY, as systemd gives it, else /var/lib/cipbridge.',
      ),
    }),
    'What outlives a restart.',
  ),
  log: section(log, 'What is written down.'),
})

const CALLS = 'a list of at most one {name, modemPort, to, allowFrom}'

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** A configuration as it may be written, defaults left out. */
export type ConfigInput = z.input<typeof configSchema>
/** A configuration that was checked: keys as in the file, durations in ms, sizes in bytes, addresses taken apart. */
export type Config = Frozen<z.output<typeof configSchema>>
export type RouteConfig = Config['routes'][number]
export type InboundConfig = Config['inbound'][number]

/** A configuration from within the program (demo, tests). Throws if it is not valid: that is a bug there. */
export function configFrom(input: ConfigInput): Config {
  return settled(configSchema.parse(input))
}

/** What depends on other keys put in: UDP has no end, so that silence ends a session that began with a datagram. */
export function settled(config: Config): Config {
  const routes = config.routes.map((one) =>
    takesDatagrams(one.listen) && one.idleTimeout === 0 ? { ...one, idleTimeout: UDP_IDLE } : one,
  )
  return { ...config, routes }
}
