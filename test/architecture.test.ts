/** Holds the house of the design: which way imports may point, the doors to packages and to time, and small files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/** Each folder may import from itself and from those to its left. */
const FLOORS = ['core', 'config', 'at', 'line', 'dte', 'link', 'bridge', 'daemon', 'cli', 'main']

/** The virtual modem stands beside: written from the manual, it shares nothing with us but core. */
const BESIDE = { 'virtual-modem': { sees: ['core'], seenBy: ['cli', 'main'] } }

/** An outside package and the only files that may import it. */
const DOORS: Readonly<Record<string, RegExp>> = {
  serialport: /^src\/line\/tty-port\.ts$/,
  '@serialport/bindings-cpp': /^src\/core\/pseudo-terminal\.ts$/,
  koffi: /^src\/core\/native\.ts$/,
  pino: /^src\/core\/log\.ts$/,
  'node-pdu': /^src\/at\/messages\.ts$/,
  'p-retry': /^src\/core\/retry\.ts$/,
  zod: /^src\/config\/[^/]+\.ts$/,
  yaml: /^src\/config\/(load|print)\.ts$/,
  yargs: /^src\/(cli\/.+|main)\.ts$/,
}

/** The only door to timers and clocks. */
const TIME = 'src/core/time.ts'
const LONGEST_FILE = 300

type Sources = ReadonlyMap<string, string>

interface Import {
  readonly from: string
  readonly to: string
}

/** Every import of `files`, types and dynamic ones included; relative ones as the path of the file. */
function importsOf(files: Sources): Import[] {
  return [...files].flatMap(([from, text]) =>
    ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
      const to = fileName.startsWith('.') ? posix.join(posix.dirname(from), fileName) : fileName
      return { from, to }
    }),
  )
}

const isOurs = ({ to }: Import): boolean => /^(src|test|bench|packaging)\//.test(to)

/** `core` for `src/core/time.ts`, `main` for `src/main.ts`. */
function floorOf(file: string): string {
  const [, floor = ''] = file.split('/')
  return floor.replace(/\.ts$/, '')
}

function wrongDirections(files: Sources): string[] {
  const strangers = [...files.keys()]
    .filter((file) => !FLOORS.includes(floorOf(file)) && !(floorOf(file) in BESIDE))
    .map((file) => `${file} is on no known floor`)
  const wrong = importsOf(files)
    .filter((it) => isOurs(it) && !mayImport(it))
    .map(({ from, to }) => `${from} may not import ${to}`)
  return [...strangers, ...wrong]
}

function mayImport({ from, to }: Import): boolean {
  if (!to.startsWith('src/')) return false
  const [here, there] = [floorOf(from), floorOf(to)]
  if (here === there) return true
  const beside: Readonly<Partial<Record<string, (typeof BESIDE)['virtual-modem']>>> = BESIDE
  if (beside[here]) return beside[here].sees.includes(there)
  if (beside[there]) return beside[there].seenBy.includes(here)
  return FLOORS.indexOf(there) >= 0 && FLOORS.indexOf(there) < FLOORS.indexOf(here)
}

function circles(files: Sources): string[] {
  const inner = importsOf(files).filter(isOurs)
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) {
      found.push([...way.slice(way.indexOf(file)), file].join(' → '))
      return
    }
    if (done.has(file)) return
    for (const { to } of inner.filter(({ from }) => from === file)) walk(to, [...way, file])
    done.add(file)
  }
  for (const file of files.keys()) walk(file, [])
  return found
}

function packagesPastTheirDoor(files: Sources): string[] {
  return importsOf(files)
    .filter((it) => !it.to.startsWith('node:') && !isOurs(it))
    .filter(({ from, to }) => {
      const name = to.split('/', to.startsWith('@') ? 2 : 1).join('/')
      return !DOORS[name]?.test(from)
    })
    .map(({ from, to }) => `${from} may not import ${to}`)
}

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const CLOCKS = new Set(['AbortSignal.timeout', 'Date.now', 'performance.now', 'process.hrtime', 'process.uptime'])

function timePastItsDoor(files: Sources): string[] {
  const users = [...files].filter(([file]) => file !== TIME)
  return users.flatMap(([file, text]) => {
    const found = importsOf(new Map([[file, text]])).flatMap(({ to }) => (/^(node:)?timers/.test(to) ? [to] : []))
    const look = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && TIMERS.has(node.text)) found.push(node.text)
      if (ts.isPropertyAccessExpression(node) && CLOCKS.has(node.getText())) found.push(node.getText())
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'Date') {
        found.push('Date')
      }
      ts.forEachChild(node, look)
    }
    look(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
    return found.map((name) => `${file} uses ${name}`)
  })
}

