/**
 * One program per serial port: lock files in the UUCP manner (`/run/lock/LCK..ttyUSB0`, the owner's pid inside), which
 * minicom, picocom, mgetty and pppd honour as well. Ours comes before serialport's flock, because serialport 13 rewrites
 * the settings of the port in use (CRTSCTS goes) before it finds out that it cannot lock it.
 */
import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'

/** A lock that this process holds. */
export interface DeviceLock {
  /** Gives the device free. Idempotent. */
  release(): void
}

/** A program that uses a device. */
export interface Holder {
  readonly pid: number
  /** undefined: it belongs to somebody whose processes we cannot see */
  readonly command: string | undefined
}

/** Where locks are looked for; made in the first of them that can be written. */
const LOCK_FOLDERS: readonly string[] = ['/run/lock', tmpdir()]

/** Lock files of this process: our own pid in any other file is a leftover of an earlier process with our number. */
const ours = new Set<string>()

/**
 * Locks a device for this process.
 * @param path the device's real path, symlinks resolved, so that `/dev/serial0` and `/dev/ttyAMA0` are one lock
 * @throws Fault `line-busy` if a living process has it, with its pid and command
 */
export function lockDevice(path: string, folders: readonly string[] = LOCK_FOLDERS): DeviceLock {
  const files = folders.map((folder) => join(folder, lockName(path)))
  for (const file of files) {
    const pid = ownerOf(file)
    if (pid !== undefined && isAlive(pid, file)) throw busy(path, { pid, command: commandOf(pid) }, `lock ${file}`)
  }
  for (const file of files) {
    const made = makeLock(file)
    if (made === 'taken') throw busy(path, undefined, `lock ${file}`)
    if (made === 'made') return { release: () => releaseLock(file) }
  }
  // Nowhere to write: serialport's flock is the only lock then, and works.
  return { release: () => undefined }
}

/** The fault of a device that somebody else uses. */
export function busy(path: string, holder: Holder | undefined, evidence: string): Fault {
  const who = !holder
    ? 'another program'
    : holder.pid === process.pid
      ? 'this process'
      : `${holder.command ?? 'another program'} (pid ${holder.pid})`
  return new Fault('line-busy', `${path} is in use by ${who} [${evidence}]`)
}

/** `/dev/ttyUSB0` → `LCK..ttyUSB0`, `/dev/pts/3` → `LCK..pts_3`. */
export function lockName(path: string): string {
  return `LCK..${path.replace(/^\/dev\//, '').replaceAll('/', '_')}`
}

/** The pid in a lock file, in text (HDB) or as four bytes (old UUCP); 0 if there is none in it; undefined: no file. */
function ownerOf(file: string): number | undefined {
  try {
    const content = readFileSync(file)
    const pid = /^\s*\d/.test(content.toString('latin1')) ? Number.parseInt(content.toString('latin1'), 10) : undefined
    return pid ?? (content.length === 4 ? content.readInt32LE() : 0)
  } catch {
    return undefined
  }
}

function isAlive(pid: number, file: string): boolean {
  if (pid === process.pid) return ours.has(file)
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // alive, but not ours to signal
  }
}

/** Puts our lock file there with its content complete; a lock of a dead process is taken over. */
function makeLock(file: string): 'made' | 'taken' | 'not writable' {
  const draft = `${file}.${process.pid}`
  try {
    writeFileSync(draft, `${String(process.pid).padStart(10)}\n`, { mode: 0o644 })
  } catch {
    return 'not writable'
  }
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(draft, file)
        ours.add(file)
        return 'made'
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return 'not writable'
      }
      const removal = removeStale(file)
      if (removal !== 'removed') return removal
    }
    return 'taken'
  } finally {
    unlinkSync(draft)
  }
}

/** Removes the lock of a dead process. Moved away first and looked at again: another process may just have taken it over. */
function removeStale(file: string): 'removed' | 'taken' | 'not writable' {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
  } catch (error) {
    // Somebody else removed it, or it is another user's in a folder with the sticky bit.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'removed' : 'not writable'
  }
  const pid = ownerOf(aside)
  const living = pid !== undefined && isAlive(pid, file)
  if (living) linkSync(aside, file)
  unlinkSync(aside)
  return living ? 'taken' : 'removed'
}

function releaseLock(file: string): void {
  if (!ours.delete(file)) return
  try {
    if (ownerOf(file) === process.pid) unlinkSync(file)
  } catch {
    // Somebody removed it meanwhile: it is free, which is what was wanted.
  }
}

/** Who holds an flock on the device, from /proc/locks: asked before serialport tries, see the top of this file. */
export function flockHolder(path: string): Holder | undefined {
  const { ino, dev } = statSync(path)
  const hex = (number: number): string => number.toString(16).padStart(2, '0')
  const place = `${hex((dev >> 8) & 0xfff)}:${hex(dev & 0xff)}:${ino}`
  const line = readOr('/proc/locks', '')
    .split('\n')
    .find((entry) => entry.includes(' FLOCK ') && entry.includes(` ${place} `))
  if (line === undefined) return undefined
  // The pid is 0 for a process outside our pid namespace.
  const pid = Number(/ (\d+) [0-9a-f]+:/.exec(line)?.[1])
  return pid > 0 ? { pid, command: commandOf(pid) } : (deviceHolder(path) ?? { pid: 0, command: undefined })
}

/** Another process that has the device open, as far as /proc shows it to us. */
export function deviceHolder(path: string): Holder | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const pid = pids.find((candidate) => openFiles(candidate).includes(path))
  return pid === undefined ? undefined : { pid: Number(pid), command: commandOf(Number(pid)) }
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`)
      } catch {
        return '' // closed between the two looks
      }
    })
  } catch {
    return [] // ended meanwhile, or another user's
  }
}

function commandOf(pid: number): string | undefined {
  return readOr(`/proc/${pid}/comm`, '').trim() || undefined
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return otherwise
  }
}
