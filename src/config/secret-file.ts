/** Secrets in files of their own, such as systemd's credentials. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { at } from './cross-checks.ts'
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

/** Reads the secrets that the configuration leaves to files. */
export function withSecrets(raw: unknown, configFile: string, env: NodeJS.ProcessEnv): WithSecrets {
  const values = structuredClone(raw)
  const issues: Issue[] = []
  const blamed = new Map<string, Issue['path']>()
  for (const { section, key, fileKey } of SECRETS) {
    const target = at(values, section)
    const path = at(target, fileKey)
    const own = at(target, key)
    // a secret that stands there as well is a problem that the cross-checks tell of
    if (typeof path !== 'string' || (own !== undefined && own !== '')) continue
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

/** Reads a secret and cuts the white space around it. A relative path starts at the folder of the configuration. */
function readSecret(path: string, configFile: string, env: NodeJS.ProcessEnv): Reading<string> {
  const folder = env['CREDENTIALS_DIRECTORY']
  const variable = /\$(?:CREDENTIALS_DIRECTORY\b|\{CREDENTIALS_DIRECTORY\})/
  if (variable.test(path) && folder === undefined) {
    return { problem: 'needs CREDENTIALS_DIRECTORY, which is not set: it is by systemd, with LoadCredential=' }
  }
  const file = resolve(
    dirname(configFile),
    path.replace(variable, () => folder ?? ''),
  )
  try {
    const found = statSync(file)
    if (!found.isFile()) return { problem: 'is not a regular file' }
    if (found.size > LARGEST_SECRET) return { problem: 'is too large for a secret' }
    return { value: readFileSync(file, 'utf8').trim() }
  } catch (error) {
    return { problem: fileProblem(error) }
  }
}

/** Why a file cannot be read, in words. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
  const words: Partial<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'may not be read by this user',
    EISDIR: 'is a folder',
    ENOTDIR: 'has a file where its path needs a folder',
  }
  return words[code] ?? `cannot be read (${code})`
}
