/** Short messages on the SIM (AT manual chapter 4). */

/** By their number in PDU form (AT manual 4.2.2). */
export const MESSAGE_STATES = ['REC UNREAD', 'REC READ', 'STO UNSENT', 'STO SENT'] as const

export interface Message {
  readonly index: number
  status: (typeof MESSAGE_STATES)[number]
  readonly from: string
  /** `20/12/09,12:57:04+48` */
  readonly time: string
  readonly text: string
}

export class MessageStore {
  readonly #messages = new Map<number, Message>()

  /** Stores a received message at the lowest free index. */
  receive(from: string, text: string, time = '26/11/21,12:00:00+00'): Message {
    let index = 1
    while (this.#messages.has(index)) index++
    const message: Message = { index, status: 'REC UNREAD', from, time, text }
    this.#messages.set(index, message)
    return message
  }

  get(index: number): Message | undefined {
    return this.#messages.get(index)
  }

  list(status: string): Message[] {
    const all = [...this.#messages.values()].sort((a, b) => a.index - b.index)
    return status === 'ALL' ? all : all.filter((message) => message.status === status)
  }

  remove(index: number): boolean {
    return this.#messages.delete(index)
  }

  /** AT+CMGD's flags 1 to 4 (AT manual 4.2.1). */
  removeAll(flag: number): void {
    const kept: Readonly<Record<number, readonly string[]>> = {
      1: ['REC UNREAD', 'STO UNSENT', 'STO SENT'],
      2: ['REC UNREAD', 'STO UNSENT'],
      3: ['REC UNREAD'],
    }
    for (const [index, message] of this.#messages) {
      if (!kept[flag]?.includes(message.status)) this.#messages.delete(index)
    }
  }
}
