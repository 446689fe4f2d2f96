/** Words to the rest of the machine: systemd, udev, the table of users. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VerbError } from '../control-client.ts'
import { EXIT } from '../exit-codes.ts'
import type { Ground } from './changes.ts'
import { USER } from './places.ts'

/** More than any of them takes, but for a stop that waits for a hang-up. */
const LIMIT_MS = 60_000

/** Whether systemd runs this machine (sd_booted(3)). */
export function isBooted(): boolean {
  return existsSync('/run/systemd/system')
}

/**
 * Runs a command, telling it. On another root it is not run: what it would do there comes with the first boot.
 * @throws VerbError if it fails
 */
export function order(ground: Ground, ...words: readonly string[]): void {
  const [program = '', ...args] = words
  if (ground.root !== '') return
  ground.tell(`  run      ${words.join(' ')}`)
  if (ground.dryRun) return
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: LIMIT_MS })
  if (!error && status === 0) return
  const why = error ? error.message : stderr.trim().split('\n')[0] || `exit code ${String(status)}`
  throw new VerbError(EXIT.unavailable, `${words.join(' ')}: ${why}`)
}

/** The same, if the machine runs by systemd. */
export function orderIfBooted(ground: Ground, ...words: readonly string[]): void {
  if (isBooted()) order(ground, ...words)
}

/** Whether a service is up. */
export function isActive(unit: string): boolean {
  return isBooted() && spawnSync('systemctl', ['is-active', '--quiet', unit], { timeout: LIMIT_MS }).status === 0
}

/** The group's number on the machine below `root`; undefined where there is none. */
export function groupNumber(root: string): number | undefined {
  const file = join(root, '/etc/group')
  if (!existsSync(file)) return undefined
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${USER}:`))
  return line === undefined ? undefined : Number(line.split(':')[2])
}

/** Where dpkg says what a package has brought; there only if cipbridge is installed as one. */
const DPKG_LIST = '/var/lib/dpkg/info/cipbridge.list'

/** @throws VerbError where the Debian package is installed: two that bring the same files do harm to each other */
export function refuseBesidePackage(root: string, instead: string): void {
  if (!existsSync(join(root, DPKG_LIST))) return
  throw new VerbError(EXIT.unavailable, `cipbridge is installed as a Debian package: ${instead}`)
}

/** @throws VerbError unless this is root, or nothing of the machine itself is changed */
export function needRoot({ root, dryRun }: Ground, verb: string): void {
  if (root !== '' || dryRun || process.getuid?.() === 0) return
  const again = `sudo ${process.execPath} ${process.argv[1] ?? 'cipbridge'} ${verb}`
  throw new VerbError(EXIT.noPermission, `only root may do that: ${again}\n(--dry-run shows what it would do)`)
}
