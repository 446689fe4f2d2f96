/** This machine: Node, configuration, board. */
import { arch } from 'node:os'
import { cautionsOf } from '../../config/cautions.ts'
import type { Loaded } from '../../config/load.ts'
import { formatProblem } from '../../config/problem.ts'
import { hasNative } from '../../core/native.ts'
import type { Board } from './board.ts'
import type { Notes } from './finding.ts'
import type { Machine } from './machine.ts'

/** package.json, engines */
const OLDEST_NODE = { major: 20, minor: 19 }

export function checkNode(notes: Notes, { nodeVersion }: Machine): void {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number)
  const { major: least, minor: leastMinor } = OLDEST_NODE
  if (major > least || (major === least && minor >= leastMinor)) notes.good('node', nodeVersion)
  else {
    notes.bad('node', `${nodeVersion} is too old, ${least}.${leastMinor} is needed`, {
      mend: 'Raspberry Pi OS from trixie on has it: sudo apt install nodejs',
      value: nodeVersion,
    })
  }
  if (hasNative()) return
  notes.warn('koffi', 'the optional package koffi is not there: no GPIO lines, no RI, no sight of the output queue', {
    mend: 'npm install koffi, in the folder of cipbridge',
  })
}

/** Every problem, each with its place. */
export function checkConfig(notes: Notes, file: string, loaded: Loaded): void {
  if ('config' in loaded) {
    const { routes, proxy, inbound } = loaded.config
    const roads = [routes.length === 1 ? '1 route' : `${routes.length} routes`]
    if (proxy) roads.push('a proxy')
    if (inbound.length > 0) roads.push('callers')
    notes.good('config', [file, ...roads].join(', '), file)
    for (const { message, mend } of cautionsOf(loaded.config)) notes.warn('config', message, { mend })
    return
  }
  const last = loaded.problems.length - 1
  loaded.problems.forEach((problem, index) => {
    const mend = index === last ? mendOf(file, problem.message) : null
    notes.bad('config', formatProblem(problem), { fault: 'config-invalid', mend, value: problem.path })
  })
}

function mendOf(file: string, message: string): string {
  if (/does not exist/.test(message)) {
    return 'write it: config/cipbridge.example.yaml is a start; or name yours with --config'
  }
  if (/may not be read/.test(message)) return 'it may hold secrets: look with sudo'
  return `edit it until this is silent: cipbridge check --config ${file}`
}

export function checkBoard(notes: Notes, { model, family }: Board): void {
  const name = model ?? `no Raspberry Pi (${arch()})`
  notes.good('board', family === 'other' && model !== undefined ? `${model}, no Raspberry Pi` : name, model ?? arch())
}
