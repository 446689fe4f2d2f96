/** Short messages in text form (AT manual chapter 4). */
import { type Answer, type Behavior, OK, refusal, whole, words } from './behavior.ts'
import type { Message } from './message-store.ts'

/** +CMS ERROR: invalid memory index (AT manual 19.2). */
const BAD_INDEX = 321

function header(message: Message): string {
  return `"${message.status}","${message.from}","","${message.time}"`
}

const listMessages: Behavior = (modem, command) => {
  if (command.name !== '+CMGL') return undefined
  if (command.form === 'test') return { text: ['+CMGL: ("REC UNREAD","REC READ","STO UNSENT","STO SENT","ALL")'] }
  const text: string[] = []
  const listed = modem.messages.list(words(command, 0) ?? 'REC UNREAD')
  for (const message of listed) text.push(`+CMGL: ${String(message.index)},${header(message)}`, message.text)
  if (whole(command, 1, 0, 1, 0) !== 1) {
    for (const message of listed) if (message.status === 'REC UNREAD') message.status = 'REC READ'
  }
  return { text }
}

const readMessage: Behavior = (modem, command) => {
  if (command.name !== '+CMGR') return undefined
  const message = modem.messages.get(whole(command, 0, 1, 255) ?? 0)
  if (!message) return refusal(BAD_INDEX, 'CMS')
  const text = [`+CMGR: ${header(message)}`, message.text]
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
