/** `--dial`: each route once, for real. It costs money, and sets the modem up as `run` does. */
import { once } from 'node:events'
import { chownSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { formatTarget, type Target, takesDatagrams, targetsOf } from '../../config/endpoint.ts'
import type { Config, RouteConfig } from '../../config/schema.ts'
import { Fault, type FaultCode, isFault } from '../../core/fault.ts'
import { Journal, type JournalEvent } from '../../core/log.ts'
import { Memory } from '../../core/memory.ts'
import type { OpenPort } from '../../core/port.ts'
import { now, withDeadline } from '../../core/time.ts'
import { stateFolder } from '../../daemon/daemon.ts'
import type { OpenGpio } from '../../line/gpio-line.ts'
import { Link } from '../../link/link.ts'
import { open } from '../control-client.ts'
import { eventsIn } from '../events.ts'
import type { Notes } from './finding.ts'

/** Registration may take 90 s, the context 85 s; a dial 160 s, its hang-up 10 s. */
const READY_MS = 300_000
const DIAL_MS = 200_000
const HANG_UP = { deliver: false, lingerMs: 0, timeoutMs: 10_000 }

/** Without a daemon: the daemon's own link, for as long as the dials take. */
export async function dialAlone(notes: Notes, config: Config, openPort: OpenPort, openGpio: OpenGpio): Promise<void> {
  const journal = new Journal('error', 'json', () => undefined)
  const memory = new Memory(stateFolder(config), journal)
  const link = new Link(config, openPort, journal, memory, openGpio)
  const running = link.run()
  try {
    const fault = await settled(link)
    if (fault) {
      notes.bad('context', fault.message, { fault: fault.code })
      notes.unchecked('dial', 'needs a context')
      return
    }
    notes.good('context', `up, address ${link.facts.address ?? 'unknown'}`, link.facts.address)
    for (const route of config.routes) {
      for (const target of targetsOf(route.to)) await dialOnce(notes, link, route, target)
    }
  } finally {
    link.stop()
    await running
    memory.close()
    giveBack(memory)
  }
}

/** What root has written here, the daemon's user must be able to read: the folder is that user's. */
function giveBack({ path }: Memory): void {
  if (path === undefined || process.getuid?.() !== 0) return
  try {
    const { uid, gid } = statSync(dirname(path))
    chownSync(path, uid, gid)
  } catch {
    // Nothing was written.
  }
}

/** Until the link is up, or the first thing went wrong. */
async function settled(link: Link): Promise<Fault | undefined> {
  const late = (): Fault => new Fault('no-answer', `the link is not up within ${READY_MS / 1000} s`)
  try {
    await withDeadline(READY_MS, late, undefined, async (signal) => {
      while (!link.usable && link.state !== 'recovering') await once(link, 'transition', { signal })
    })
  } catch (error) {
    return isFault(error) ? error : late()
  }
  return link.usable ? undefined : (link.fault ?? late())
}

async function dialOnce(notes: Notes, link: Link, route: RouteConfig, target: Target): Promise<void> {
  const late = (): Fault => new Fault('peer-timeout', `no answer within ${DIAL_MS / 1000} s`)
  const started = now()
  try {
    await withDeadline(DIAL_MS, late, undefined, async (signal) => {
      const carrier = await link.dial({ ...target, localPort: route.localPort, modemTls: route.modemTls }, signal)
      const over = new Promise<void>((resolve) => {
        carrier.attach({ onBytes: () => true, onWritable: () => undefined, onEnd: () => resolve() })
      })
      tellConnected(notes, route, formatTarget(target), Math.round(now() - started))
      link.hangUp(HANG_UP)
      await over
      while (!link.usable && link.state !== 'recovering') await once(link, 'transition', { signal })
    })
  } catch (error) {
    if (!isFault(error)) throw error
    tellFault(notes, route, error.code, error.message)
  }
}

/** Through the daemon: as a client of each route. */
export async function dialThroughDaemon(notes: Notes, socket: string, { routes }: Config): Promise<void> {
  for (const route of routes) {
    if (takesDatagrams(route.listen)) {
      notes.unchecked('dial', `${route.name}: only a datagram would dial, and the server would get it`)
      continue
    }
    const left = new AbortController()
    const events = eventsIn(await open(socket, 'GET', '/events', { signal: left.signal }))
    let client: Socket | undefined
    const late = (): Error => new Error(`no answer within ${DIAL_MS / 1000} s`)
    try {
      await withDeadline(DIAL_MS, late, undefined, async (signal) => {
        signal.addEventListener('abort', () => left.abort())
        client = clientOf(route)
        await follow(notes, route, events, client)
      })
    } catch (error) {
      tellFault(notes, route, 'peer-timeout', error instanceof Error ? error.message : String(error))
    } finally {
      client?.destroy()
      left.abort()
    }
  }
}

function clientOf({ listen }: RouteConfig): Socket {
  const client = 'path' in listen ? connect(listen.path) : connect(listen.port, listen.host)
  // A dial that fails is a reset of this client; the event says why.
  return client.on('error', () => undefined).resume()
}

/** What the daemon tells of our session, until it is over. */
async function follow(notes: Notes, route: RouteConfig, events: AsyncIterable<string>, client: Socket): Promise<void> {
  let session: number | undefined
  let told = false
  for await (const json of events) {
    const event = JSON.parse(json) as JournalEvent
    if (event.event === 'client' && event.route === route.name) session ??= event.session
    if (event.event === 'busy' && event.route === route.name && session === undefined) {
      notes.unchecked('dial', `${route.name}: ${event.message}`)
      return
    }
    if (event.event === 'carrier' && session !== undefined && !told) {
      told = true
      tellConnected(notes, route, event.message.replace(/^up to /, ''), event.durationMs ?? 0)
      client.end()
    }
    if (event.event !== 'session-end' || event.session !== session) continue
    if (!told) tellFault(notes, route, event.fault, event.message)
    return
  }
  throw new Error('the daemon has gone')
}

function tellConnected(notes: Notes, route: RouteConfig, peer: string, ms: number): void {
  // With UDP the modem has asked nobody but a name server.
  const how = peer.startsWith('udp://') ? 'can be sent to after' : 'answered within'
  notes.good('dial', `${route.name}: ${peer} ${how} ${ms} ms`, ms)
}

function tellFault(notes: Notes, route: RouteConfig, code: FaultCode | undefined, message: string): void {
  notes.bad('dial', `${route.name}: ${message}`, { ...(code && { fault: code }), value: route.name })
}
