/** The configuration as JSON Schema: for editors, for documents, and for the question which keys are known where. */
import * as z from 'zod'
import { configSchema } from './schema.ts'

/** The part of JSON Schema that the configuration needs. */
export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** Made when it is first asked for: a valid file needs none, and making it takes longer than checking one. */
let made: JsonSchema | undefined

/** JSON Schema (draft 2020-12) of the file as it is written: durations and sizes are text. */
export function jsonSchema(): JsonSchema {
  made ??= { ...z.toJSONSchema(configSchema, { io: 'input' }), title: 'cipbridge configuration' } as JsonSchema
  return made
}

/** The keys that are known at `path`. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let here: readonly JsonSchema[] = [jsonSchema()]
  for (const step of path) {
    here = here.flatMap((schema) => {
      const next = typeof step === 'number' ? schema.items : own(schema.properties, String(step))
      return next ? [next, ...(next.anyOf ?? [])] : []
    })
  }
  return here.flatMap((schema) => Object.keys(schema.properties ?? {}))
}

/** Where a key is known that was written in the wrong place: the sections that have it. */
export function homesOf(key: string): string[] {
  const sections = Object.entries(jsonSchema().properties ?? {})
  return sections
    .filter(([, schema]) => Object.hasOwn((schema.items ?? schema).properties ?? {}, key))
    .map(([name]) => name)
}

function own(properties: JsonSchema['properties'] = {}, key: string): JsonSchema | undefined {
  return Object.hasOwn(properties, key) ? properties[key] : undefined
}
