/** The modem at a port that nobody uses: what is seen of the wires, at which rate it answers, what it says. */
import type { Config } from '../../config/schema.ts'
import { isFault } from '../../core/fault.ts'
import type { ModemSignals } from '../../core/port.ts'
import type { Notes } from './finding.ts'
import { checkRate } from './modem-checks.ts'
import { PortLook } from './port-look.ts'
import { type Answers, interview } from './questions.ts'
import type { Surroundings } from './surroundings.ts'
import { rememberTty, restoreTty } from './tty-settings.ts'

/** What came of it. */
export interface Interview {
  readonly answers: Answers
  readonly voltageWarning: string | undefined
}

/** @param path of the tty, symlinks followed. @returns undefined if there was nobody to talk to */
export async function lookAtModem(
  notes: Notes,
  { machine, openPort, openGpio }: Surroundings,
  config: Config,
  path: string,
): Promise<Interview | undefined> {
  const settings = machine.root === '' ? await rememberTty(path) : undefined
  try {
    const look = await PortLook.open(config, openPort, openGpio)
    try {
      return await talk(notes, look, config)
    } finally {
      const asItWas = await look.goBack()
      if (settings && !(await restoreTty(path, settings))) {
        notes.warn('settings', `the settings of ${path} could not be put back`, { mend: null })
      }
      await look.close()
      if (!asItWas) notes.warn('connection', 'the connection that it had ended meanwhile', { mend: null })
    }
  } catch (error) {
    if (!isFault(error)) throw error
    notes.bad('port', error.message, { fault: error.code })
    return undefined
  }
}

async function talk(notes: Notes, look: PortLook, config: Config): Promise<Interview | undefined> {
  const { signals, hasDcd, missingWires } = look.sight
  for (const wire of missingWires) {
    notes.warn('wire', wire, { mend: 'the daemon counts it as not there; sudo usermod -aG gpio USER gives the pins' })
  }
  checkLines(notes, signals, config)
  if (hasDcd && signals?.dcd) {
    notes.bad('data mode', 'DCD is on: the modem has a connection; nothing was written into it', {
      fault: 'carrier-lost',
      mend: 'cipbridge run takes the modem over and ends that connection in order; then look again',
    })
    return undefined
  }
  const rate = await look.find()
  if (rate === undefined) {
    tellSilence(notes, look, config)
    return undefined
  }
  if (look.wasInDataMode) {
    notes.warn('data mode', 'it was in data mode, with a connection that no program has', {
      mend: 'cipbridge run ends it in order; the doctor goes back to it',
    })
  }
  const answers = await interview(look)
  checkRate(notes, rate, config, answers.rate)
  return { answers, voltageWarning: look.voltageWarning }
}

function tellSilence(notes: Notes, { heard, sight }: PortLook, { line }: Config): void {
  // Single characters are an answer at another rate, or noise.
  const first = heard.find((text) => /^[\x20-\x7e]{4,}$/.test(text))
  const words = first === undefined ? '' : `; heard: ${JSON.stringify(first.slice(0, 40))}`
  const off = sight.signals?.cts === false && !sight.signals.dsr
  const { device, baudRate } = line
  notes.bad('answer', `nothing answers AT at ${device}, at ${baudRate} baud or any other rate${words}`, {
    fault: 'no-answer',
    mend: off
      ? 'no line of the modem is on: is it switched on (PWRKEY), is its supply there?'
      : 'is it switched on (PWRKEY)? TX of one side goes to RX of the other, and GND to GND',
  })
}

/** The lines that the tty shows. */
function checkLines(notes: Notes, signals: ModemSignals | undefined, { line }: Config): void {
  if (!signals) {
    notes.unchecked('lines', 'this port shows none (a pseudo-terminal)')
    return
  }
  const named = { CTS: signals.cts, DSR: signals.dsr, DCD: signals.dcd, RI: signals.ri }
  const levels = Object.entries(named).flatMap(([name, on]) =>
    on === undefined ? [] : [`${name} ${on ? 'on' : 'off'}`],
  )
  const text = levels.join(', ')
  if (line.flowControl === 'none' || signals.cts) notes.good('lines', text)
  else {
    notes.bad('lines', `${text}: with CTS off nothing can be sent`, {
      fault: 'no-answer',
      mend: "the modem's output CTS goes to our CTS, our RTS to its input RTS; is it switched on? Or line.flowControl: none",
      value: text,
    })
  }
}
