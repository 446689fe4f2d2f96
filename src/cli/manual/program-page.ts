/** cipbridge(8): the program, from what its verbs say to yargs. */
import type { Options } from 'yargs'
import { EXIT } from '../exit-codes.ts'
import { bold, italic, item, page, paragraph, prose, section, verbatim } from './roff.ts'
import { FILE_OPTIONS, type OptionNote, type VerbNotes } from './verb-notes.ts'

const EXIT_MEANS: Readonly<Record<keyof typeof EXIT, string>> = {
  good: 'All is well; of `status`: clients can be served now.',
  usage: 'The command line is wrong.',
  unavailable: 'There is no daemon, or the device cannot be had.',
  internal: 'An internal fault: please report it.',
  temporary: 'It failed now and may succeed later; of `status`: the link is not usable.',
  noPermission: 'Only root may do that.',
  config: 'The configuration is wrong. The service is not started again.',
}

const FILES = [
  ['/etc/cipbridge/cipbridge.yaml', 'The configuration, see `cipbridge.yaml`(5).'],
  ['/run/cipbridge/control.sock', 'The control socket (`control.socket`): HTTP with JSON.'],
  ['/var/lib/cipbridge', 'What outlives a restart (`state.folder`): budgets, a PIN that was refused, recordings.'],
] as const

const SIGNALS = [
  ['SIGTERM, SIGINT', 'Ends the sessions, hangs up in order and exits.'],
  ['SIGHUP', 'Reads the configuration again. One with a mistake changes nothing, and the status says so.'],
] as const

const ENVIRONMENT = [
  ['CREDENTIALS_DIRECTORY', 'Expanded in the names of files with secrets; systemd sets it (`LoadCredential=`).'],
  ['STATE_DIRECTORY', 'The default of `state.folder`; systemd sets it (`StateDirectory=`).'],
  ['NOTIFY_SOCKET, WATCHDOG_USEC', 'Readiness, status and heartbeat for systemd.'],
  ['NO_COLOR', 'No colours on a terminal either.'],
] as const

/** The page as roff. */
export function programPage(version: string, verbs: readonly VerbNotes[]): string {
  const list = (rows: readonly (readonly [string, string])[]): string[] =>
    rows.map(([name, means]) => item(bold(name), means))
  return page('cipbridge', 8, version, [
    section('Name', 'cipbridge \\- local TCP ports that lead through the transparent mode of a GPRS modem\n'),
    section('Synopsis', `${bold('cipbridge')} ${italic('VERB')} [${italic('OPTION')}]...\n`),
    section(
      'Description',
      paragraph(
        'Programs connect to a local TCP port and reach their server through the transparent mode of a SIM800 or SIM900 ' +
          'modem, as if the machine were directly online: no PPP, no routes, no root. `cipbridge run` finds the modem in ' +
          'whatever state it is, brings it up, dials, carries the bytes unchanged in both directions, and recovers by itself.',
      ),
    ),
    section('Verbs', ...verbs.map(verbOf)),
    section(
      'Exit status',
      ...Object.entries(EXIT).map(([name, code]) => item(bold(String(code)), EXIT_MEANS[name as keyof typeof EXIT])),
    ),
    section('Signals', paragraph('To `cipbridge run`:'), ...list(SIGNALS)),
    section('Environment', ...list(ENVIRONMENT)),
    section('Files', ...list(FILES)),
    section('Examples', ...verbs.flatMap(({ examples }) => examples.map(exampleOf))),
    section('See also', `${bold('cipbridge.yaml')}(5), ${bold('systemctl')}(1), ${bold('journalctl')}(1)\n`),
  ])
}

function verbOf({ usage, does, options, positionals, epilogue }: VerbNotes): string {
  const [name = '', ...positional] = usage.split(' ')
  const head = [bold(name), ...positional.map((word) => italic(word.replace(/[<>]/g, '').toUpperCase()))].join(' ')
  const notes = [
    ...positionals.map(({ name: one, spec }) => item(italic(one.toUpperCase()), sentence(spec.describe ?? ''))),
    ...options.map((option) => item(tagOf(option), meaningOf(option.spec))),
  ]
  return `.SS ${head}\n${prose(sentence(does))}\n${notes.join('')}${epilogue.split('\n').map(lineOf).join('')}`
}

/** A line of an epilogue: a row of a list, of which the name is set off with spaces, or text. */
function lineOf(line: string): string {
  const [, name, means] = /^\s+(\S+)\s+(.*)$/.exec(line) ?? []
  if (name !== undefined && means !== undefined) return item(bold(name), sentence(means))
  return line.trim() === '' ? '' : paragraph(line)
}

/** `-c, --config FILE`: names in bold, what an option takes in italics. */
function tagOf({ name, spec }: OptionNote): string {
  const short = [spec.alias ?? []].flat().map((alias) => `-${alias}`)
  const takes = spec.type === 'boolean' ? '' : ` ${italic(FILE_OPTIONS.has(name) ? 'FILE' : 'VALUE')}`
  return `${[...short, `--${name}`].map(bold).join(', ')}${takes}`
}

function meaningOf({ describe = '', choices, default: value }: Options): string {
  const words = choices ? `One of ${choices.join(', ')}.` : ''
  const unset = value === undefined || value === false || String(value) === ''
  const unless = unset ? '' : `Default: ${String(value)}.`
  return [sentence(describe), words, unless].filter((part) => part !== '').join(' ')
}

function exampleOf([line, means]: readonly [string, string]): string {
  return `${paragraph(`${sentence(means).replace(/\.$/, '')}:`)}${verbatim(line.replaceAll('$0', 'cipbridge'))}`
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[.:]$/, '')}.`
}
