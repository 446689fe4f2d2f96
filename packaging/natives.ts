/** Machine code of each Debian architecture, prebuilt: the serial binding has all of it, koffi a package for each. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const ARCHITECTURES = {
  amd64: { prebuilds: 'linux-x64', koffi: '@koromix/koffi-linux-x64' },
  arm64: { prebuilds: 'linux-arm64', koffi: '@koromix/koffi-linux-arm64' },
  armhf: { prebuilds: 'linux-arm', koffi: '@koromix/koffi-linux-arm' },
} as const

export type Architecture = keyof typeof ARCHITECTURES

interface Locked {
  readonly version: string
  readonly integrity?: string
}

/** Every package that is locked, by its folder such as `node_modules/koffi`. */
export function lockedPackages(source: string): Readonly<Record<string, Locked & { readonly dev?: boolean }>> {
  const lock = JSON.parse(readFileSync(join(source, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked & { dev?: boolean }>
  }
  return lock.packages
}

/**
 * The folder with koffi's machine code of `architecture`: that of node_modules, where this machine is of that kind, else
 * npm fetches it into `cache`, and it must be what the lock says.
 * @throws if npm cannot fetch it, or it is something else
 */
export function koffiBuild(source: string, architecture: Architecture, cache: string): string {
  const name = ARCHITECTURES[architecture].koffi
  const installed = join(source, 'node_modules', name)
  if (existsSync(installed)) return installed
  const { version, integrity } = lockedPackages(source)[`node_modules/${name}`] ?? { version: '' }
  const folder = join(cache, `${name}-${version}`)
  if (existsSync(join(folder, 'package.json'))) return folder
  mkdirSync(folder, { recursive: true })
  const archive = join(dirname(folder), fetch(`${name}@${version}`, dirname(folder)))
  refuseOther(archive, integrity)
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1'])
  return folder
}

/** @throws if the archive is not what package-lock.json says, as `sha512-BASE64` */
export function refuseOther(archive: string, integrity: string | undefined): void {
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (found !== integrity) throw new Error(`${archive} is ${found}, but package-lock.json has ${String(integrity)}`)
}

/** @returns the name of the archive in `folder` */
function fetch(what: string, folder: string): string {
  const said = execFileSync('npm', ['pack', what, '--json', '--pack-destination', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [{ filename }] = JSON.parse(String(said)) as [{ filename: string }]
  return filename
}
