/** The texts of the package that are made: control file, changelog, copyright. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from './natives.ts'
import { lockedPackages } from './natives.ts'

export interface Product {
  readonly version: string
  readonly description: string
}

/** Who makes the package; Debian's tools take it from the same two variables. */
function maintainer(env: NodeJS.ProcessEnv): string {
  return `${env.DEBFULLNAME ?? 'The cipbridge authors'} <${env.DEBEMAIL ?? 'cipbridge@localhost.localdomain'}>`
}

/** @param kib what the installed files take, in KiB */
export function controlFile({ version }: Product, architecture: Architecture, kib: number): string {
  return `Package: cipbridge
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer(process.env)}
Installed-Size: ${kib}
Depends: nodejs (>= 20.19), libc6 (>= 2.34), libgcc-s1, libstdc++6 (>= 5), init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers | systemd-sysusers
Section: net
Priority: optional
Description: local TCP ports through the transparent mode of a GPRS modem
 A daemon for a machine with a SIM800 or SIM900 modem on a serial line, such as
 a Raspberry Pi: programs connect to a local TCP port and reach their server
 through the modem, as if the machine were directly online.
 .
 It needs no PPP, no routes and no root. It finds the modem in whatever state it
 is, brings it up, dials, carries the bytes unchanged, and recovers by itself.
`
}

/** @param epoch in s since 1970 */
export function changelog({ version }: Product, epoch: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(epoch * 1000).toUTCString().split(/,? /)
  return `cipbridge (${version}) unstable; urgency=medium

  * Version ${version}; what changed is told by the history of the source.

 -- ${maintainer(process.env)}  ${day}, ${date} ${month} ${year} ${time} +0000
`
}

/** The licence of the program and those of all packages that are in it. */
export function copyright(source: string): string {
  const packages = Object.entries(lockedPackages(source)).filter(([path, { dev }]) => path !== '' && dev !== true)
  const texts = new Map<string, string[]>()
  for (const [path, { version }] of packages) {
    const text = licenceOf(join(source, path))
    if (text === undefined) continue
    texts.set(text, [...(texts.get(text) ?? []), `${path.replace(/^.*node_modules\//, '')} ${version}`])
  }
  const others = [...texts].map(([text, names]) => `${'-'.repeat(78)}\n${names.join(', ')}:\n\n${text}\n`)
  return `cipbridge\n\n${licenceOf(source) ?? ''}\n\nIt contains these packages:\n\n${others.join('\n')}`
}

function licenceOf(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined
  const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
  return name === undefined ? undefined : readFileSync(join(folder, name), 'utf8').trim()
}
