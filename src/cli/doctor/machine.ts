/**
 * This machine as files show it. Everything is read below a root, so that the tree of another machine can be looked at
 * in place of this one. Nothing here throws: what cannot be read is not there.
 */
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Who looks. */
export interface User {
  readonly name: string
  readonly uid: number
  /** All of them, the primary one included. */
  readonly groups: readonly number[]
}

/** Of a file, its symlinks followed. */
export interface FileFacts {
  readonly uid: number
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
  /** Where /proc/locks finds it: `08:01:1234`. */
  readonly place: string
}

export interface Process {
  readonly pid: number
  readonly name: string
  readonly args: readonly string[]
}

/** A helper of the system that takes longer is given up, in ms. */
const PROGRAM_LIMIT_MS = 3_000

export class Machine {
  readonly root: string
  readonly user: User
  readonly nodeVersion: string

  /** @param root '' for this machine */
  constructor(root = '', user: User = currentUser(), nodeVersion = process.version) {
    this.root = root
    this.user = user
    this.nodeVersion = nodeVersion
  }

  /** Without its final line end and NUL (the device tree's strings have one); undefined if it cannot be read. */
  text(path: string): string | undefined {
    return quietly(() => readFileSync(this.root + path, 'utf8').replace(/[\0\n]+$/, ''))
  }

  list(path: string): string[] {
    return quietly(() => readdirSync(this.root + path).sort()) ?? []
  }

  /** Where a symlink points, as it is written. */
  link(path: string): string | undefined {
    return quietly(() => readlinkSync(this.root + path))
  }

  /** The path with all its symlinks followed; undefined if nothing is there. */
  real(path: string): string | undefined {
    return quietly(() => realpathSync(this.root + path).slice(this.root === '' ? 0 : realpathSync(this.root).length))
  }

  exists(path: string): boolean {
    return quietly(() => lstatSync(this.root + path)) !== undefined
  }

  facts(path: string): FileFacts | undefined {
    return quietly(() => {
      const { uid, gid, mode, dev, ino } = statSync(this.root + path)
      const hex = (number: number): string => number.toString(16).padStart(2, '0')
      return { uid, gid, mode: mode & 0o777, place: `${hex((dev >> 8) & 0xfff)}:${hex(dev & 0xff)}:${ino}` }
    })
  }

  get processes(): Process[] {
    const pids = this.list('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map((pid) => ({
      pid: Number(pid),
      name: this.text(`/proc/${pid}/comm`) ?? '',
      args: (this.text(`/proc/${pid}/cmdline`) ?? '').split('\0'),
    }))
  }

  /** The name of a group; its number where it has none. */
  groupName(gid: number): string {
    const line = (this.text('/etc/group') ?? '').split('\n').find((entry) => entry.split(':')[2] === String(gid))
    return line?.split(':')[0] ?? String(gid)
  }

  /** What a program of the system says; undefined if it is not there, fails, or takes too long. */
  output(program: string, ...args: string[]): string | undefined {
    return quietly(() =>
      execFileSync(this.root + program, args, {
        encoding: 'utf8',
        timeout: PROGRAM_LIMIT_MS,
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim(),
    )
  }
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

function currentUser(): User {
  const { username, uid, gid } = userInfo()
  return { name: username, uid, groups: [gid, ...(process.getgroups?.() ?? [])] }
}
