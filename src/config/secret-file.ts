/** Secrets in files of their own, such as systemd's credentials. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { at } from './cross-checks.ts'
import { fileProblem } from './file-problem.ts'
import type { Issue } from './issue.ts'
import { formatPath } from './issue.ts'
import type { Reading } from './units.ts'

const SECRETS = [
  { section: 'modem', key: 'pin', fileKey: 'pinFile' },
  { section: 'context', key: 'password', fileKey: 'passwordFile' },
]

export interface WithSecrets {
  /** What the configuration says, secrets from files filled in. */
  readonly values: unknown
  /** Files that could not be read. */
  readonly issues: readonly Issue[]
  /** A secret from a file is not in the configuration: the key that names the file is to blame. */
  readonly blame: (issue: Issue) => Issue
}

/** Far beyond any PIN or password; what is larger is not the file that was meant. */
const LARGEST_SECRET = 4096

/** Whether systemd's credentials are needed, or are another process's, so that what is in them is not looked at. */
export type Credentials = 'needed' | 'elsewhere'

/** Reads the secrets that the configuration leaves to files. */
export function withSecrets(
  raw: unknown,
  configFile: string,
  env: NodeJS.ProcessEnv,
  credentials: Credentials,
): WithSecrets {
  const values = structuredClone(raw)
  const issues: Issue[] = []
  const blamed = new Map<string, Issue['path']>()
  for (const { section, key, fileKey } of SECRETS) {
    const target = at(values, section)
    const path = at(target, fileKey)
    const own = at(target, key)
    // a secret that stands there as well is a problem that the cross-checks tell of
    if (typeof path !== 'string' || (own !== undefined && own !== '')) continue
    if (credentials === 'elsewhere' && isOutOfSight(path, env)) continue
    const reading = readSecret(path, configFile, env)
    if ('value' in reading) {
      Object.assign(target as object, { [key]: reading.value })
      blamed.set(formatPath([section, key]), [section, fileKey])
    } else {
      issues.push({ path: [section, fileKey], message: `${reading.problem}, expected a file with the ${key} in it` })
    }
  }
  const blame = (issue: Issue): Issue => {
    const path = blamed.get(formatPath(issue.path))
    return path ? { path, message: `what the file holds ${issue.message}` } : issue
  }
  return { values, issues, blame }
}

/** Whether a file is one of systemd's credentials, and they are not given to this process. */
export function isOutOfSight(path: string, env: NodeJS.ProcessEnv): boolean {
  return VARIABLE.test(path) && env['CREDENTIALS_DIRECTORY'] === undefined
}

/** The keys of which `loadConfig` with credentials elsewhere could not look at the file. */
export function keysOutOfSight(config: unknown, env: NodeJS.ProcessEnv = process.env): string[] {
  return SECRETS.flatMap(({ section, fileKey }) => {
    const path = at(at(config, section), fileKey)
    return typeof path === 'string' && isOutOfSight(path, env) ? [formatPath([section, fileKey])] : []
  })
}

const VARIABLE = /\$(?:CREDENTIALS_DIRECTORY\b|\{CREDENTIALS_DIRECTORY\})/

/** The absolute path: a relative one starts at the folder of the configuration, $CREDENTIALS_DIRECTORY is expanded. */
export function resolveFile(path: string, configFile: string, env: NodeJS.ProcessEnv): Reading<string> {
  const folder = env['CREDENTIALS_DIRECTORY']
  if (isOutOfSight(path, env)) {
    return { problem: 'needs CREDENTIALS_DIRECTORY, which is not set: it is by systemd, with LoadCredential=' }
  }
  const value = resolve(
    dirname(configFile),
    path.replace(VARIABLE, () => folder ?? ''),
  )
  return { value }
}

/** Reads a secret and cuts the white space around it. */
function readSecret(path: string, configFile: string, env: NodeJS.ProcessEnv): Reading<string> {
  const resolved = resolveFile(path, configFile, env)
  if ('problem' in resolved) return resolved
  const file = resolved.value
  try {
    const found = statSync(file)
    if (!found.isFile()) return { problem: 'is not a regular file' }
    if (found.size > LARGEST_SECRET) return { problem: 'is too large for a secret' }
    return { value: readFileSync(file, 'utf8').trim() }
  } catch (error) {
    return { problem: fileProblem(error) }
  }
}
