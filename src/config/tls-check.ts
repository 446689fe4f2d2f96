/** Looks after what routes say of TLS: paths become absolute, files are read once, so that `check` tells what is wrong. */
import { at, itemsOf } from './cross-checks.ts'
import type { Issue } from './issue.ts'
import { type Credentials, isOutOfSight, resolveFile } from './secret-file.ts'
import { readTlsFiles } from './tls-files.ts'
import { show } from './words.ts'

const FILES = ['ca', 'cert', 'key'] as const

/** Puts absolute paths into `values`. @returns what is wrong with the files, or with TLS that nothing uses */
export function withTlsFiles(
  values: unknown,
  configFile: string,
  env: NodeJS.ProcessEnv,
  credentials: Credentials,
): Issue[] {
  return itemsOf(at(values, 'routes')).flatMap((route, index) => {
    const tls = at(route, 'tls')
    if (typeof tls !== 'object' || tls === null) return []
    const above = ['routes', index, 'tls']
    if (!leadsToTls(at(route, 'to'))) {
      if (!wantsTls(tls)) return []
      return [{ path: above, message: 'is set, but `to` has no tls://HOST:PORT in it, expected one', atKey: true }]
    }
    if (credentials === 'elsewhere' && FILES.some((key) => isOutOfSight(String(at(tls, key)), env))) return []
    const issues = FILES.flatMap((key) => resolveAt(tls, key, [...above, key], configFile, env))
    return issues.length > 0 ? issues : unreadable(tls, above)
  })
}

/** Whether something is set beyond defaults. */
function wantsTls(tls: object): boolean {
  return [...FILES, 'serverName'].some((key) => at(tls, key) !== undefined) || itemsOf(at(tls, 'pins')).length > 0
}

function leadsToTls(to: unknown): boolean {
  return (Array.isArray(to) ? to : [to]).some((target) => typeof target === 'string' && target.startsWith('tls://'))
}

function resolveAt(tls: object, key: string, path: Issue['path'], configFile: string, env: NodeJS.ProcessEnv): Issue[] {
  const file = at(tls, key)
  if (typeof file !== 'string') return []
  const reading = resolveFile(file, configFile, env)
  if ('problem' in reading) return [{ path, message: `${reading.problem}, expected a PEM file` }]
  Object.assign(tls, { [key]: reading.value })
  return []
}

function unreadable(tls: object, above: Issue['path']): Issue[] {
  const [ca, cert, key] = FILES.map((name) => {
    const path = at(tls, name)
    return typeof path === 'string' ? path : undefined
  })
  const result = readTlsFiles({ ca, cert, key, minVersion: 'TLSv1.2' })
  if ('context' in result) return []
  const message = `${show(at(tls, result.key))} ${result.problem}, expected a PEM file`
  return [{ path: [...above, result.key], message }]
}
