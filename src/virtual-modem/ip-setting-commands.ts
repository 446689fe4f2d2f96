/** Settings of the IP stack (AT manual chapter 8): they change no state. */
import { type Answer, type Behavior, type Dce, OK, refusal, whole, words } from './behavior.ts'
import type { Command } from './command-line.ts'
import { CME } from './result.ts'
import type { TransferConfig } from './settings.ts'

const ERROR: Answer = { result: 'ERROR' }

/** 1 only in IP INITIAL, 0 only when everything is shut (AT manual 8.2.1); 1 is kept but has no connections here. */
const multiplex: Behavior = (modem, command) => {
  if (command.name !== '+CIPMUX') return undefined
  const { ip } = modem.settings
  if (command.form === 'read') return { text: [`+CIPMUX: ${String(ip.cipmux)}`] }
  if (command.form === 'test') return { text: ['+CIPMUX: (0,1)'] }
  const value = whole(command, 0, 0, 1)
  const early = modem.stack.state === 'IP INITIAL'
  if (value === undefined) return ERROR
  if (!early && (value === 1 || modem.knobs.muxOnlyInitial)) return refusal(CME.notAllowed)
  if (value === 1 && ip.cipmode === 1) return refusal(CME.notAllowed)
  ip.cipmux = value
  return OK
}

/** Transparent mode has one connection only, and is chosen before it (app note 2.2.3, 3). */
const transparency: Behavior = (modem, command) => {
  if (command.name !== '+CIPMODE') return undefined
  const { ip } = modem.settings
  if (command.form === 'read') return { text: [`+CIPMODE: ${String(ip.cipmode)}`] }
  if (command.form === 'test') return { text: ['+CIPMODE: (0-NORMAL MODE,1-TRANSPARENT MODE)'] }
  const value = whole(command, 0, 0, 1)
  if (value === undefined) return ERROR
  if (value === ip.cipmode && modem.knobs.cipmodeAgain === 'ERROR') return ERROR
  if (modem.stack.carrier || (value === 1 && ip.cipmux === 1)) return refusal(CME.notAllowed)
  ip.cipmode = value
  return OK
}

const FIELDS = ['nmRetry', 'waitTm', 'sendSz', 'esc', 'rxMode', 'rxSize', 'rxTimer'] as const
const LABELS = ['NmRetry', 'WaitTm', 'SendSz', 'esc', 'Rxmode', 'RxSize', 'Rxtimer']

/** Lowest and highest value of each CIPCCFG parameter; four parameters on a SIM900, seven on a SIM800. */
export type TransferRanges = readonly (readonly [least: number, most: number])[]

function rangesText(ranges: TransferRanges): string {
  const text = ranges.map(([least, most], index) => {
    const range = most === 1 ? `${String(least)},${String(most)}` : `${String(least)}-${String(most)}`
    return `(${LABELS[index] ?? ''}:${range})`
  })
  return text.join(',')
}

/** The values of AT+CIPCCFG; undefined: out of range, or too few (AT manual 8.2.23: the last three are optional). */
function transferValues(command: Command, ranges: TransferRanges, before: TransferConfig): TransferConfig | undefined {
  if (command.args.length < 4 || command.args.length > ranges.length) return undefined
  const values = FIELDS.map((field, index) => {
    const range = ranges[index]
    const missing = index < 4 ? undefined : before[field]
    return range ? whole(command, index, range[0], range[1], missing) : before[field]
  })
  if (values.includes(undefined)) return undefined
  return Object.fromEntries(FIELDS.map((field, index) => [field, values[index]])) as unknown as TransferConfig
}

/** AT+CIPCCFG with the ranges of a dialect (AT manual 8.2.23). */
export function transferSettings(rangesOf: (modem: Dce) => TransferRanges): Behavior {
  return (modem, command) => {
    if (command.name !== '+CIPCCFG') return undefined
    const { ip } = modem.settings
    const ranges = rangesOf(modem)
    if (command.form === 'read') {
      return {
        text: [
          `+CIPCCFG: ${FIELDS.slice(0, ranges.length)
            .map((field) => ip.ccfg[field])
            .join(',')}`,
        ],
      }
    }
    if (command.form === 'test') return { text: [`+CIPCCFG: ${rangesText(ranges)}`] }
    const values = transferValues(command, ranges, ip.ccfg)
    if (command.form !== 'write' || !values) return ERROR
    if (ip.cipmux === 1 || modem.stack.carrier) return refusal(CME.notAllowed)
    if (modem.knobs.ccfgNeedsMode && ip.cipmode === 0) return ERROR
    ip.ccfg = values
    return OK
  }
}

