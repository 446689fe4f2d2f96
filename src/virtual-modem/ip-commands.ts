/** Context and connection of the IP stack (AT manual chapter 8): what moves between the ten states. */
import { type Answer, type Behavior, OK, refusal, whole, words } from './behavior.ts'
import { CME } from './result.ts'

const ERROR: Answer = { result: 'ERROR' }
const NAME_LENGTH = 50

/** Only in IP INITIAL (AT manual 8.2.9). */
const startTask: Behavior = (modem, command) => {
  if (command.name !== '+CSTT') return undefined
  const { ip } = modem.settings
  if (command.form === 'test') return { text: ['+CSTT: "APN","USER","PWD"'] }
  if (command.form === 'read') return { text: [`+CSTT: "${ip.apn}","${ip.user}","${ip.password}"`] }
  if (command.args.length > 3 || command.args.some(({ text }) => text.length > NAME_LENGTH)) return ERROR
  if (modem.stack.state !== 'IP INITIAL') return refusal(CME.notAllowed)
  if (command.form === 'write') {
    ip.apn = words(command, 0) ?? ''
    ip.user = words(command, 1) ?? ''
    ip.password = words(command, 2) ?? ''
  }
  modem.stack.state = 'IP START'
  return OK
}

/** Only in IP START (AT manual 8.2.10). */
const bringUp: Behavior = (modem, { name, form }) => {
  if (name !== '+CIICR') return undefined
  if (form === 'test') return OK
  if (form !== 'execute' || modem.stack.state !== 'IP START') return refusal(CME.notAllowed)
  return modem.stack.activate(modem.alive).then((up) => ({ ...(up ? OK : ERROR), time: 0 }))
}

/** The bare address, no `OK`; moves IP GPRSACT to IP STATUS (AT manual 8.2.11). */
const localAddress: Behavior = (modem, { name, form }) => {
  if (name !== '+CIFSR') return undefined
  if (form === 'test') return OK
  const { address } = modem.stack
  if (form !== 'execute' || address === undefined) return ERROR
  if (modem.stack.state === 'IP GPRSACT') modem.stack.state = 'IP STATUS'
  return { text: [address], result: 'none' }
}

/** `OK` first, then the state (AT manual 8.2.12). */
const stackState: Behavior = (modem, { name, form }) => {
  if (name !== '+CIPSTATUS') return undefined
  return form === 'execute' ? { afterwards: [`STATE: ${modem.stack.state}`] } : OK
}

const connect: Behavior = (modem, command) => {
  if (command.name !== '+CIPSTART') return undefined
  const { stack, knobs, settings } = modem
  if (command.form === 'test')
    return { text: ['+CIPSTART: ("TCP","UDP"),("(0,255).(0,255).(0,255).(0,255)"),("port")'] }
  const host = words(command, 1) ?? ''
  const port = whole(command, 2, 1, 65535)
  const transport = words(command, 0)?.toUpperCase()
  if (transport !== 'TCP' && transport !== 'UDP') return ERROR
  if (command.form !== 'write' || host === '' || port === undefined || command.args.length > 3) return ERROR
  if (settings.ip.cipmux === 1) return ERROR
  if (stack.state === 'CONNECT OK' || stack.state.endsWith(' CONNECTING')) {
    const already = ['ALREADY CONNECT']
    return knobs.alreadyConnect === ''
      ? { text: already, result: 'none' }
      : { result: knobs.alreadyConnect, afterwards: already }
  }
  const legal = stack.state === 'IP INITIAL' || stack.state === 'IP STATUS'
  if (!legal && !(stack.state.endsWith(' CLOSED') && knobs.dialFromClosed)) return refusal(CME.notAllowed)
  return { done: () => stack.dial(transport, host, port) }
}

/** `OK`, then `SERVER OK` or `SERVER CLOSE` (app note 2.1.3). */
const serve: Behavior = (modem, command) => {
  if (command.name !== '+CIPSERVER') return undefined
  const { server } = modem.stack
  if (command.form === 'test') return { text: ['+CIPSERVER: (0-CLOSE SERVER,1-OPEN SERVER),(1-65535)'] }
  if (command.form === 'read') return { text: [`+CIPSERVER: ${server.port ? `1,${String(server.port)},0,0` : '0'}`] }
  const mode = whole(command, 0, 0, 1)
  const port = whole(command, 1, 1, 65535)
  if (mode === undefined || (mode === 1 && port === undefined)) return ERROR
  if (mode === 0) return modem.stack.stopListening() ? { afterwards: ['SERVER CLOSE'] } : ERROR
  return modem.stack
    .listen(port ?? 0, modem.alive)
    .then((done): Answer => (done ? { afterwards: ['SERVER OK'], time: 0 } : refusal(CME.notAllowed)))
}

const disconnect: Behavior = (modem, command) => {
  if (command.name !== '+CIPCLOSE') return undefined
  if (command.form === 'test') return { text: ['+CIPCLOSE: (0-1)'] }
  const quick = whole(command, 0, 0, 1, 0)
  if (quick === undefined || command.form === 'read') return ERROR
  const old = modem.knobs.closeWord === 'CLOSED OK'
  return modem.stack.close(quick === 1, modem.alive).then((done): Answer => {
    if (!done) return refusal(CME.notAllowed)
    if (old) return { result: 'OK', afterwards: ['CLOSED OK'], time: 0 }
    return { text: ['CLOSE OK'], result: 'none', time: 0 }
  })
}

const shut: Behavior = (modem, { name, form }) => {
  if (name !== '+CIPSHUT') return undefined
  if (form === 'test') return OK
  if (form !== 'execute') return ERROR
  modem.stack.shut()
  return { text: ['SHUT OK'], result: 'none', time: modem.knobs.shutTime }
}

const counters: Behavior = (modem, { name, form }) => {
  if (name !== '+CIPACK') return undefined
  if (form === 'test') return OK
  if (form !== 'execute') return ERROR
  const [sent, acked] = modem.stack.counters
  const comma = modem.knobs.ackSpaces ? ', ' : ','
  return { text: [`+CIPACK: ${[sent, acked, sent - acked].join(comma)}`] }
}

/** `OK`, then the addresses or an error number (app note 5). */
const resolveName: Behavior = (modem, command) => {
  if (command.name !== '+CDNSGIP') return undefined
  if (command.form === 'test') return OK
  const name = words(command, 0) ?? ''
  if (command.form !== 'write' || name === '' || modem.stack.address === undefined) return ERROR
  const unknown = modem.conditions.of('name-unknown')
  const tell = (found: readonly string[]): void => {
    const known = found.length > 0 && !unknown
    const answer = known ? `1,${[name, ...found].map((text) => `"${text}"`).join(',')}` : `0,${unknown?.error ?? 8}`
    modem.urc(`+CDNSGIP: ${answer}`)
  }
  return {
    done: () => void modem.network.resolve(name).then(tell, () => tell([])),
  }
}

/** Normal mode only: in transparent mode there is no prompt (AT manual 8.2.3). */
const send: Behavior = (modem, { name, form, args }) => {
  if (name !== '+CIPSEND') return undefined
  if (form === 'read') return { text: ['+CIPSEND: 1460'] }
  if (form === 'test' || args.length > 0) return ERROR
  if (!modem.stack.carrier || modem.settings.ip.cipmode === 1) return refusal(CME.notAllowed)
  return { result: 'none', done: () => modem.prompt() }
}

export const IP_COMMANDS: readonly Behavior[] = [
  startTask,
  bringUp,
  localAddress,
  stackState,
  connect,
  serve,
  disconnect,
  shut,
  counters,
  resolveName,
  send,
]