function tooLong(files: Sources): string[] {
  return [...files]
    .map(([file, text]) => ({ file, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > LONGEST_FILE)
    .map(({ file, lines }) => `${file} has ${lines} lines`)
}

function read(folder: string): Sources {
  if (!existsSync(folder)) return new Map()
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => posix.join(folder, name))
  return new Map(paths.sort().map((path) => [path, readFileSync(path, 'utf8')]))
}

describe('this repository', () => {
  const source = read('src')

  test('imports point to the left, and nobody shares code with the virtual modem', () => {
    expect(source.size).toBeGreaterThan(0)
    expect(wrongDirections(source)).toEqual([])
  })
  test('no imports run in a circle', () => expect(circles(source)).toEqual([]))
  test('each outside package has one door', () => expect(packagesPastTheirDoor(source)).toEqual([]))
  test('time has one door', () => expect(timePastItsDoor(source)).toEqual([]))
  test(`no file has more than ${LONGEST_FILE} lines`, () => {
    expect(tooLong(new Map([...source, ...read('test'), ...read('bench'), ...read('packaging')]))).toEqual([])
  })
})

describe('the rules find what is planted', () => {
  const plant = (...files: [string, string][]): Sources => new Map(files)

  test.each([
    ['src/at/a.ts', "import { x } from '../dte/b.ts'", 'src/dte/b.ts'],
    ['src/at/a.ts', "import type { X } from '../dte/b.ts'", 'src/dte/b.ts'],
    ['src/at/a.ts', "export { x } from '../dte/b.ts'", 'src/dte/b.ts'],
    ['src/at/a.ts', "const b = await import('../dte/b.ts')", 'src/dte/b.ts'],
    ['src/core/a.ts', "import '../config/load.ts'", 'src/config/load.ts'],
    ['src/virtual-modem/a.ts', "import { frame } from '../at/framer.ts'", 'src/at/framer.ts'],
    ['src/virtual-modem/deep/a.ts', "import { dte } from '../../dte/dte.ts'", 'src/dte/dte.ts'],
    ['src/link/a.ts', "import '../virtual-modem/modem.ts'", 'src/virtual-modem/modem.ts'],
    ['src/cli/a.ts', "import '../../test/support/rig.ts'", 'test/support/rig.ts'],
    ['src/cli/a.ts', "import '../main.ts'", 'src/main.ts'],
  ])('%s with %s', (file, text, target) => {
    expect(wrongDirections(plant([file, text]))).toEqual([`${file} may not import ${target}`])
  })

  test('a folder that the design does not know', () => {
    expect(wrongDirections(plant(['src/utils/a.ts', '']))).toEqual(['src/utils/a.ts is on no known floor'])
  })

  test('ways that are allowed are not found', () => {
    const files = plant(
      ['src/main.ts', "import './cli/run.ts'"],
      ['src/cli/demo.ts', "import '../virtual-modem/modem.ts'\nimport './run.ts'"],
      ['src/virtual-modem/modem.ts', "import '../core/time.ts'"],
      ['src/link/activities/a.ts', "import '../states.ts'\nimport 'node:net'"],
    )
    expect(wrongDirections(files)).toEqual([])
    expect(packagesPastTheirDoor(files)).toEqual([])
  })

  test('a circle of files, types included', () => {
    const files = plant(
      ['src/at/a.ts', "import type { B } from './b.ts'"],
      ['src/at/b.ts', "import { c } from './c.ts'"],
      ['src/at/c.ts', "import { a } from './a.ts'"],
    )
    expect(circles(files)).toEqual(['src/at/a.ts → src/at/b.ts → src/at/c.ts → src/at/a.ts'])
  })

  test.each([
    ['src/dte/a.ts', 'serialport'],
    ['src/core/a.ts', 'yargs/helpers'],
    ['src/line/a.ts', '@serialport/bindings-cpp'],
    ['src/config/schema.ts', 'yaml'],
    ['src/core/a.ts', 'left-pad'],
    ['src/core/a.ts', 'fs'],
  ])('%s with the package %s', (file, name) => {
    expect(packagesPastTheirDoor(plant([file, `import x from '${name}'`]))).toEqual([`${file} may not import ${name}`])
  })

  test.each([
    ['setTimeout(f, 1)', 'setTimeout'],
    ['socket.setTimeout(1)', 'setTimeout'],
    ['globalThis.setInterval(f)', 'setInterval'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ['const t = Date.now()', 'Date.now'],
    ['performance.now()', 'performance.now'],
    ['process.hrtime.bigint()', 'process.hrtime'],
    ['new Date()', 'Date'],
    ["import { x } from 'node:timers/promises'", 'node:timers/promises'],
  ])('time taken with %s', (text, name) => {
    expect(timePastItsDoor(plant(['src/at/a.ts', text]))).toEqual([`src/at/a.ts uses ${name}`])
    expect(timePastItsDoor(plant([TIME, text]))).toEqual([])
  })

  test('words about time in comments and texts are not found', () => {
    expect(timePastItsDoor(plant(['src/at/a.ts', "// setTimeout(f)\nconst a = 'Date.now()'"]))).toEqual([])
  })

  test('a file of 301 lines, not one of 300', () => {
    expect(tooLong(plant(['src/at/a.ts', 'x\n'.repeat(300)], ['src/at/b.ts', 'x\n'.repeat(301)]))).toEqual([
      'src/at/b.ts has 301 lines',
    ])
  })
})
