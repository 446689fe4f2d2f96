/** Reads the configuration file. Bad input is never thrown: every problem is found in one go, with its place. */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import type { Document, YAMLError } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, parseDocument, visit } from 'yaml'
import { crossIssues } from './cross-checks.ts'
import { fileProblem } from './file-problem.ts'
import type { Issue } from './issue.ts'
import { formatPath, issuesOf } from './issue.ts'
import type { Problem } from './problem.ts'
import { inOrder } from './problem.ts'
import type { Config } from './schema.ts'
import { configSchema, settled } from './schema.ts'
import { type Credentials, withSecrets } from './secret-file.ts'
import { withTlsFiles } from './tls-check.ts'
import { showKey } from './words.ts'

export const DEFAULT_CONFIG_FILE = '/etc/cipbridge/cipbridge.yaml'

export type Loaded = { readonly config: Config } | { readonly problems: readonly Problem[] }

/**
 * Reads and checks a configuration file.
 * @param credentials `elsewhere`: systemd gives them to the service only, so that their keys are no problem here
 */
export function loadConfig(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  credentials: Credentials = 'needed',
): Loaded {
  const whole = (message: string): Loaded => ({ problems: [{ file, line: 1, column: 1, path: '(file)', message }] })
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    return whole(`${fileProblem(error)}, expected a configuration`)
  }
  return isUtf8(bytes)
    ? parseConfig(bytes.toString('utf8'), file, env, credentials)
    : whole('is not UTF-8, expected text')
}

/** Checks the text of a configuration file; `file` names it in problems and is where relative paths start. */
export function parseConfig(
  text: string,
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  credentials: Credentials = 'needed',
): Loaded {
  const lines = new LineCounter()
  const problem = (offset: number, path: string, message: string): Problem => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), path, message }
  }
  const depth = tooDeepAt(text)
  if (depth !== undefined) {
    const before = text.slice(0, depth).split('\n')
    const [line, column] = [before.length, (before.at(-1) ?? '').length + 1]
    return {
      problems: [{ file, line, column, path: '(syntax)', message: 'is nested too deeply, expected five levels' }],
    }
  }
  const { document, faults, values } = readYaml(text, lines)
  const syntax = faults.map(({ offset, message }) => problem(offset, '(syntax)', message))
  if (faults.some(({ isFatal }) => isFatal)) return { problems: inOrder(syntax) }
  if (!isMap(document.contents)) {
    const found = values === null ? 'is empty' : 'is not a map of keys'
    return { problems: [problem(0, '(file)', `${found}, expected keys such as line, context and routes`)] }
  }
  const checked = check(values, file, env, credentials)
  if ('config' in checked && syntax.length === 0) return checked
  const issues = 'issues' in checked ? checked.issues : []
  const found = issues.map(({ path, message, atKey }) =>
    problem(offsetOf(document, path, atKey ?? false), formatPath(path), message),
  )
  return { problems: inOrder([...syntax, ...found]) }
}

/** Checks what the file says, secrets from their own files included. */
function check(
  raw: unknown,
  file: string,
  env: NodeJS.ProcessEnv,
  credentials: Credentials,
): { config: Config } | { issues: Issue[] } {
  const { values, issues: unread, blame } = withSecrets(raw, file, env, credentials)
  const tlsIssues = withTlsFiles(values, file, env, credentials)
  const result = configSchema.safeParse(values)
  const wrong = result.success ? [] : issuesOf(result.error).map(blame)
  const issues = [...wrong, ...unread, ...tlsIssues, ...crossIssues(raw)]
  return result.success && issues.length === 0 ? { config: settled(result.data) } : { issues }
}

interface YamlFault {
  readonly offset: number
  readonly message: string
  /** Whether the values below cannot be relied upon. */
  readonly isFatal: boolean
}

interface Yaml {
  readonly document: Document
  readonly faults: readonly YamlFault[]
  readonly values: unknown
}

function readYaml(text: string, lineCounter: LineCounter): Yaml {
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    version: '1.2',
    logLevel: 'error',
  })
  const faults = yamlFaults(document, text)
  const isFatal = faults.some((fault) => fault.isFatal)
  return { document, faults, values: isFatal ? undefined : document.toJS() }
}

/** Where the text is nested so deeply that yaml, which descends with it, would take the process down. */
function tooDeepAt(text: string): number | undefined {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    Array.from(parser.next(lexeme))
    if (parser.stack.length > DEEPEST) return parser.offset
  }
  return undefined
}
/** Each level takes one or two places on the parser's stack; the configuration has five levels. */
const DEEPEST = 40

function yamlFaults(document: Document, text: string): YamlFault[] {
  const faults = [...document.errors, ...document.warnings].map(({ code, pos: [offset] }) => {
    const word = /^[\w-]*/.exec(text.slice(offset))?.[0] ?? ''
    const message =
      code === 'DUPLICATE_KEY'
        ? `key ${showKey(word)} is there already, expected each key once`
        : (YAML_WORDS[code] ?? 'is not valid YAML here, expected `key: value` lines, indented with spaces')
    return { offset, message, isFatal: code !== 'DUPLICATE_KEY' }
  })
  visit(document, {
    Alias: (_, alias) => {
      faults.push({ offset: alias.range?.[0] ?? 0, message: NO_ALIAS, isFatal: true })
    },
  })
  return faults
}

const NO_ALIAS = 'an alias (*name) is not supported, expected the value itself; text with a * goes in quotes'

/** The parser's own messages are not used: some quote the file, where a secret may stand. */
const YAML_WORDS: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: NO_ALIAS,
  BAD_DQ_ESCAPE: 'an unknown escape with a backslash, expected \\\\ for a backslash, or single quotes',
  BAD_INDENT: 'is indented in a way that fits no line above, expected the same indentation for keys of one map',
  BAD_SCALAR_START: 'text may not begin with this character, expected quotes around it',
  BLOCK_AS_IMPLICIT_KEY: 'has a second `: ` in one line, expected quotes around text with a colon in it',
  MISSING_CHAR: 'lacks a closing quote or bracket, a comma, or a colon with a space after it, expected it here',
  MULTILINE_IMPLICIT_KEY: 'lacks a colon, expected `key: value`',
  MULTIPLE_DOCS: 'a second document begins, expected one',
  NON_STRING_KEY: 'this key is not text, expected a word',
  TAB_AS_INDENT: 'is indented with a tab, expected spaces',
  TAG_RESOLVE_FAILED: 'a tag (!name) is not supported, expected the value alone; text with a ! goes in quotes',
}

/** Where the value at `path` stands, or its key; for what is missing the key above it that is there. */
function offsetOf(document: Document, path: readonly PropertyKey[], atKey: boolean): number {
  let node: unknown = document.contents
  let key = 0
  for (const step of path) {
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === step) : undefined
    const next: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(step)] : undefined
    if (next === undefined) return key
    key = startOf(pair?.key ?? next)
    node = next
  }
  // a key with nothing after it
  const isNothing = node === null || (isScalar(node) && node.value === null && node.source === '')
  return atKey || isNothing ? key : startOf(node)
}

function startOf(node: unknown): number {
  return (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) && node.range ? node.range[0] : 0
}
