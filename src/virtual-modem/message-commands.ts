/** Short messages in text and PDU form (AT manual chapter 4). */
import { type Answer, type Behavior, type Dce, OK, refusal, whole, words } from './behavior.ts'
import type { Command } from './command-line.ts'
import { MESSAGE_STATES, type Message } from './message-store.ts'
import { deliverPdu } from './pdu.ts'

/** +CMS ERROR: invalid memory index (AT manual 19.2). */
const BAD_INDEX = 321
/** +CMS ERROR: invalid parameter for PDU mode (AT manual 19.2). */
const BAD_PARAMETER = 304

/** A message as AT+CMGF has it: 0 PDU, 1 text. */
function printed(modem: Dce, command: '+CMGL' | '+CMGR', message: Message): string[] {
  const { index, status, from, time, text } = message
  const place = command === '+CMGL' ? `${String(index)},` : ''
  if (modem.settings.now.cmgf === 1) return [`${command}: ${place}"${status}","${from}","","${time}"`, text]
  const { hex, length } = deliverPdu(from, time, text)
  return [`${command}: ${place}${String(MESSAGE_STATES.indexOf(status))},"",${String(length)}`, hex]
}

/** Which messages are asked for: words in text form, 0 to 4 in PDU form. */
function wanted(modem: Dce, command: Command): string | undefined {
  if (modem.settings.now.cmgf === 1) return words(command, 0) ?? 'REC UNREAD'
  const state = whole(command, 0, 0, 4, 0)
  return state === undefined ? undefined : (MESSAGE_STATES[state] ?? 'ALL')
}

const listMessages: Behavior = (modem, command) => {
  if (command.name !== '+CMGL') return undefined
  if (command.form === 'test') {
    const states = MESSAGE_STATES.map((state) => `"${state}"`).join(',')
    return { text: [modem.settings.now.cmgf === 1 ? `+CMGL: (${states},"ALL")` : '+CMGL: (0-4)'] }
  }
  const state = wanted(modem, command)
  if (state === undefined) return refusal(BAD_PARAMETER, 'CMS')
  const listed = modem.messages.list(state)
  const text = listed.flatMap((message) => printed(modem, '+CMGL', message))
  if (whole(command, 1, 0, 1, 0) !== 1) {
    for (const message of listed) if (message.status === 'REC UNREAD') message.status = 'REC READ'
  }
  return { text }
}

const readMessage: Behavior = (modem, command) => {
  if (command.name !== '+CMGR') return undefined
  const message = modem.messages.get(whole(command, 0, 1, 255) ?? 0)
  if (!message) return refusal(BAD_INDEX, 'CMS')
  const text = printed(modem, '+CMGR', message)
  if (whole(command, 1, 0, 1, 0) !== 1 && message.status === 'REC UNREAD') message.status = 'REC READ'
  return { text }
}

const deleteMessage: Behavior = (modem, command) => {
  if (command.name !== '+CMGD') return undefined
  if (command.form === 'test') {
    return {
      text: [
        `+CMGD: (${modem.messages
          .list('ALL')
          .map(({ index }) => index)
          .join(',')}),(0-4)`,
      ],
    }
  }
  const index = whole(command, 0, 0, 255)
  const flag = whole(command, 1, 0, 4, 0)
  if (index === undefined || flag === undefined) return refusal(BAD_INDEX, 'CMS')
  if (flag === 0) return modem.messages.remove(index) ? OK : refusal(BAD_INDEX, 'CMS')
  modem.messages.removeAll(flag)
  return OK
}

const indications: Behavior = (modem, command) => {
  if (command.name !== '+CNMI') return undefined
  if (command.form === 'read') return { text: [`+CNMI: ${modem.settings.now.cnmi}`] }
  if (command.form === 'test') return { text: ['+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)'] }
  const most = [3, 3, 2, 1, 1]
  const before = modem.settings.now.cnmi.split(',').map(Number)
  const values = most.map((top, index) => whole(command, index, 0, top, before[index]))
  if (command.form !== 'write' || values.includes(undefined)) return { result: 'ERROR' } satisfies Answer
  modem.settings.now.cnmi = values.join(',')
  return OK
}

export const MESSAGE_COMMANDS: readonly Behavior[] = [listMessages, readMessage, deleteMessage, indications]
