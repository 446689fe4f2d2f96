/** What a new configuration changes in a daemon that runs. */
import { isDeepStrictEqual } from 'node:util'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { Config, RouteConfig } from '../config/schema.ts'
import { changedSections } from '../link/settings.ts'

/** Settings that are looked at when the daemon starts, and not again. */
const AT_START: Readonly<Record<string, (config: Config) => unknown>> = {
  log: ({ log }) => ({ ...log, level: undefined }),
  'control.socket': ({ control }) => control.socket,
  metrics: ({ metrics }) => metrics,
  inbound: ({ inbound }) => inbound,
  proxy: ({ proxy }) => proxy,
  'state.folder': ({ state }) => state.folder,
}

export interface Changes {
  /** Names of routes. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
  /** Sections that the link has to be taken down for. */
  readonly link: readonly string[]
  /** Keys that wait for a restart of the daemon. */
  readonly atStart: readonly string[]
}

/** From `before`, which is in force, to `after`; `started` is what the daemon was started with. */
export function changesBetween(before: Config, after: Config, started: Config): Changes {
  const old = new Map(before.routes.map((route) => [route.name, route]))
  const names = new Set(after.routes.map(({ name }) => name))
  const differs = (route: RouteConfig): boolean => !isDeepStrictEqual(old.get(route.name), route)
  return {
    added: after.routes.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.routes.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    changed: after.routes.filter((route) => old.has(route.name) && differs(route)).map(({ name }) => name),
    link: changedSections(before, after),
    atStart: Object.keys(AT_START).filter(
      (key) => !isDeepStrictEqual(AT_START[key]?.(started), AT_START[key]?.(after)),
    ),
  }
}

/** `routes: + broker, - web; new settings of line` for the log. */
export function describeChanges({ added, removed, changed, link, atStart }: Changes): string {
  const signed = (sign: string, names: readonly string[]): string[] => names.map((name) => `${sign} ${name}`)
  const routes = [...signed('+', added), ...signed('-', removed), ...signed('~', changed)]
  const parts = [
    routes.length > 0 ? `routes: ${routes.join(', ')}` : '',
    link.length > 0 ? `the link takes new settings of ${link.join(', ')}` : '',
    atStart.length > 0 ? `${atStart.join(', ')} after a restart only` : '',
  ].filter((part) => part !== '')
  return parts.length > 0 ? parts.join('; ') : 'nothing has changed'
}

/** For the status: the first problem and how many more there are. */
export function describeProblems(problems: readonly Problem[]): string {
  const [first, ...rest] = problems
  const more = rest.length > 0 ? ` (and ${rest.length} more, see the log)` : ''
  return `reload refused: ${first ? formatProblem(first) : 'no reason'}${more}`
}
