import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { tlsFile } from '../support/tls-peer.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'cipbridge-'))
for (const name of ['ca.pem', 'server.pem', 'server.key', 'client.key']) copyFileSync(tlsFile(name), join(FOLDER, name))
writeFileSync(join(FOLDER, 'note.txt'), 'the secret is 42')

function problems(tls: string, to = 'tls://x:1', env: NodeJS.ProcessEnv = {}): string[] {
  const text = `context: { apn: a }\nroutes:\n  - { name: a, listen: 127.0.0.1:1, to: '${to}', tls: { ${tls} } }\n`
  const loaded = parseConfig(text, join(FOLDER, 'c.yaml'), env)
  return 'problems' in loaded ? loaded.problems.map(({ path, message }) => `${path}: ${message}`) : []
}

test('files beside the configuration, and credentials of systemd, are found', () => {
  expect(
    problems('ca: ca.pem, cert: server.pem, key: $CREDENTIALS_DIRECTORY/server.key', undefined, {
      CREDENTIALS_DIRECTORY: FOLDER,
    }),
  ).toEqual([])
  const text = `context: { apn: a }\nroutes: [{ name: a, listen: 127.0.0.1:1, to: 'tls://x:1', tls: { ca: ca.pem } }]`
  expect(parseConfig(text, join(FOLDER, 'c.yaml'), {})).toMatchObject({
    config: { routes: [{ tls: { ca: join(FOLDER, 'ca.pem'), minVersion: 'TLSv1.2' } }] },
  })
})

test.each([
  ['ca: missing.pem', 'routes[0].tls.ca: ', 'does not exist, expected a PEM file'],
  ['ca: note.txt', 'routes[0].tls.ca: ', 'is not PEM'],
  ['ca: server.key', 'routes[0].tls.ca: ', 'holds no certificate that can be read'],
  ['cert: server.pem', 'routes[0].tls.cert: ', 'needs the key that belongs to it'],
  ['key: server.key', 'routes[0].tls.key: ', 'needs the cert that it belongs to'],
  ['cert: server.pem, key: client.key', 'routes[0].tls.key: ', 'does not fit to cert'],
  ['key: $CREDENTIALS_DIRECTORY/key', 'routes[0].tls.key: ', 'needs CREDENTIALS_DIRECTORY'],
  ['pins: [sha256//abc]', 'routes[0].tls.pins[0]: ', 'is no such hash'],
  ['minVersion: TLSv1.1', 'routes[0].tls.minVersion: ', 'expected TLSv1.2 or TLSv1.3'],
])('P12 %s is refused without a word of what is in the file', (tls, where, what) => {
  const found = problems(tls)
  expect(found).toHaveLength(1)
  expect(found[0]?.startsWith(where)).toBe(true)
  expect(found[0]).toContain(what)
  expect(found[0]).not.toContain('secret')
})

test('TLS that no peer of the route uses is refused, not ignored', () => {
  expect(problems('ca: ca.pem', 'tcp://x:1')).toEqual([
    'routes[0].tls: is set, but `to` has no tls://HOST:PORT in it, expected one',
  ])
})
