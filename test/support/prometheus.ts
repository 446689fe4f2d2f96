/** A strict reader of Prometheus' text format 0.0.4: what it takes, every scraper takes. */

export interface ReadFamily {
  readonly type: string
  readonly help: string
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*'
const VALUE = String.raw`(?:[^"\\\n]|\\["\\n])*`
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{((?:${LABEL}="${VALUE}",?)*)\\})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)$`,
)
const PAIR = new RegExp(`(${LABEL})="(${VALUE})"(,|$)`, 'y')

/** Every family by its name. Throws an `Error` at the first thing that is not as the format wants it. */
export function readMetrics(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, ReadFamily>()
  let help: { name: string; text: string } | undefined
  let open: { name: string; family: ReadFamily } | undefined
  const seen = new Set<string>()
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, about = '', rest = ''] = new RegExp(`^# (HELP|TYPE) (${NAME}) ([^\n]*)$`).exec(line) ?? []
    if (kind === 'HELP') {
      if (!/^(?:[^\\]|\\[\\n])*$/.test(rest)) throw new Error(`a bare backslash: ${line}`)
      help = { name: about, text: rest }
      open = undefined
    } else if (kind === 'TYPE') {
      if (families.has(about)) throw new Error(`${about} comes twice`)
      if (help?.name !== about) throw new Error(`${about} has no HELP`)
      if (rest !== 'counter' && rest !== 'gauge') throw new Error(`no type: ${line}`)
      open = { name: about, family: { type: rest, help: help.text, samples: [] } }
      families.set(about, open.family)
    } else {
      const sample = readSample(line)
      if (sample.name !== open?.name) throw new Error(`a sample of no family: ${line}`)
      const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (seen.has(key)) throw new Error(`a sample comes twice: ${line}`)
      seen.add(key)
      if (open.family.type === 'counter' && !(sample.value >= 0)) throw new Error(`no count: ${line}`)
      open.family.samples.push(sample)
    }
  }
  for (const [name, { type, samples }] of families) {
    if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`)
    if (samples.length === 0) throw new Error(`${name} is empty`)
  }
  return families
}

function readSample(line: string): { name: string; labels: Record<string, string>; value: number } {
  const [, name, inner = '', number = ''] = SAMPLE.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  let at = 0
  while (at < inner.length) {
    PAIR.lastIndex = at
    const [all, label, value = '', comma] = PAIR.exec(inner) ?? []
    if (all === undefined || label === undefined) throw new Error(`no labels: ${line}`)
    if (label in labels) throw new Error(`${label} comes twice: ${line}`)
    labels[label] = value.replace(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter))
    at = PAIR.lastIndex
    if (comma === ',' && at === inner.length) throw new Error(`a comma too many: ${line}`)
  }
  return { name, labels, value: number.endsWith('Inf') ? Number(`${number}inity`) : Number(number) }
}

/** The one value of a family that has these labels, those of no interest left out. */
export function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const samples = readMetrics(text).get(name)?.samples ?? []
  const found = samples.filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
  if (found.length !== 1) throw new Error(`${found.length} samples of ${name} have ${JSON.stringify(labels)}`)
  return found[0]?.value ?? Number.NaN
}
