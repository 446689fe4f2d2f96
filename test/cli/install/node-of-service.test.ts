/** The Node that a service would get, with stand-ins that only know their version. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeOfService } from '../../../src/cli/install/node-of-service.ts'

const base = mkdtempSync(join(tmpdir(), 'cipbridge-node-'))
afterAll(() => rmSync(base, { recursive: true }))

/** A folder with a `node` that prints `version`. */
function folderWith(version: string, name = version): string {
  const folder = join(base, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'node'), `#!/bin/sh\necho ${version}\n`)
  chmodSync(join(folder, 'node'), 0o755)
  return folder
}

test.each(['v20.19.0', 'v20.20.2', 'v22.0.0', 'v100.1.0'])('%s will do', (version) => {
  const folder = folderWith(version)
  expect(nodeOfService([folder])).toEqual({ path: join(folder, 'node'), version })
})

test.each(['v20.18.9', 'v18.19.0', 'v9.99.0'])('%s is too old, and the mend is told', (version) => {
  const found = nodeOfService([folderWith(version)])
  expect(found).toEqual({
    problem: expect.stringMatching(`is ${version}\\. Node 20\\.19 or newer .*apt install`) as string,
  })
})

test('the first folder that has a node counts, as for systemd', () => {
  const [old, good] = [folderWith('v18.0.0', 'first'), folderWith('v22.1.0', 'second')]
  expect(nodeOfService([join(base, 'nothing'), good, old])).toMatchObject({ version: 'v22.1.0' })
  expect(nodeOfService([join(base, 'nothing'), old, good])).toHaveProperty('problem')
})

test('a node that lies in a home, also behind a link, cannot be seen by the service', () => {
  const home = folderWith('v22.2.0', 'home')
  const links = join(base, 'links')
  mkdirSync(links)
  symlinkSync(join(home, 'node'), join(links, 'node'))
  for (const folder of [home, links]) {
    expect(nodeOfService([folder], [home])).toEqual({ problem: expect.stringContaining('ProtectHome') as string })
  }
  expect(nodeOfService([links], [`${home}er`])).toMatchObject({ version: 'v22.2.0' })
})

test('no node at all, and one that does not run', () => {
  expect(nodeOfService([join(base, 'nothing')])).toEqual({ problem: expect.stringContaining('no node in') as string })
  const folder = folderWith('v22.3.0', 'torn')
  writeFileSync(join(folder, 'node'), '\x7fELF')
  expect(nodeOfService([folder])).toEqual({ problem: expect.stringContaining('no Node that runs') as string })
})
