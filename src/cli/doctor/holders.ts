/** Who uses a device, as far as this user may see it: lock files, flock, open files. */
import { lockName } from '../../line/device-lock.ts'
import type { Machine } from './machine.ts'

export interface DeviceUser {
  readonly pid: number
  /** `minicom`; `another program` where its name cannot be seen. */
  readonly name: string
  readonly args: readonly string[]
  /** What shows it. */
  readonly evidence: string
}

const LOCK_FOLDERS = ['/run/lock', '/var/lock', '/tmp']

/** Every process but this one that uses the device at `path` (symlinks followed), each once. */
export function usersOf(machine: Machine, path: string): DeviceUser[] {
  const processes = machine.processes
  const found = new Map<number, DeviceUser>()
  const add = (pid: number, evidence: string): void => {
    const known = processes.find((process) => process.pid === pid)
    if (!known || pid === process.pid || found.has(pid)) return
    found.set(pid, { pid, name: known.name || 'another program', args: known.args, evidence })
  }
  for (const folder of LOCK_FOLDERS) {
    const file = `${folder}/${lockName(path)}`
    add(Number(machine.text(file)), `lock ${file}`)
  }
  for (const pid of flockers(machine, path)) add(pid, 'flock')
  for (const { pid } of processes) {
    const files = machine.list(`/proc/${pid}/fd`).map((fd) => machine.link(`/proc/${pid}/fd/${fd}`) ?? '')
    // Whoever has a master of pseudo-terminals open is the program behind one, not a user of it.
    if (files.includes(path) && !files.some((file) => file.endsWith('/ptmx'))) add(pid, 'open file')
  }
  return [...found.values()]
}

/** `1: FLOCK  ADVISORY  WRITE 812 00:06:105 0 EOF` */
function flockers(machine: Machine, path: string): number[] {
  const place = machine.facts(path)?.place
  if (place === undefined) return []
  return (machine.text('/proc/locks') ?? '').split('\n').flatMap((line) => {
    const [, kind, , , pid, where] = line.trim().split(/\s+/)
    return kind === 'FLOCK' && where === place ? [Number(pid)] : []
  })
}
