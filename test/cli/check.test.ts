import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import yargs from 'yargs'
import { checkCommand } from '../../src/cli/check.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipbridge-check-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | string | null | undefined
}

async function check(...words: string[]): Promise<Outcome> {
  const out: string[] = []
  const err: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
  await yargs(['check', ...words])
    .command(checkCommand)
    .exitProcess(false)
    .parseAsync()
  return { stdout: out.join(''), stderr: err.join(''), code: process.exitCode }
}

function file(text: string): string {
  const path = join(folder, 'c.yaml')
  writeFileSync(path, text)
  return path
}

const ROUTES = 'routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1 }]'

test('a good configuration is printed with its defaults, secrets masked', async () => {
  const { stdout, stderr, code } = await check('--config', file(`context: { apn: x, password: hunter2 }\n${ROUTES}`))
  expect(parse(stdout)).toMatchObject({ line: { baudRate: 115_200 }, context: { password: '****' } })
  expect(stderr).toBe('')
  expect(code).toBeUndefined()
})

test('what is allowed but seldom wise is told beside the effective configuration', async () => {
  const path = file(`context: { apn: x }\n${ROUTES.replace(' }]', ', modemTls: true }]')}`)
  const { stdout, stderr, code } = await check('--config', path)
  expect(parse(stdout)).toMatchObject({ routes: [{ modemTls: true }] })
  expect(stderr).toMatch(/c\.yaml: routes\[0\]\.modemTls: the modem speaks TLS 1\.0 .*\n$/)
  expect(code).toBeUndefined()
})

test('every problem goes to stderr in its own line, and the exit code is 78', async () => {
  const path = file(`line: { baudRate: fast }\ncontext: { apn: 'a"b' }\n${ROUTES}`)
  const { stdout, stderr, code } = await check('--config', path)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^[^\n]*c\.yaml:1:19 line\.baudRate: [^\n]*\n[^\n]*c\.yaml:2:17 context\.apn: [^\n]*\n$/)
  expect(code).toBe(78)
})

test('without --config the system-wide file is checked', async () => {
  const { stderr, code } = await check()
  expect(stderr).toContain('/etc/cipbridge/cipbridge.yaml:1:1 (file): ')
  expect(code).toBe(78)
})

test('--quiet prints problems only', async () => {
  expect(await check('--quiet', '--config', file(`context: { apn: x }\n${ROUTES}`))).toEqual({ stdout: '', stderr: '' })
  vi.restoreAllMocks()
  const { stderr, code } = await check('--quiet', '--config', file(ROUTES))
  expect(stderr).toContain('context')
  expect(code).toBe(78)
})

test('what a route over UDP cannot give is said, and a silence that ends its sessions is in what is printed', async () => {
  const route = '{ name: a, listen: udp://127.0.0.1:53, to: udp://x:53 }'
  const path = file(`context: { apn: x }\ntransparent: { sendSize: 512 }\nescape: { method: plus }\nroutes: [${route}]`)
  const { stdout, stderr, code } = await check('--config', path)
  expect(stderr.split('\n')).toEqual([
    `${path}: routes[0]: a datagram of more than 512 bytes is not sent (transparent.sendSize)`,
    `${path}: routes[0]: answers without a pause between them come back as one datagram: the modem gives no borders`,
    `${path}: routes[0]: a datagram that is +++ and nothing else is not sent, without DTR`,
    '',
  ])
  expect(parse(stdout)).toMatchObject({ routes: [{ listen: 'udp://127.0.0.1:53', idleTimeout: '1m' }] })
  expect(code).toBeUndefined()
  vi.restoreAllMocks()
  expect((await check('--quiet', '--config', path)).stderr).toBe('')
})

test('--schema prints a JSON Schema for editors', async () => {
  const { stdout } = await check('--schema')
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
    properties: { escape: { properties: { guardTime: { default: '1s', type: 'string' } } } },
  })
})

test('--help shows an example', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await check('--help')
  expect(log.mock.calls.join('\n')).toContain('check --config ./cipbridge.yaml')
})
