/** The PDP context and the routes: as far as they can be known without bringing anything up. */
import { formatListen, formatTarget, takesDatagrams, targetsOf } from '../../config/endpoint.ts'
import type { Config, RouteConfig } from '../../config/schema.ts'
import type { RouteStatus, Status } from '../../daemon/status.ts'
import type { Notes } from './finding.ts'
import type { Machine } from './machine.ts'
import { type Answers, Refusal } from './questions.ts'

/** States of the IP stack in which there is a context (AT manual 8.2.12). */
const UP = new Set([
  'IP GPRSACT',
  'IP STATUS',
  'TCP CONNECTING',
  'UDP CONNECTING',
  'CONNECT OK',
  'TCP CLOSING',
  'UDP CLOSING',
  'TCP CLOSED',
  'UDP CLOSED',
])
const COSTS = 'a dial costs money: --dial tries each route once'

export function checkApn(notes: Notes, { context }: Config): void {
  if (context.apn !== '') notes.good('APN', context.apn)
  else
    notes.warn('APN', 'context.apn is empty: the network chooses', { mend: 'most operators want theirs: ask for it' })
}

export function checkContext(notes: Notes, stack: Answers['stack'], address: string | null): void {
  if (stack instanceof Refusal) notes.unchecked('context', `the modem does not tell (${stack.result})`)
  else if (stack === 'PDP DEACT') {
    notes.warn('context', 'the network took it down', { fault: 'context-lost', value: stack })
  } else if (!UP.has(stack)) notes.unchecked('context', `not up (${stack}); --dial brings it up`)
  else notes.good('context', `up${address === null ? ` (${stack})` : `, address ${address}`}`, address ?? stack)
}

/** Without a daemon: where each route leads, and whether its port is free. */
export function checkRoutes(notes: Notes, machine: Machine, { routes }: Config): void {
  for (const route of routes) {
    const other = listenerAt(machine, route)
    const listen = formatListen(route.listen)
    if (other) {
      const mend = `another program listens there: find it with sudo ss -ltnp, or give the route another port`
      notes.bad('route', `${route.name}: ${listen} is taken`, { fault: 'config-invalid', mend, value: route.name })
    } else
      notes.good('route', `${route.name}: ${listen} → ${targetsOf(route.to).map(formatTarget).join(', ')}`, route.name)
  }
}

/** Lines of /proc/net/tcp: `  0: 0100007F:075B 00000000:0000 0A …`, addresses as the CPU has them; 0A listens, with UDP 07. */
function listenerAt(machine: Machine, { listen }: RouteConfig): boolean {
  if ('path' in listen || listen.host.includes(':')) return false
  const bytes = listen.host.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  const port = listen.port.toString(16).padStart(4, '0').toUpperCase()
  const places = [`${bytes.toReversed().join('').toUpperCase()}:${port}`, `00000000:${port}`]
  const [file, listens] = takesDatagrams(listen) ? ['/proc/net/udp', '07'] : ['/proc/net/tcp', '0A']
  return (machine.text(file) ?? '').split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === listens && places.includes(local)
  })
}

/** With a daemon: its own view. */
export function checkRoutesOf(notes: Notes, { routes, usable }: Status, { routes: configured }: Config): void {
  for (const route of routes) {
    const holds = configured.some(({ name, whenDown }) => name === route.name && whenDown === 'hold')
    const where = `${route.name}: ${route.listen} → ${route.to}`
    if (usable || holds) notes.good('route', `${where}, ${carried(route)}`, route.name)
    else notes.unchecked('route', `${where}, closed until the link is usable`)
  }
}

function carried({ holder, bytesUp, bytesDown }: RouteStatus): string {
  const bytes = `${bytesUp} B up, ${bytesDown} B down`
  return holder === null ? `open (${bytes} so far)` : `session ${holder} has the carrier (${bytes} so far)`
}

export function skipDials(notes: Notes, why = COSTS): void {
  notes.unchecked('dial', why)
}
