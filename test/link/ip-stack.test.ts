/** What AT+CIPSTATUS says → what to do: every state has its step, and the steps lead to a modem that can dial. */
import { expect, test } from 'vitest'
import { IP_STATES, type IpState } from '../../src/at/commands.ts'
import { NEXT_STEP, type StackStep } from '../../src/link/ip-stack.ts'

/** Where each step leads at the latest (AT manual 8.2, modem-facts 2). */
const LEADS: Readonly<Record<Exclude<StackStep, 'done'>, (from: IpState) => IpState>> = {
  configure: () => 'IP START',
  bringUpContext: () => 'IP GPRSACT',
  readAddress: () => 'IP STATUS',
  closeConnection: (from) => (from.startsWith('UDP') ? 'UDP CLOSED' : 'TCP CLOSED'),
  shutContext: () => 'IP INITIAL',
  wait: (from) => (from === 'IP CONFIG' ? 'IP GPRSACT' : from === 'UDP CLOSING' ? 'UDP CLOSED' : 'TCP CLOSED'),
}

test('every state of the manual has a step, and no other', () => {
  expect(Object.keys(NEXT_STEP).sort()).toEqual([...IP_STATES].sort())
})

test.each(IP_STATES)('P6 from %s the steps lead to a dial, without a circle', (start) => {
  const seen: IpState[] = []
  let state: IpState = start
  for (let step = NEXT_STEP[state]; step !== 'done'; step = NEXT_STEP[state]) {
    expect(seen).not.toContain(state)
    seen.push(state)
    state = LEADS[step](state)
  }
  expect(['IP STATUS', 'TCP CLOSED', 'UDP CLOSED']).toContain(state)
})

/** Where the manual lets a command run (modem-facts 2). */
const LEGAL: Readonly<Partial<Record<StackStep, readonly IpState[]>>> = {
  configure: ['IP INITIAL'],
  bringUpContext: ['IP START'],
  readAddress: [
    'IP GPRSACT',
    'IP STATUS',
    'TCP CONNECTING',
    'UDP CONNECTING',
    'CONNECT OK',
    'TCP CLOSED',
    'UDP CLOSED',
  ],
  closeConnection: ['TCP CONNECTING', 'UDP CONNECTING', 'SERVER LISTENING', 'CONNECT OK'],
}

test.each(Object.entries(NEXT_STEP))('in %s the manual allows %s', (state, step) => {
  const legal = LEGAL[step]
  if (legal) expect(legal).toContain(state)
})

test('after PDP DEACT nothing but CIPSHUT helps', () => expect(NEXT_STEP['PDP DEACT']).toBe('shutContext'))
