/** `--knob NAME=VALUE`: settings of the built-in modem as text. */
import { nearest } from '../config/words.ts'
import { KNOBS, type Knobs } from '../virtual-modem/knobs.ts'

type Name = keyof Knobs
/** Knobs that take nothing but the values that the table names. */
type Closed = {
  [K in Name]: Knobs[K] extends boolean ? never : string extends Knobs[K] ? never : number extends Knobs[K] ? never : K
}[Name]

const CLOSED: Readonly<Record<Closed, true>> = {
  start: true,
  rateSaved: true,
  flowControl: true,
  dcdDefault: true,
  dtrDefault: true,
  escapedData: true,
  closeWhileEscaped: true,
  urcInData: true,
  atoFailure: true,
  closeWord: true,
  closeSign: true,
  dcdOnClose: true,
  pdpWord: true,
  alreadyConnect: true,
  informationForm: true,
  cipmodeAgain: true,
  failState: true,
  contextFailState: true,
  resetOk: true,
  powerWord: true,
  remoteIp: true,
  serverAfterCall: true,
  serverClosed: true,
  sslVersion: true,
  udpAcked: true,
}

/**
 * Reads `bootTime=8000`, `closeSign=dcd`, `plusLeaks=true`.
 * Throws an `Error` that names what is wrong and what would be right.
 */
export function parseKnobs(texts: readonly string[]): Partial<Knobs> {
  return Object.fromEntries(texts.map(parseKnob))
}

function parseKnob(text: string): [Name, string | number | boolean] {
  const cut = text.indexOf('=')
  const name = cut < 0 ? text : text.slice(0, cut)
  if (!isKnob(name)) {
    const near = nearest(name, Object.keys(KNOBS))
    const advice = near === undefined ? '' : `, did you mean ${near}?`
    throw new Error(`no knob is called "${name}"${advice} (--list-knobs shows all)`)
  }
  const given = cut < 0 ? undefined : read(name, text.slice(cut + 1))
  if (given === undefined) throw new Error(`knob "${text}" should be ${name}=${valuesOf(name)}`)
  return [name, given]
}

function isKnob(name: string): name is Name {
  return Object.hasOwn(KNOBS, name)
}

function read(name: Name, text: string): string | number | boolean | undefined {
  const { value, others } = KNOBS[name]
  if (name in CLOSED) return [value, ...others].find((known) => String(known) === text)
  if (typeof value === 'boolean') return text === 'true' || text === 'false' ? text === 'true' : undefined
  if (typeof value === 'number') return /^\d{1,9}$/.test(text) ? Number(text) : undefined
  return text
}

function valuesOf(name: Name): string {
  const { value, others } = KNOBS[name]
  if (name in CLOSED) return [value, ...others].join('|')
  if (typeof value === 'boolean') return 'true|false'
  return typeof value === 'number' ? 'NUMBER (milliseconds, bytes or bits per second)' : 'TEXT'
}

/** What `--list-knobs` prints: one line per knob with its default. */
export function listOfKnobs(): string {
  const settings = Object.entries(KNOBS).map(([name, { value, about }]) => ({ setting: `${name}=${value}`, about }))
  const width = Math.max(...settings.map(({ setting }) => setting.length))
  return settings.map(({ setting, about }) => `${setting.padEnd(width)}  ${about}\n`).join('')
}
