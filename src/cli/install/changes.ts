/** Changes to a machine's files: each is told, done only if it is one, and not at all with `--dry-run`. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { VerbError } from '../control-client.ts'
import { EXIT } from '../exit-codes.ts'
import type { Piece } from './places.ts'

export interface Ground {
  /** Before every path; empty for this machine itself. */
  readonly root: string
  readonly dryRun: boolean
  /** Takes one line. */
  readonly tell: (line: string) => void
}

export class Changes {
  readonly #ground: Ground
  /** How many changes there were, or would have been. */
  count = 0

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /** Brings a file, in one step: whoever reads it meanwhile has the old one or the new one. */
  bring(piece: Piece): void {
    const to = this.#at(piece.to)
    if (isSame(piece, to)) this.#leave(piece.to)
    else this.#change(existsSync(to) ? 'replace' : 'new', piece.to, () => replace(piece, to))
  }

  /** Makes `folder` consist of `pieces`, in one step as well; what else is in it goes. */
  bringFolder(folder: string, pieces: readonly Piece[]): void {
    const to = this.#at(folder)
    const goals = pieces.map((piece) => ({ ...piece, to: this.#at(piece.to) }))
    const wanted = new Set(goals.map((goal) => goal.to))
    const isThere = goals.every((goal) => isSame(goal, goal.to)) && filesBelow(to).every((file) => wanted.has(file))
    if (isThere) {
      this.#leave(folder)
      return
    }
    this.#change(existsSync(to) ? 'replace' : 'new', `${folder} (${pieces.length} files)`, () => {
      const next = `${to}.new`
      const last = `${to}.old`
      for (const rest of [next, last]) rmSync(rest, { recursive: true, force: true })
      for (const goal of goals) replace(goal, join(next, relative(to, goal.to)))
      if (existsSync(to)) renameSync(to, last)
      renameSync(next, to)
      rmSync(last, { recursive: true, force: true })
    })
  }

  /** Brings a file where there is none; one that is there stays, whatever is in it. */
  bringOnce(piece: Piece): void {
    const to = this.#at(piece.to)
    if (existsSync(to)) {
      this.#ground.tell(`  keep     ${piece.to}: it is yours`)
      return
    }
    this.#change('new', piece.to, () => replace(piece, to))
  }

  has(path: string): boolean {
    return isThere(this.#at(path))
  }

  link(path: string, target: string): void {
    const at = this.#at(path)
    if (linkTarget(at) === target) {
      this.#leave(path)
      return
    }
    this.#change(isThere(at) ? 'replace' : 'new', `${path} → ${target}`, () => {
      mkdirSync(dirname(at), { recursive: true })
      rmSync(at, { force: true })
      symlinkSync(target, at)
    })
  }

  /** Gives a file or folder to root and the group `gid`, which may be unknown yet; `mode` without its type. */
  give(path: string, gid: number | undefined, mode: number): void {
    const at = this.#at(path)
    if (!existsSync(at)) return
    const found = statSync(at)
    const group = gid ?? found.gid
    if (found.gid === group && (found.mode & 0o7777) === mode) return
    this.#change('rights', `${path} ${mode.toString(8)}`, () => {
      if (found.gid !== group) chownSync(at, found.uid, group)
      chmodSync(at, mode)
    })
  }

  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): void {
    const at = this.#at(path)
    if (!isThere(at)) {
      this.#leave(path, 'not there')
      return
    }
    this.#change('remove', path, () => rmSync(at, { recursive: true }))
  }

  /** Removes a link, but only if it leads to `target`: another one is somebody else's. */
  removeLink(path: string, target: string): void {
    const at = this.#at(path)
    if (isThere(at) && linkTarget(at) !== target) this.#ground.tell(`  keep     ${path}: it does not lead to ${target}`)
    else this.remove(path)
  }

  #at(path: string): string {
    return join(this.#ground.root, path)
  }

  #leave(path: string, why = 'as it is'): void {
    this.#ground.tell(`  ${why.padEnd(9)}${why.length < 9 ? '' : ' '}${path}`)
  }

  #change(what: string, path: string, act: () => void): void {
    this.count += 1
    this.#ground.tell(`  ${what.padEnd(8)} ${path}`)
    if (this.#ground.dryRun) return
    try {
      act()
    } catch (error) {
      throw refusalOf(error, path)
    }
  }
}

/** What the system refused, for a person; anything else is a bug and stays as it is. */
function refusalOf(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const isRight = code === 'EACCES' || code === 'EPERM'
  return new VerbError(isRight ? EXIT.noPermission : EXIT.unavailable, `${path}: ${(error as Error).message}`)
}

function replace({ from, mode }: Piece, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  const next = `${to}.new`
  copyFileSync(from, next)
  chmodSync(next, mode)
  renameSync(next, to)
}

function isSame({ from, mode }: Piece, to: string): boolean {
  if (!isThere(to)) return false
  const found = lstatSync(to)
  return found.isFile() && (found.mode & 0o7777) === mode && readFileSync(to).equals(readFileSync(from))
}

/** Unlike existsSync also for a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
}
