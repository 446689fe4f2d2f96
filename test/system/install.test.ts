/** The built program installs itself below a folder that plays another machine's root. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasNative } from '../../src/core/native.ts'
import { cipbridge } from '../support/built-program.ts'

const CONFIG = 'etc/cipbridge/cipbridge.yaml'
const PROGRAM = 'usr/lib/cipbridge'

/** A folder for one test, gone at its end. */
class Root {
  readonly path = mkdtempSync(join(tmpdir(), 'cipbridge-root-'))

  at(path: string): string {
    return join(this.path, path)
  }

  /** Every file and link below, with its content. */
  get files(): Record<string, string> {
    const entries = readdirSync(this.path, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    return Object.fromEntries(files.sort().map((file) => [file, readFileSync(file, 'latin1')]))
  }

  install(...words: string[]): ReturnType<typeof cipbridge> {
    return cipbridge('install', '--root', this.path, ...words)
  }

  uninstall(...words: string[]): ReturnType<typeof cipbridge> {
    return cipbridge('uninstall', '--root', this.path, ...words)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

test.concurrent('what is installed needs nothing of the place that it came from', async () => {
  using root = new Root()
  expect(await root.install()).toMatchObject({ exit: 0, stderr: '' })
  const prebuilds = `${PROGRAM}/node_modules/@serialport/bindings-cpp/prebuilds`
  expect(readdirSync(root.at(prebuilds)).sort()).toEqual(['linux-arm', 'linux-arm64', 'linux-x64'])
  // The doctor loads the serial binding and tells of koffi.
  writeFileSync(
    root.at('none.yaml'),
    'line: { device: /dev/none }\ncontext: { apn: a }\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tcp://a:1 }]\n',
  )
  const words = [
    root.at('usr/bin/cipbridge'),
    'doctor',
    '--config',
    root.at('none.yaml'),
    '--socket',
    root.at('none.sock'),
  ]
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: '/', encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toContain('/dev/none')
  expect(stdout.includes('koffi')).toBe(!hasNative())
  expect(statSync(root.at(CONFIG)).mode & 0o777).toBe(0o640)
  for (const path of [
    'systemd/system/cipbridge.service',
    'sysusers.d/cipbridge.conf',
    'udev/rules.d/99-cipbridge.rules',
  ]) {
    expect(existsSync(root.at(`usr/lib/${path}`))).toBe(true)
  }
}, 60_000)

test.concurrent('a second install changes nothing and says so', async () => {
  using root = new Root()
  await root.install()
  const before = root.files
  const { exit, stdout } = await root.install()
  expect(exit).toBe(0)
  expect(stdout).not.toMatch(/^ {2}(new|replace|rights|remove) /m)
  expect(root.files).toEqual(before)
}, 60_000)

test.concurrent('an install over an older one leaves nothing of that, and keeps a configuration that was edited', async () => {
  using root = new Root()
  await root.install()
  const unit = root.at('usr/lib/systemd/system/cipbridge.service')
  const whole = root.files
  writeFileSync(root.at(CONFIG), 'context: { apn: mine }\n')
  writeFileSync(root.at(`${PROGRAM}/dist/chunks/run-OLD.js`), 'old')
  writeFileSync(root.at('usr/lib/udev/rules.d/99-cipbridge.rules'), 'old')
  chmodSync(unit, 0o600)
  const { stdout } = await root.install()
  expect(stdout).toMatch(/^ {2}replace +\/usr\/lib\/cipbridge /m)
  expect(stdout).toContain('/etc/cipbridge/cipbridge.yaml: it is yours')
  expect(root.files).toEqual({ ...whole, [root.at(CONFIG)]: 'context: { apn: mine }\n' })
  expect(statSync(unit).mode & 0o777).toBe(0o644)
}, 60_000)

test.concurrent('--dry-run says the same and touches nothing', async () => {
  using root = new Root()
  const { exit, stdout } = await root.install('--dry-run')
  expect(exit).toBe(0)
  expect(stdout).toMatch(/^ {2}new +\/usr\/bin\/cipbridge/m)
  expect(readdirSync(root.path)).toEqual([])
  await root.install()
  const before = root.files
  expect((await root.uninstall('--purge', '--dry-run')).stdout).toMatch(/^ {2}remove +\/etc\/cipbridge$/m)
  expect(root.files).toEqual(before)
}, 60_000)

test.concurrent('uninstall leaves configuration and state, --purge nothing, and both may be said twice', async () => {
  using root = new Root()
  await root.install()
  mkdirSync(root.at('var/lib/cipbridge'), { recursive: true })
  writeFileSync(root.at('var/lib/cipbridge/budget.json'), '{}')
  for (const time of ['first', 'second']) {
    const { exit, stdout } = await root.uninstall()
    expect(exit, time).toBe(0)
    expect(stdout).toContain('keep     /etc/cipbridge, /var/lib/cipbridge (--purge removes them)')
    expect(Object.keys(root.files)).toEqual([root.at(CONFIG), root.at('var/lib/cipbridge/budget.json')])
    expect(existsSync(root.at(PROGRAM))).toBe(false)
  }
  for (const time of ['first', 'second']) {
    expect((await root.uninstall('--purge')).exit, time).toBe(0)
    expect(root.files).toEqual({})
  }
}, 60_000)

test.concurrent('a program of the same name that somebody else put there stays at uninstall', async () => {
  using root = new Root()
  mkdirSync(root.at('usr/bin'), { recursive: true })
  symlinkSync('/opt/other/cipbridge', root.at('usr/bin/cipbridge'))
  expect((await root.uninstall()).stdout).toContain('keep     /usr/bin/cipbridge')
  expect(readdirSync(root.at('usr/bin'))).toEqual(['cipbridge'])
}, 60_000)

test.concurrent('beside the Debian package neither does anything', async () => {
  using root = new Root()
  mkdirSync(root.at('var/lib/dpkg/info'), { recursive: true })
  writeFileSync(root.at('var/lib/dpkg/info/cipbridge.list'), '')
  const before = root.files
  expect(await root.install()).toMatchObject({ exit: 69, stderr: expect.stringContaining('apt install') as string })
  expect(await root.uninstall('--purge')).toMatchObject({
    exit: 69,
    stderr: expect.stringContaining('apt purge') as string,
  })
  expect(root.files).toEqual(before)
}, 60_000)

/** The built program as somebody who is not root; as whom the test runs already, unless it is root. */
function asNobody(program: string, ...words: string[]): { status: number | null; stderr: string } {
  const command = [process.execPath, program, ...words]
  const drop = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  const [first = '', ...rest] = [...drop, ...command]
  const { status, stderr } = spawnSync(first, rest, { cwd: '/', encoding: 'utf8' })
  return { status, stderr }
}

test.concurrent('who is not root is told what to type, who may not write into a folder which file it was: exit code 77', async () => {
  using root = new Root()
  await root.install()
  chmodSync(root.path, 0o755)
  const copy = root.at('program')
  cpSync(root.at(PROGRAM), copy, { recursive: true })
  const program = join(copy, 'dist/main.js')
  for (const verb of ['install', 'uninstall']) {
    const { status, stderr } = asNobody(program, verb)
    expect(stderr).toContain(`sudo ${process.execPath} ${program} ${verb}`)
    expect(status).toBe(77)
  }
  mkdirSync(root.at('sealed'), { mode: 0o555 })
  const { status, stderr } = asNobody(program, 'install', '--root', root.at('sealed'))
  expect(stderr).toMatch(/^cipbridge: \/usr\/lib\/cipbridge.*: EACCES/)
  expect(status).toBe(77)
}, 60_000)
