/** The effective configuration as a file that can be read again, secrets masked. */
import { stringify } from 'yaml'
import * as z from 'zod'
import { MASK } from './fields.ts'
import type { Config } from './schema.ts'
import { configSchema } from './schema.ts'

/** Every key with its value in YAML. A secret is `"****"`; one from a file is left to that file. */
export function printConfig(config: Config): string {
  const written = z.encode(configSchema, structuredClone(config) as z.output<typeof configSchema>)
  if (written.modem) hide(written.modem, 'pin', 'pinFile')
  hide(written.context, 'password', 'passwordFile')
  for (const { registration, heartbeat } of written.routes ?? []) {
    for (const packet of [registration, heartbeat]) {
      if (packet?.text !== undefined) packet.text = MASK
      if (packet?.hex !== undefined) packet.hex = MASK
    }
  }
  return stringify(written, { lineWidth: 0 })
}

function hide<K extends string, F extends string>(
  section: { [key in K | F]?: string | undefined },
  key: K,
  file: F,
): void {
  if (section[file] !== undefined) section[key] = undefined
  else if (section[key]) section[key] = MASK
}