/** Keepalive on the air (AT manual 8.2.20); old firmware does not know it. */
const keepalive: Behavior = (modem, command) => {
  if (command.name !== '+CIPTKA' || !modem.knobs.tkaKnown) return undefined
  const { passing } = modem.settings
  if (command.form === 'read') return { text: [`+CIPTKA: ${passing.tka}`] }
  if (command.form === 'test') return { text: ['+CIPTKA: (0,1),(30-7200),(30-600),(1-9)'] }
  const ranges = [
    [0, 1],
    [30, 7200, 7200],
    [30, 600, 75],
    [1, 9, 9],
  ] as const
  const values = ranges.map(([least, most, missing], index) => whole(command, index, least, most, missing))
  if (command.form !== 'write' || values.includes(undefined)) return ERROR
  passing.tka = values.join(',')
  return OK
}

const RANGED = {
  '+CIPRDTIMER': {
    field: 'rdtimer',
    ranges: [
      [100, 4000],
      [100, 7000],
    ],
    test: '(100-4000),(100-7000)',
  },
  '+CIPDPDP': {
    field: 'dpdp',
    ranges: [
      [0, 1],
      [1, 180, 10],
      [1, 10, 3],
    ],
    test: '(0,1),(1-180),(1-10)',
  },
} as const

const rangedSettings: Behavior = (modem, command) => {
  if (!Object.hasOwn(RANGED, command.name)) return undefined
  const { field, ranges, test } = RANGED[command.name as keyof typeof RANGED]
  if (command.form === 'read') return { text: [`${command.name}: ${modem.settings.ip[field]}`] }
  if (command.form === 'test') return { text: [`${command.name}: ${test}`] }
  const values = ranges.map(([least, most, missing], index) => whole(command, index, least, most, missing))
  if (command.form !== 'write' || values.includes(undefined)) return ERROR
  modem.settings.ip[field] = values.join(',')
  return OK
}

const localPort: Behavior = (modem, command) => {
  if (command.name !== '+CLPORT') return undefined
  const { passing } = modem.settings
  if (command.form === 'read') return { text: [`+CLPORT: ${passing.clport.join(',')}`] }
  if (command.form === 'test') return { text: ['+CLPORT: ("TCP","UDP"),(0-65535)'] }
  const port = whole(command, 1, 0, 65535)
  const kind = words(command, 0)?.toUpperCase()
  if (port === undefined || (kind !== 'TCP' && kind !== 'UDP')) return ERROR
  passing.clport = kind === 'TCP' ? [port, passing.clport[1]] : [passing.clport[0], port]
  return OK
}

/** Not in the AT manual, and not in every firmware (modem-facts 1.3, 3.7). */
const ownTls: Behavior = (modem, command) => {
  if (command.name !== '+CIPSSL' || !modem.knobs.sslKnown) return undefined
  const { passing } = modem.settings
  if (command.form === 'read') return { text: [`+CIPSSL: ${passing.ssl}`] }
  if (command.form === 'test') return { text: ['+CIPSSL: (0-1)'] }
  const value = whole(command, 0, 0, 1)
  if (value === undefined || modem.stack.carrier) return ERROR
  passing.ssl = value
  return OK
}

const ADDRESS = /^(?:\d{1,3}\.){3}\d{1,3}$/

const nameServers: Behavior = (modem, command) => {
  if (command.name !== '+CDNSCFG') return undefined
  const { passing } = modem.settings
  if (command.form === 'read') return { text: [`PrimaryDns: ${passing.dns[0]}`, `SecondaryDns: ${passing.dns[1]}`] }
  const [first = '', second = '0.0.0.0'] = [words(command, 0), words(command, 1)]
  if (command.form !== 'write' || !ADDRESS.test(first) || !ADDRESS.test(second)) return ERROR
  passing.dns = [first, second]
  return OK
}

/** The read form tells the APN's password, as the modem does (AT manual 8.2.24). */
const saveContext: Behavior = (modem, command) => {
  if (command.name !== '+CIPSCONT') return undefined
  const { ip, ipSaved } = modem.settings
  if (command.form === 'execute') {
    modem.settings.saveIp()
    return OK
  }
  const text = [
    `+CIPSCONT:${ipSaved ? '0' : '1'}`,
    '+CIPCSGP:1',
    `Gprs Config APN:${ip.apn}`,
    `Gprs Config UserId:${ip.user}`,
    `Gprs Config Password:${ip.password}`,
    ...['+CIPHEAD:0', '+CIPSHOWTP:0', '+CIPSRIP:0', '+CIPATS:0,0', '+CIPSPRT:1', '+CIPQSEND:0'],
    `+CIPMODE:${String(ip.cipmode)}`,
    `+CIPCCFG:${FIELDS.map((field) => ip.ccfg[field]).join(',')}`,
    `+CIPMUX:${String(ip.cipmux)}`,
    `+CIPDPDP:${ip.dpdp}`,
    '+CIPRXGET:0',
    `+CIPRDTIMER:${ip.rdtimer}`,
  ]
  return command.form === 'read' ? { text } : ERROR
}

export const IP_SETTING_COMMANDS: readonly Behavior[] = [
  multiplex,
  transparency,
  keepalive,
  rangedSettings,
  localPort,
  ownTls,
  nameServers,
  saveContext,
]
