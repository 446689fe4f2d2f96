/** The serial side: rate, flow control, character format (AT manual 2.2.36 to 2.2.42). */
import { type Answer, type Behavior, OK, whole } from './behavior.ts'
import { RATES } from './line-rate.ts'

const ERROR: Answer = { result: 'ERROR' }

/** The new rate holds after the result code; 0 after the next reset (AT manual 2.2.41). */
const setRate: Behavior = (modem, command) => {
  if (command.name !== '+IPR') return undefined
  const rates = RATES.filter((rate) => rate <= modem.knobs.maxBaudRate)
  if (command.form === 'read') return { text: [`+IPR: ${String(modem.settings.now.ipr)}`] }
  if (command.form === 'test') {
    const found = RATES.filter((rate) => rate <= modem.knobs.autobaudMax)
    return { text: [`+IPR: (${found.join(',')}),(0,${rates.join(',')})`] }
  }
  const rate = whole(command, 0, 0, 921600)
  if (rate === undefined || (rate !== 0 && !rates.some((known) => known === rate))) return ERROR
  return {
    done: () => {
      modem.settings.now.ipr = rate
      if (modem.knobs.rateSaved === 'at-once') modem.settings.saveRate()
      modem.applyLine()
    },
  }
}

/** First the DTE's means to stop the modem, then the modem's to stop the DTE (AT manual 2.2.38). */
const setFlowControl: Behavior = (modem, command) => {
  if (command.name !== '+IFC') return undefined
  const { ifc } = modem.settings.now
  if (command.form === 'read') return { text: [`+IFC: ${ifc.join(',')}`] }
  if (command.form === 'test') return { text: ['+IFC: (0-2),(0-2)'] }
  const byDte = whole(command, 0, 0, 2)
  const byDce = whole(command, 1, 0, 2, byDte)
  if (command.form !== 'write' || byDte === undefined || byDce === undefined) return ERROR
  modem.settings.now.ifc = [byDte, byDce]
  modem.applyLine()
  return OK
}

/** Only 8N1 is played; other formats are refused (AT manual 2.2.37). */
const setFormat: Behavior = (modem, command) => {
  if (command.name !== '+ICF') return undefined
  if (command.form === 'read') return { text: [`+ICF: ${modem.settings.now.icf}`] }
  if (command.form === 'test') return { text: ['+ICF: (1-6),(0,1,3)'] }
  return whole(command, 0, 3, 3) === undefined ? ERROR : OK
}

export const LINE_COMMANDS: readonly Behavior[] = [setRate, setFlowControl, setFormat]
