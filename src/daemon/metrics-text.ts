/** The text format of Prometheus, version 0.0.4. */

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** One value, with the values of the family's labels in their order. */
export interface Sample {
  readonly labels: readonly string[]
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  /** One line for people. */
  readonly help: string
  readonly labels: readonly string[]
  readonly samples: readonly Sample[]
}

/** Families as they are scraped; one without samples is left out. */
export function metricsText(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map((family) => textOf(family))
    .join('')
}

function textOf({ name, type, help, labels, samples }: Family): string {
  const head = `# HELP ${name} ${help.replace(/[\\\n]/g, (letter) => ESCAPED[letter] ?? '')}\n# TYPE ${name} ${type}\n`
  const lines = samples.map((sample) => `${name}${labelsOf(labels, sample.labels)} ${numberOf(sample.value)}\n`)
  return head + lines.join('')
}

function labelsOf(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return ''
  const pairs = names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`)
  return `{${pairs.join(',')}}`
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

/** What stands between the quotes. */
function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (letter) => ESCAPED[letter] ?? '')
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}
