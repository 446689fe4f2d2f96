/** The life of the link as a table: nobody sets the state but the machine, and the machine only by this table. */

export const LINK_STATES = [
  'opening',
  'probing',
  'attaching',
  'ready',
  'dialing',
  'online',
  'escaping',
  'commanding',
  'resuming',
  'closing',
  'recovering',
  'stopping',
  'stopped',
] as const
export type LinkState = (typeof LINK_STATES)[number]

/** What can happen to the link. An activity's outcome is one of them, or it comes from outside (`ANYWHERE`). */
export const LINK_EVENTS = [
  'succeeded',
  'failed',
  'refused',
  'abandoned',
  'dialRequested',
  'called',
  'windowRequested',
  'hangUpRequested',
  'peerTalks',
  'carrierEnded',
  'lineClosed',
  'lineLost',
  'modemLost',
  'stopRequested',
] as const
export type LinkEvent = (typeof LINK_EVENTS)[number]

export type ActiveState = Exclude<LinkState, 'stopped'>
type Row = Partial<Record<LinkEvent, LinkState>>

/** State × event → state. The comment says what the state's one activity does. */
export const TRANSITIONS: Readonly<Record<LinkState, Row>> = {
  // open the tty
  opening: { succeeded: 'probing', failed: 'recovering' },
  // find the modem: mode, baud rate, echo
  probing: { succeeded: 'attaching', failed: 'recovering' },
  // SIM, network, context, by what AT+CIPSTATUS says
  attaching: { succeeded: 'ready', failed: 'recovering' },
  // wait for somebody who wants to dial, or calls
  ready: { dialRequested: 'dialing', called: 'online', failed: 'recovering' },
  // AT+CIPSTART until CONNECT
  dialing: { succeeded: 'online', refused: 'ready', abandoned: 'closing', failed: 'recovering' },
  // carry bytes
  online: { windowRequested: 'escaping', hangUpRequested: 'closing', carrierEnded: 'attaching', failed: 'recovering' },
  // DTR or +++
  escaping: { succeeded: 'commanding', failed: 'recovering' },
  // AT commands beside the live connection
  commanding: { succeeded: 'resuming', carrierEnded: 'attaching', failed: 'recovering' },
  // ATO
  resuming: { succeeded: 'online', carrierEnded: 'attaching', failed: 'recovering' },
  // AT+CIPACK until all is acknowledged, AT+CIPCLOSE
  closing: { succeeded: 'attaching', peerTalks: 'resuming', failed: 'recovering' },
  // one rung of the ladder
  recovering: { succeeded: 'probing', lineClosed: 'opening', failed: 'recovering' },
  // hang up in order, leave the modem in command mode
  stopping: { succeeded: 'stopped' },
  stopped: {},
}

/** What may happen in any state but the last two. */
export const ANYWHERE: Row = { lineLost: 'recovering', modemLost: 'recovering', stopRequested: 'stopping' }

/** Where an event leads from a state; undefined if the table does not know it there. */
export function next(state: LinkState, event: LinkEvent): LinkState | undefined {
  const own = TRANSITIONS[state][event]
  if (own !== undefined) return own
  return state === 'stopping' || state === 'stopped' ? undefined : ANYWHERE[event]
}
