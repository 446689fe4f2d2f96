/** `npm run deb [-- ARCHITECTURE ...]`: Debian packages of the built program in dist/deb/. */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { buildPackage } from './deb.ts'
import { ARCHITECTURES, type Architecture } from './natives.ts'

const isKnown = (name: string): name is Architecture => Object.hasOwn(ARCHITECTURES, name)

function fail(problem: string): never {
  process.stderr.write(`deb: ${problem}\n`)
  process.exit(1)
}

/** The time that a rebuild has to repeat, in s since 1970: what is asked for, that of the commit, that of the source. */
function epochOf(env: NodeJS.ProcessEnv): number {
  if (env.SOURCE_DATE_EPOCH !== undefined) return Number(env.SOURCE_DATE_EPOCH)
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : Math.floor(statSync('package.json').mtimeMs / 1000)
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !isKnown(name))
if (unknown.length > 0) {
  fail(`${unknown.join(', ')}: there is no such architecture, only ${Object.keys(ARCHITECTURES).join(', ')}`)
}
if (spawnSync('dpkg-deb', ['--version']).error)
  fail('dpkg-deb is missing: apt install dpkg, or build it on a Debian system')

const epoch = epochOf(process.env)
for (const architecture of Object.keys(ARCHITECTURES).filter(isKnown)) {
  if (asked.length > 0 && !asked.includes(architecture)) continue
  try {
    const path = buildPackage({ source: process.cwd(), folder: 'dist/deb', architecture, epoch })
    process.stdout.write(`${path}  ${Math.ceil(statSync(path).size / 1000)} kB\n`)
  } catch (error) {
    fail(`${architecture}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
