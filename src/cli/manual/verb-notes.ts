/** What the verbs say of themselves to yargs, taken down for the manual page and the shell's completion. */
import type { CommandModule, Options } from 'yargs'
import { VERBS } from '../verbs.ts'

export interface OptionNote {
  /** Without the dashes. */
  readonly name: string
  readonly spec: Options
}

export interface VerbNotes {
  readonly name: string
  /** With its positional arguments, such as `at <command>`. */
  readonly usage: string
  readonly does: string
  readonly options: readonly OptionNote[]
  readonly positionals: readonly OptionNote[]
  /** Pairs of a command line, `$0` being the program, and what it is good for. */
  readonly examples: readonly (readonly [string, string])[]
  readonly epilogue: string
}

/** Options that take the name of a file. */
export const FILE_OPTIONS: ReadonlySet<string> = new Set(['config', 'link', 'socket'])

/** Every verb in the order of the help. */
export function verbNotes(): Promise<VerbNotes[]> {
  return Promise.all(Object.entries(VERBS).map(async ([name, load]) => notesOf(name, (await load()) as CommandModule)))
}

function notesOf(name: string, { command, describe, builder }: CommandModule): VerbNotes {
  const said = new Map<string, unknown[][]>()
  const of = (method: string): unknown[][] => said.get(method) ?? []
  if (typeof builder === 'function') void builder(listener(said) as Parameters<typeof builder>[0])
  const notes = (method: string): OptionNote[] =>
    of(method).map(([option, spec]) => ({ name: option as string, spec: spec as Options }))
  return {
    name,
    usage: [command].flat()[0] ?? name,
    does: describe === false ? '' : (describe ?? ''),
    options: notes('option'),
    positionals: notes('positional'),
    examples: of('example') as [string, string][],
    epilogue: of('epilogue').flat().join('\n'),
  }
}

/** In the place of yargs: takes down every call, by method, and returns itself. */
function listener(said: Map<string, unknown[][]>): object {
  const itself: object = new Proxy(
    {},
    {
      get:
        (_target, method) =>
        (...given: unknown[]) => {
          const name = String(method)
          said.set(name, [...(said.get(name) ?? []), given])
          return itself
        },
    },
  )
  return itself
}
