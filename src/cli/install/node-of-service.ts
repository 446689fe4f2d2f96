/** The Node that the service will run with, which need not be the one that runs now. */
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/** Where systemd looks for programs (systemd.exec(5), PATH). */
export const SERVICE_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin']
/** Folders that the unit cannot see: ProtectHome=. */
export const HIDDEN_FOLDERS = ['/home', '/root', '/run/user']
/** package.json, engines */
const OLDEST = { major: 20, minor: 19 }
/** Far more than a Node takes that has to come from an SD card. */
const LIMIT_MS = 30_000

export type NodeOfService = { readonly path: string; readonly version: string } | { readonly problem: string }

/** Looks for Node as the service will, and says what is wrong with it and how to mend that. */
export function nodeOfService(folders: readonly string[], hidden: readonly string[] = HIDDEN_FOLDERS): NodeOfService {
  const path = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file))
  const oldest = `Node ${OLDEST.major}.${OLDEST.minor} or newer`
  const advice = `${oldest} has to be installed for the whole machine: sudo apt install nodejs (from trixie on; before, as nodejs.org tells)`
  if (path === undefined) return { problem: `the service will find no node in ${folders.join(', ')}. ${advice}` }
  const real = realpathSync(path)
  if (hidden.some((folder) => real.startsWith(`${folder}/`))) {
    return { problem: `${path} is ${real}, which the service cannot see (ProtectHome). ${advice}` }
  }
  const { error, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: LIMIT_MS })
  const version = error ? '' : stdout.trim()
  const [, major = 0, minor = 0] = (/^v(\d+)\.(\d+)\./.exec(version) ?? []).map(Number)
  const isNewEnough = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)
  if (isNewEnough) return { path, version }
  return { problem: `${path}, which the service will run with, is ${version || 'no Node that runs'}. ${advice}` }
}
