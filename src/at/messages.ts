/** Short messages: the commands for them, and what a stored one says (AT manual chapter 4). */
import type { AtCommand } from './command.ts'

/** PDU form: in text form a line of a message could pass for the end of the answer. 4.2.3 */
export const pduForm: AtCommand = { text: '+CMGF=0', timeoutMs: 10_000, parse: () => undefined }

export interface StoredMessage {
  /** Its place in the storage. */
  readonly index: number
  /** Hexadecimal. */
  readonly pdu: string
}

/** Received and not read, and they stay so (mode 1). 4.2.2 */
export const unreadMessages: AtCommand<readonly StoredMessage[]> = {
  text: '+CMGL=0,1',
  timeoutMs: 20_000,
  information: /^(\+CMGL: ?\d+,.*|[0-9A-F]{20,})$/i,
  hidden: /^[0-9A-F]/i,
  parse: ({ information }) =>
    information.flatMap((line, at) => {
      const index = /^\+CMGL: ?(\d+),/.exec(line)?.[1]
      const pdu = information[at + 1]
      return index === undefined || pdu === undefined || pdu.startsWith('+') ? [] : [{ index: Number(index), pdu }]
    }),
}

/** 4.2.1 */
export const deleteMessage = (index: number): AtCommand => ({
  text: `+CMGD=${index}`,
  timeoutMs: 5_000,
  parse: () => undefined,
})

/** What a message says: its sender, when the network took it (ISO, with its zone), and its text. */
export interface MessageContent {
  readonly sender: string
  readonly time: string
  readonly text: string
}

/**
 * What a stored message says (3GPP 23.040 9.2.2.1). A long message comes in parts, each a message of its own.
 * @returns undefined for what is no received message
 */
export async function contentOf(pdu: string): Promise<MessageContent | undefined> {
  // Loaded when the first message comes: most never see one.
  const { Deliver, parse } = await import('node-pdu')
  try {
    const message = parse(pdu)
    if (!(message instanceof Deliver)) return undefined
    const { address, data, serviceCenterTimeStamp } = message
    const international = address.type.type === INTERNATIONAL && /^\d/.test(address.phone ?? '')
    return {
      sender: `${international ? '+' : ''}${address.phone ?? ''}`,
      time: serviceCenterTimeStamp.getIsoString().replace('-00:00', '+00:00'),
      text: data.getText(),
    }
  } catch {
    return undefined
  }
}

/** Type of number (3GPP 23.040 9.1.2.5). */
const INTERNATIONAL = 1
