/** Words to the service manager, as sd_notify(3) has them: datagrams to the socket that it names in NOTIFY_SOCKET. */
import { spawn } from 'node:child_process'
import type { Journal } from '../core/log.ts'
import { hasNative, sendDatagram } from '../core/native.ts'

/** Assignments such as READY=1; those of one message count together. */
export type Words = Readonly<Record<string, string>>

/** Says something to the service manager. */
export type Tell = (words: Words) => void

export interface ServiceManager {
  readonly tell: Tell
  /** Within this time, in ms, it wants to hear WATCHDOG=1 again; undefined where it does not watch. */
  readonly watchdogMs: number | undefined
}

/**
 * Who started this process, if it wants to be told how it does: undefined without NOTIFY_SOCKET. The variables are taken
 * out of `environment`, so that no program that the daemon starts speaks in its name.
 */
export function serviceManager(environment: NodeJS.ProcessEnv, journal: Journal): ServiceManager | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: period = '', WATCHDOG_PID: watched } = environment
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) Reflect.deleteProperty(environment, name)
  // systemd also knows vsock: addresses, for virtual machines.
  if (socket === undefined || !/^[/@]./.test(socket)) return undefined
  const isForUs = watched === undefined || Number(watched) === process.pid
  const watchdogMs = isForUs && /^[1-9]\d*$/.test(period) ? Number(period) / 1000 : undefined
  return { tell: hasNative() ? overSocket(socket, journal) : overProgram(socket, journal), watchdogMs }
}

function overSocket(socket: string, journal: Journal): Tell {
  const trouble = once(journal)
  return (words) => {
    try {
      sendDatagram(socket, Buffer.from(lines(words).join('\n')))
    } catch (error) {
      trouble(error)
    }
  }
}

/** Without koffi Node has no datagrams: the program that comes with systemd has. One after the other, in order. */
function overProgram(socket: string, journal: Journal): Tell {
  const trouble = once(journal)
  let last = Promise.resolve()
  return (words) => {
    last = last.then(() => notify(socket, lines(words))).catch(trouble)
  }
}

function notify(socket: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, NOTIFY_SOCKET: socket }, stdio: 'ignore' as const }
    spawn('systemd-notify', words, options)
      .once('error', reject)
      .once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`systemd-notify exits with ${code ?? '?'}`))))
  })
}

function lines(words: Words): string[] {
  // A value with a line break would be two assignments.
  return Object.entries(words).map(([name, value]) => `${name}=${value.replace(/\p{Cc}+/gu, ' ')}`)
}

/** Tells of the first trouble only: the next one comes with the next word. */
function once(journal: Journal): (error: unknown) => void {
  let told = false
  return (error) => {
    if (told) return
    told = true
    journal.tell('warn', 'systemd', 'the service manager cannot be told how the daemon does', {
      error: error instanceof Error ? error.message : String(error),
      hint: 'install the optional package koffi, or systemd-notify; a unit of Type=notify does not start without',
    })
  }
}
