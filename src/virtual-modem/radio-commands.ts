/** SIM, network and power (AT manual chapters 3, 6, 7). */
import { after } from '../core/time.ts'
import { type Answer, type Behavior, type Dce, OK, refusal, whole, words } from './behavior.ts'
import { CME } from './result.ts'

const ERROR: Answer = { result: 'ERROR' }

function simRefusal(modem: Dce): Answer | undefined {
  if (modem.cfun !== 1) return refusal(CME.radioOff)
  if (modem.sim.state === 'NOT INSERTED') return refusal(CME.simMissing)
  return modem.sim.state === 'BUSY' ? refusal(CME.simBusy) : undefined
}

const pin: Behavior = (modem, command) => {
  if (command.name !== '+CPIN') return undefined
  if (command.form === 'test') return OK
  const refused = simRefusal(modem)
  if (refused) return refused
  if (command.form === 'read') return { text: [`+CPIN: ${modem.sim.state}`] }
  const [first, second] = [words(command, 0) ?? '', words(command, 1)]
  if (modem.sim.state === 'SIM PUK') {
    if (second === undefined) return refusal(CME.pukRequired)
    return modem.sim.unblock(first, second) ? OK : refusal(CME.wrongPassword)
  }
  if (modem.sim.state !== 'SIM PIN') return refusal(CME.notAllowed)
  if (modem.sim.enter(first)) return OK
  return refusal(modem.sim.attempts === 0 ? CME.pukRequired : CME.wrongPassword)
}

const attempts: Behavior = (modem, { name }) => {
  if (name !== '+SPIC') return undefined
  const { sim } = modem
  return simRefusal(modem) ?? { text: [`+SPIC: ${String(sim.attempts)},3,${String(sim.pukAttempts)},10`] }
}

const signal: Behavior = ({ radio }, { name, form }) => {
  if (name !== '+CSQ') return undefined
  if (form === 'test') return { text: ['+CSQ: (0-31,99),(0-7,99)'] }
  const heard = radio.stat === 1 || radio.stat === 3
  return { text: [`+CSQ: ${heard ? `${String(radio.rssi)},${String(radio.ber)}` : '99,99'}`] }
}

/** A read answer has the mode in front of the state; a URC does not (AT manual 3.2.30). */
const registration: Behavior = ({ settings, radio }, { name, form }) => {
  if ((name !== '+CREG' && name !== '+CGREG') || form !== 'read') return undefined
  const mode = name === '+CREG' ? settings.now.creg : settings.now.cgreg
  const stat = name === '+CREG' || radio.attached || radio.stat !== 1 ? radio.stat : 2
  const place = mode === 2 && stat === 1 ? `,"${radio.lac}","${radio.cell}"` : ''
  return { text: [`${name}: ${String(mode)},${String(stat)}${place}`] }
}

const attach: Behavior = (modem, command) => {
  if (command.name !== '+CGATT') return undefined
  if (command.form === 'read') return { text: [`+CGATT: ${modem.radio.attached ? '1' : '0'}`] }
  if (command.form === 'test') return { text: ['+CGATT: (0,1)'] }
  const on = whole(command, 0, 0, 1)
  if (on === undefined) return ERROR
  if (on === 1 && modem.radio.stat !== 1) return { ...refusal(CME.noNetwork), time: modem.knobs.networkTime }
  const done = modem.radio.attach(on === 1)
  return { ...(done ? OK : refusal(CME.unknown)), time: modem.knobs.networkTime }
}

const operator: Behavior = (modem, command) => {
  if (command.name !== '+COPS') return undefined
  const { nvram } = modem.settings
  if (command.form === 'read') return { text: [`+COPS: ${modem.radio.stat === 1 ? nvram.cops : '0'}`] }
  const time = modem.knobs.networkTime
  if (command.form === 'test') return { text: ['+COPS: (2,"CHINA MOBILE","CMCC","46000"),,(0-4),(0-2)'], time }
  const mode = whole(command, 0, 0, 4)
  const format = whole(command, 1, 0, 2, 0)
  if (mode === undefined || format === undefined) return refusal(CME.badParameter)
  const name = ['"CHINA MOBILE"', '"CMCC"', '"46000"'][format] ?? ''
  nvram.cops = `${mode === 3 ? '0' : String(mode)},${String(format)},${name}`
  return { time }
}

/** 0 and 4 cannot be switched into each other; `,1` resets first (AT manual 3.2.31). */
const functionality: Behavior = (modem, command) => {
  if (command.name !== '+CFUN') return undefined
  if (command.form === 'read') return { text: [`+CFUN: ${String(modem.cfun)}`] }
  if (command.form === 'test') return { text: ['+CFUN: (0,1,4),(0,1)'] }
  const level = whole(command, 0, 0, 4)
  const reset = whole(command, 1, 0, 1, 0)
  if (level === undefined || reset === undefined || ![0, 1, 4].includes(level)) return refusal(CME.badParameter)
  if (reset === 1) return softReset(modem, level)
  if (level !== modem.cfun && level !== 1 && modem.cfun !== 1) return refusal(CME.notAllowed)
  return { time: modem.knobs.networkTime, done: () => modem.setCfun(level) }
}

function softReset(modem: Dce, level: number): Answer {
  modem.settings.nvram.cfun = level
  const first = modem.knobs.resetOk === 'before'
  // The result code has left the wire before the modem goes down.
  return { result: first ? 'OK' : 'none', done: () => void after(20, () => modem.reset('CFUN=1,1')) }
}

const powerDown: Behavior = (modem, command) => {
  if (command.name !== '+CPOWD') return undefined
  const normal = whole(command, 0, 0, 1)
  if (normal === undefined) return ERROR
  return { result: 'none', done: () => modem.powerDown(normal === 1 ? 'NORMAL' : '') }
}

/** Queries that always have the same answer here. */
const supply: Behavior = (modem, { name, form }) => {
  const low = modem.conditions.has('under-voltage')
  if (name === '+CBC' && form === 'execute') return { text: [`+CBC: 0,${low ? '5,3480' : '82,4012'}`] }
  if (name === '+CADC' && form === 'read') return { text: ['+CADC: 1,1280'] }
  if (name === '+CCALR' && form === 'read') return { text: [`+CCALR: ${modem.callReady ? '1' : '0'}`] }
  return undefined
}

const callSettings: Behavior = (modem, command) => {
  const field = ({ '+GSMBUSY': 'gsmbusy', '+CLIP': 'clip' } as const)[command.name]
  if (!field) return undefined
  if (command.form === 'read') {
    const more = field === 'clip' ? ',1' : ''
    return { text: [`${command.name}: ${String(modem.settings.passing[field])}${more}`] }
  }
  const value = whole(command, 0, 0, field === 'clip' ? 1 : 2)
  if (value === undefined) return ERROR
  modem.settings.passing[field] = value
  return OK
}

const signalReports: Behavior = (modem, command) => {
  if (command.name !== '+EXUNSOL') return undefined
  if (command.form !== 'write') return { text: ['+EXUNSOL: "SQ",(0-2)'] }
  const level = whole(command, 1, 0, 2)
  if (words(command, 0) !== 'SQ' || level === undefined) return ERROR
  modem.settings.now.exunsol = level
  return OK
}

export const RADIO_COMMANDS: readonly Behavior[] = [
  pin,
  attempts,
  signal,
  registration,
  attach,
  operator,
  functionality,
  powerDown,
  supply,
  callSettings,
  signalReports,
]
