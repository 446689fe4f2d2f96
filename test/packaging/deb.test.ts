/** The Debian package, built and unpacked for real. What installing it does is seen on a booted system. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildPackage } from '../../packaging/deb.ts'
import { ARCHITECTURES, type Architecture, refuseOther } from '../../packaging/natives.ts'
import { loadConfig } from '../../src/config/load.ts'
import { cipbridge } from '../support/built-program.ts'

const HERE: Readonly<Partial<Record<string, Architecture>>> = { x64: 'amd64', arm64: 'arm64', arm: 'armhf' }
const architecture = HERE[process.arch]
const why = spawnSync('dpkg-deb', ['--version']).error ? 'dpkg-deb is missing' : architecture ? '' : 'no such package'
/** 2026-11-21 */
const EPOCH = 1_795_219_200

const FILES = [
  './etc/cipbridge/cipbridge.yaml',
  './usr/bin/cipbridge',
  './usr/lib/cipbridge/dist/main.js',
  './usr/lib/cipbridge/package.json',
  './usr/lib/systemd/system/cipbridge.service',
  './usr/lib/sysusers.d/cipbridge.conf',
  './usr/lib/udev/rules.d/99-cipbridge.rules',
  './usr/share/bash-completion/completions/cipbridge',
  './usr/share/doc/cipbridge/changelog.gz',
  './usr/share/doc/cipbridge/copyright',
  './usr/share/doc/cipbridge/examples/cipbridge.example.yaml',
  './usr/share/man/man5/cipbridge.yaml.5.gz',
  './usr/share/man/man8/cipbridge.8.gz',
  './usr/share/zsh/vendor-completions/_cipbridge',
]

describe.skipIf(why !== '')(`the package of this machine ${why && `(skipped: ${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cipbridge-deb-test-'))
  const root = join(folder, 'root')
  let path = ''
  const build = (into: string): string =>
    buildPackage({
      source: process.cwd(),
      folder: join(folder, into),
      architecture: architecture as Architecture,
      epoch: EPOCH,
    })

  beforeAll(async () => {
    // Builds dist/ where it is older than the source.
    await cipbridge('--version')
    path = build('first')
    execFileSync('dpkg-deb', ['--extract', path, root])
    execFileSync('dpkg-deb', ['--control', path, join(folder, 'control')])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const listing = (): string[][] =>
    String(execFileSync('dpkg-deb', ['--contents', path]))
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/))

  test('holds what belongs to it, where Debian wants it, owned by root and writable for nobody else', () => {
    const names = listing().map(([, , , , , name = '']) => name)
    expect(names).toEqual(expect.arrayContaining(FILES))
    for (const [rights = '', owner, , , , name] of listing()) {
      expect(owner, name).toBe('root/root')
      expect(rights, name).toMatch(/^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]|lrwxrwxrwx)$/)
    }
  })

  test('has machine code of its own architecture only', () => {
    const { prebuilds, koffi } = ARCHITECTURES[architecture as Architecture]
    const code = listing().flatMap(([, , , , , name = '']) => (name.endsWith('.node') ? [name] : []))
    expect(code.length).toBeGreaterThanOrEqual(2)
    for (const name of code) {
      expect(name.includes(`/prebuilds/${prebuilds}/`) || name.includes(`/${koffi}/linux_`), name).toBe(true)
    }
  })

  test('is the same to the byte when it is built again', () => {
    expect(readFileSync(build('second')).equals(readFileSync(path))).toBe(true)
  })

  test('its program runs where it is unpacked, through the link, with no node_modules around', () => {
    const run = (...args: string[]): string =>
      String(execFileSync(process.execPath, [join(root, 'usr/bin/cipbridge'), ...args], { cwd: root }))
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(run('--version').trim()).toBe(version)
    expect(run('demo', '--list')).toContain('tunnel')
  })

  test('its packages with machine code load from there', () => {
    const load = createRequire(join(root, 'usr/lib/cipbridge/dist/main.js'))
    const koffi = load('koffi') as { version: string; load: unknown }
    expect(load.resolve('koffi')).toContain(root)
    expect(typeof koffi.load).toBe('function')
    const binding = load.resolve('@serialport/bindings-cpp')
    expect(binding).toContain(root)
    const gyp = createRequire(import.meta.url)('node-gyp-build') as { path(folder: string): string }
    expect(load(gyp.path(join(binding, '../..')))).toHaveProperty('open')
  })

  test('its configuration is asked about at removal, and says what has to be filled in before it runs', () => {
    expect(readFileSync(join(folder, 'control/conffiles'), 'utf8')).toBe('/etc/cipbridge/cipbridge.yaml\n')
    const loaded = loadConfig(join(root, 'etc/cipbridge/cipbridge.yaml'))
    expect('problems' in loaded && loaded.problems.map((problem) => problem.path)).toEqual([
      'context.apn',
      'routes[0].to',
    ])
  })

  test('its scripts are shell, and nothing in them enables or starts the service', () => {
    for (const name of ['postinst', 'prerm', 'postrm']) {
      const script = join(folder, 'control', name)
      expect(spawnSync('sh', ['-n', script]).status, name).toBe(0)
      expect(readFileSync(script, 'utf8')).not.toMatch(/(systemctl|invoke).* (enable|start|restart) /)
    }
  })

  test('its manual pages are whole', () => {
    const page = gunzipSync(readFileSync(join(root, 'usr/share/man/man8/cipbridge.8.gz')))
    expect(page.equals(readFileSync('dist/man/cipbridge.8'))).toBe(true)
  })
})

test('machine code that is not what the lock says is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cipbridge-natives-'))
  try {
    const archive = join(folder, 'a.tgz')
    writeFileSync(archive, '')
    const ofNothing = 'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=='
    expect(() => refuseOther(archive, ofNothing)).not.toThrow()
    writeFileSync(archive, 'x')
    expect(() => refuseOther(archive, ofNothing)).toThrow('package-lock.json has')
    expect(() => refuseOther(archive, undefined)).toThrow()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
