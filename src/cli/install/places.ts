/**
 * What an installation consists of, and where it goes: the one list that `install`, `uninstall` and the Debian package
 * share. Paths are those of a Debian system.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/** A file that is copied. */
export interface Piece {
  /** Absolute. */
  readonly from: string
  /** Absolute, below the root of the machine that it is for. */
  readonly to: string
  readonly mode: number
}

/** The folder with the program and all it needs. */
export const PROGRAM_FOLDER = '/usr/lib/cipbridge'
/** A link to the program, relative as Debian wants it. */
export const LINK = { path: '/usr/bin/cipbridge', target: '../lib/cipbridge/dist/main.js' } as const
/** Never overwritten, and only removed with --purge. */
export const CONFIG_FOLDER = '/etc/cipbridge'
export const CONFIG_FILE = `${CONFIG_FOLDER}/cipbridge.yaml`
export const STATE_FOLDER = '/var/lib/cipbridge'
/** What `systemctl edit` writes. */
export const DROP_INS = '/etc/systemd/system/cipbridge.service.d'
export const UNIT = 'cipbridge.service'
export const USER = 'cipbridge'
export const SYSUSERS_FILE = '/usr/lib/sysusers.d/cipbridge.conf'

/** Beside the program folder: where the machine looks for things, each brought from below the program folder. */
const OUTSIDE: readonly (readonly [from: string, to: string])[] = [
  ['systemd/cipbridge.service', `/usr/lib/systemd/system/${UNIT}`],
  ['systemd/cipbridge.sysusers.conf', SYSUSERS_FILE],
  ['systemd/99-cipbridge.rules', '/usr/lib/udev/rules.d/99-cipbridge.rules'],
  ['dist/man/cipbridge.8', '/usr/share/man/man8/cipbridge.8'],
  ['dist/man/cipbridge.yaml.5', '/usr/share/man/man5/cipbridge.yaml.5'],
  ['dist/completions/cipbridge.bash', '/usr/share/bash-completion/completions/cipbridge'],
  ['dist/completions/_cipbridge', '/usr/share/zsh/vendor-completions/_cipbridge'],
]

/** What the program folder holds, besides packages with machine code; folders with all that is in them. */
const INSIDE = [
  'package.json',
  'LICENSE',
  'README.md',
  'config',
  'systemd',
  'dist/main.js',
  'dist/chunks',
  'dist/man',
  'dist/completions',
]
/** Of each package what is needed at run time, for every Linux that it has: a card moves from Pi to Pi. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@serialport/bindings-cpp': ['package.json', 'LICENSE', 'dist/index.js', 'prebuilds'],
  koffi: ['package.json', 'LICENSE.txt', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'],
}
/** Where koffi keeps its machine code. */
const KOFFI_BUILDS = /^koffi-linux-(x64|arm64|arm)$/
const OTHER_SYSTEMS = /\/prebuilds\/(?!linux-)[^/]/

export const CONFIG_EXAMPLE = 'config/cipbridge.example.yaml'

/**
 * The files of the program folder.
 * @param source the folder that holds package.json and dist/
 * @throws if the serial binding cannot be found from there
 */
export function programPieces(source: string): Piece[] {
  const own = INSIDE.flatMap((path) => piecesBelow(join(source, path), `${PROGRAM_FOLDER}/${path}`))
  return [...own, ...packagePieces(source)].sort((a, b) => (a.to < b.to ? -1 : 1))
}

/** The files outside the program folder that there are to bring. */
export function outsidePieces(source: string): Piece[] {
  return OUTSIDE.flatMap(([from, to]) => piecesBelow(join(source, from), to))
}

/** Where `outsidePieces` may have brought something. */
export const OUTSIDE_PATHS: readonly string[] = OUTSIDE.map(([, to]) => to)

function packagePieces(source: string): Piece[] {
  return Object.entries(PACKAGES).flatMap(([name, parts]) => {
    const folder = packageFolder(source, name)
    if (folder === undefined && name === 'koffi') return []
    if (folder === undefined) throw new Error(`the package ${name} is not there: npm ci, in ${source}`)
    const to = `${PROGRAM_FOLDER}/node_modules/${name}`
    const pieces = parts.flatMap((part) => piecesBelow(join(folder, part), `${to}/${part}`))
    return name === 'koffi' ? [...pieces, ...koffiBuilds(folder)] : pieces
  })
}

/** The folder of a package as the program finds it; an optional one may be missing. */
function packageFolder(source: string, name: string): string | undefined {
  const places = createRequire(join(source, 'dist/main.js')).resolve.paths(name) ?? []
  const found = places.map((place) => join(place, name)).find((folder) => existsSync(join(folder, 'package.json')))
  return found === undefined ? undefined : realpathSync(found)
}

function koffiBuilds(koffi: string): Piece[] {
  const scope = join(dirname(koffi), '@koromix')
  const builds = existsSync(scope) ? readdirSync(scope).filter((name) => KOFFI_BUILDS.test(name)) : []
  return builds.flatMap((name) => piecesBelow(join(scope, name), `${PROGRAM_FOLDER}/node_modules/@koromix/${name}`))
}

function piecesBelow(from: string, to: string): Piece[] {
  if (!existsSync(from) || OTHER_SYSTEMS.test(from)) return []
  const names = folderNames(from)
  if (names) return names.flatMap((name) => piecesBelow(join(from, name), `${to}/${name}`))
  return [{ from, to, mode: basename(to) === 'main.js' ? 0o755 : 0o644 }]
}

/** undefined for what is no folder. */
function folderNames(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw error
  }
}
