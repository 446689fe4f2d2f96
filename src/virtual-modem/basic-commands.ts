/** Basic commands: echo, forms of answers, profiles, calls, resume, identification (AT manual chapter 2). */
import { type Answer, type Behavior, type Dce, OK, whole } from './behavior.ts'
import type { Profile } from './settings.ts'

type Flag = 'echo' | 'verbose' | 'quiet' | 'resultLevel' | 'dcd' | 'dtr'

const ERROR: Answer = { result: 'ERROR' }

/** Basic commands with a number: where it goes and how far it reaches. */
const FLAGS: Readonly<Record<string, { readonly field: Flag; readonly most: number }>> = {
  E: { field: 'echo', most: 1 },
  V: { field: 'verbose', most: 1 },
  Q: { field: 'quiet', most: 1 },
  X: { field: 'resultLevel', most: 4 },
  '&C': { field: 'dcd', most: 1 },
  '&D': { field: 'dtr', most: 2 },
}

const attention: Behavior = (_modem, { name }) => (name === '' ? OK : undefined)

const setFlag: Behavior = (modem, command) => {
  const flag = FLAGS[command.name]
  if (!flag) return undefined
  const value = whole(command, 0, 0, flag.most, 0)
  if (value === undefined) return ERROR
  modem.settings.now[flag.field] = value
  modem.applyLine()
  return OK
}

const setRegister: Behavior = (modem, command) => {
  const match = /^S(\d+)$/.exec(command.name)
  if (!match) return undefined
  const register = Number(match[1])
  const { registers } = modem.settings.now
  if (command.form === 'read') return { text: [String(registers[register] ?? 0).padStart(3, '0')] }
  const value = whole(command, 0, 0, 255)
  if (value === undefined) return ERROR
  modem.settings.now.registers = { ...registers, [register]: value }
  return OK
}

const saveProfile: Behavior = (modem, { name }) => {
  if (name !== '&W') return undefined
  modem.settings.save()
  return OK
}

const restoreProfile: Behavior = (modem, { name }) => {
  if (name !== 'Z' && name !== '&F') return undefined
  modem.settings.restore(name === 'Z' ? 'stored' : 'factory')
  modem.applyLine()
  return OK
}

/** AT manual 2.2.13: only while the connection is there. */
const resumeData: Behavior = (modem, { name }) => {
  if (name !== 'O') return undefined
  if (!modem.stack.carrier || modem.settings.ip.cipmode === 0) return { result: modem.knobs.atoFailure }
  return { result: 'CONNECT', done: () => modem.resume() }
}

const hangUp: Behavior = (modem, { name }) => {
  if (name !== 'H') return undefined
  if (modem.knobs.athCloses) modem.hangUp()
  return OK
}

/** A data link never dials or answers: it is recorded, so that tests can see it did not. */
const refuseCalls: Behavior = (modem, { name, text }) => {
  if (name === 'D') modem.record.dials.push(text)
  else if (name === 'A') modem.record.callsAnswered++
  else return undefined
  return { result: 'NO CARRIER' }
}

const identify: Behavior = ({ knobs }, { name, form }) => {
  if (form !== 'execute') return undefined
  const about: Readonly<Record<string, readonly string[]>> = {
    I: [`${knobs.model} ${knobs.release}`],
    '+GMI': ['SIMCOM_Ltd'],
    '+CGMI': ['SIMCOM_Ltd'],
    '+GMM': [`SIMCOM_${knobs.model}`],
    '+CGMM': [`SIMCOM_${knobs.model}`],
    '+GMR': [`Revision:${knobs.revision}`],
    '+CGMR': [`Revision:${knobs.revision}`],
    '+GSN': [knobs.imei],
    '+CGSN': [knobs.imei],
    '+GSV': ['SIMCOM_Ltd', `SIMCOM_${knobs.model}`, `Revision:${knobs.revision}`],
  }
  const text = about[name]
  return text && { text }
}

type Numeric = { [K in keyof Profile]: Profile[K] extends number ? K : never }[keyof Profile]

/** Extended settings of one number, all stored by AT&W (AT manual 2.2.32). */
const NUMBERS: Readonly<Record<string, { readonly field: Numeric; readonly most: number }>> = {
  '+CMEE': { field: 'cmee', most: 2 },
  '+CREG': { field: 'creg', most: 2 },
  '+CGREG': { field: 'cgreg', most: 2 },
  '+CSCLK': { field: 'sleep', most: 2 },
  '+CFGRI': { field: 'cfgri', most: 2 },
  '+CLTS': { field: 'clts', most: 1 },
  '+CIURC': { field: 'ciurc', most: 1 },
  '+CMNRP': { field: 'cmnrp', most: 1 },
  '+CMGF': { field: 'cmgf', most: 1 },
}

function readNumber(modem: Dce, name: string, field: Numeric): Answer | undefined {
  // Their read forms say more than the number: the radio's own behaviors answer.
  if (name === '+CREG' || name === '+CGREG') return undefined
  return { text: [`${name}: ${String(modem.settings.now[field])}`] }
}

const setNumber: Behavior = (modem, command) => {
  const setting = NUMBERS[command.name]
  if (!setting) return undefined
  if (command.form === 'read') return readNumber(modem, command.name, setting.field)
  if (command.form === 'test') return { text: [`${command.name}: (0-${String(setting.most)})`] }
  const value = whole(command, 0, 0, setting.most)
  if (command.form !== 'write' || value === undefined) return ERROR
  modem.settings.now[setting.field] = value
  return OK
}

export const BASIC_COMMANDS: readonly Behavior[] = [
  attention,
  setFlag,
  setRegister,
  saveProfile,
  restoreProfile,
  resumeData,
  hangUp,
  refuseCalls,
  identify,
  setNumber,
]
