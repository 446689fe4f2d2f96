import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Loaded } from '../../src/config/load.ts'
import { loadConfig } from '../../src/config/load.ts'
import { keysOutOfSight } from '../../src/config/secret-file.ts'

const ROUTES = 'routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1 }]'
const WITH_FILES = `modem: { pinFile: pin.txt }\ncontext: { apn: x, passwordFile: $CREDENTIALS_DIRECTORY/pw }\n${ROUTES}`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipbridge-config-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function load(
  files: Record<string, string | Uint8Array>,
  env: NodeJS.ProcessEnv = {},
  credentials?: 'elsewhere',
): Loaded {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return loadConfig(join(folder, 'c.yaml'), env, credentials)
}

function problems(loaded: Loaded): string[] {
  return 'problems' in loaded ? loaded.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`) : []
}

test('secrets come from files beside the configuration, or from systemd', () => {
  const files = { 'c.yaml': WITH_FILES, 'pin.txt': '0042\n', pw: ' s3cret\r\n' }
  expect(load(files, { CREDENTIALS_DIRECTORY: folder })).toMatchObject({
    config: { modem: { pin: '0042', pinFile: 'pin.txt' }, context: { password: 's3cret' } },
  })
})

test('a secret file with something else in it, or without systemd, is told of at its key', () => {
  expect(problems(load({ 'c.yaml': WITH_FILES, 'pin.txt': 'hunter2' }))).toEqual([
    '1 modem.pinFile: what the file holds is no PIN, expected 4 to 8 digits in quotes, such as "0000"',
    expect.stringMatching(/^2 context\.passwordFile: needs CREDENTIALS_DIRECTORY, which is not set/),
  ])
})

test('a credential that only the service has is no problem to others, and they say that they did not look', () => {
  const files = { 'c.yaml': WITH_FILES, 'pin.txt': '0042' }
  const loaded = load(files, {}, 'elsewhere')
  expect(loaded).toMatchObject({ config: { modem: { pin: '0042' }, context: { password: '' } } })
  expect(keysOutOfSight('config' in loaded && loaded.config, {})).toEqual(['context.passwordFile'])
  expect(load({ ...files, pw: 's3cret' }, { CREDENTIALS_DIRECTORY: folder }, 'elsewhere')).toMatchObject({
    config: { context: { password: 's3cret' } },
  })
  const tls =
    'context: { apn: x }\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tls://x:1, tls: { cert: c.pem, key: $CREDENTIALS_DIRECTORY/k } }]'
  expect(load({ 'c.yaml': tls }, {}, 'elsewhere')).toHaveProperty('config')
  expect(problems(load({ 'c.yaml': tls }))).toEqual([expect.stringMatching(/tls\.key: needs CREDENTIALS_DIRECTORY/)])
  const other = load({ ...files, 'pin.txt': 'hunter2' }, {}, 'elsewhere')
  expect(problems(other)).toEqual([expect.stringMatching(/^1 modem\.pinFile: what the file holds is no PIN/)])
})

test('a secret file that is not there, or no file, is told of at its key', () => {
  const keys = 'modem: { pinFile: . }\ncontext: { apn: x, password: "", passwordFile: nowhere }'
  expect(problems(load({ 'c.yaml': `${keys}\n${ROUTES}` }))).toEqual([
    '1 modem.pinFile: is not a regular file, expected a file with the pin in it',
    '2 context.passwordFile: does not exist, expected a file with the password in it',
  ])
})

test('a configuration that does not exist, or is a folder, is told of like any problem', () => {
  expect(problems(loadConfig('/nonexistent/c.yaml'))).toEqual(['1 (file): does not exist, expected a configuration'])
  expect(problems(loadConfig('/'))).toEqual(['1 (file): is a folder, expected a configuration'])
})

test('a configuration that is not text is told of', () => {
  expect(problems(load({ 'c.yaml': Uint8Array.of(0x61, 0xff, 0xfe) }))).toEqual([
    '1 (file): is not UTF-8, expected text',
  ])
})
