/** How a problem speaks of a value or a key of the configuration, without giving a secret away. */

const LONGEST_SHOWN = 60

/** A value as it may stand in a message: text in quotes, user names and passwords inside an address masked. */
export function show(value: unknown): string {
  if (typeof value === 'string') return showText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined || value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : 'a map'
}

function showText(text: string): string {
  const safe = text.replace(/\/\/.*@/, '//****@')
  return JSON.stringify(safe.length > LONGEST_SHOWN ? `${safe.slice(0, LONGEST_SHOWN)}…` : safe)
}

/**
 * A key as it may stand in a message. `password:secret` (no space after the colon) is one long key for YAML: what
 * follows the colon is never shown.
 */
export function showKey(key: string): string {
  if (/^[\w.-]{1,40}$/.test(key)) return `"${key}"`
  const name = /^([\w.-]{1,40}):/.exec(key)?.[1]
  return name === undefined ? 'with unusual characters' : `"${name}:…" (no space after the colon?)`
}

/** `a, b or c` */
export function either(words: readonly (string | number)[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? String(last) : `${words.slice(0, -1).join(', ')} or ${last}`
}

/** The word nearest to `word` by edit distance, upper and lower case alike; undefined if none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, word.length / 3) ? best.candidate : undefined
}

/** Levenshtein's distance: single letters put in, taken out or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [index, letter] of a.split('').entries()) {
    const next = [index + 1]
    for (const [column, other] of b.split('').entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
