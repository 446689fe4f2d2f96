/** Shell completion as a script that starts no program: on a Pi a Tab that asks Node takes seconds. */
import { FILE_OPTIONS, type OptionNote, type VerbNotes } from './verb-notes.ts'

/** What an option takes: one of these words, the name of a file, or something that nobody can guess. */
type Taken = readonly string[] | 'file' | 'anything' | 'nothing'

/** For /usr/share/bash-completion/completions/cipbridge. */
export function bashCompletion(verbs: readonly VerbNotes[]): string {
  return `# bash completion of cipbridge
_cipbridge() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  case "$before" in
  ${fileOptions(verbs).join('|')})
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    compopt -o filenames 2>/dev/null
    return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${[...verbs.map(({ name }) => name), '--help', '--version'].join(' ')}'
  else
    case "\${COMP_WORDS[1]} $before" in
${verbs.flatMap(takenRows).join('\n')}
    *)
      case "\${COMP_WORDS[1]}" in
${verbs.map((verb) => `      ${verb.name}) words='${optionWords(verb).join(' ')}' ;;`).join('\n')}
      esac ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _cipbridge cipbridge
`
}

/** For /usr/share/zsh/vendor-completions/_cipbridge. */
export function zshCompletion(verbs: readonly VerbNotes[]): string {
  const rows = verbs.map(({ name, does }) => `  ${quoted(`${name}:${does.replaceAll(':', '\\:')}`)}`)
  const cases = verbs.map(({ name, options }) => `  ${name}) _arguments ${options.map(zshOption).join(' ')} ;;`)
  return `#compdef cipbridge
local -a verbs
verbs=(
${rows.join('\n')}
)
if (( CURRENT == 2 )); then
  _describe verb verbs
  return
fi
(( CURRENT-- ))
shift words
case $words[1] in
${cases.join('\n')}
esac
`
}

function fileOptions(verbs: readonly VerbNotes[]): string[] {
  const options = verbs.flatMap((verb) => verb.options).filter((option) => takenBy(option) === 'file')
  return [...new Set(options.flatMap(namesOf))]
}

function takenRows({ name, options }: VerbNotes): string[] {
  return options.flatMap((option) => {
    const taken = takenBy(option)
    if (taken === 'nothing' || taken === 'file') return []
    const answer = taken === 'anything' ? 'return' : `words='${taken.join(' ')}'`
    const pattern = namesOf(option)
      .map((one) => `"${name} ${one}"`)
      .join('|')
    return [`    ${pattern}) ${answer} ;;`]
  })
}

function optionWords({ options }: VerbNotes): string[] {
  return [...options.map(({ name }) => `--${name}`), '--help']
}

function namesOf({ name, spec }: OptionNote): string[] {
  const short = [spec.alias ?? []].flat().map((alias) => (alias.length === 1 ? `-${alias}` : `--${alias}`))
  return [`--${name}`, ...short]
}

function takenBy({ name, spec }: OptionNote): Taken {
  if (spec.type === 'boolean') return 'nothing'
  if (spec.choices) return spec.choices.map(String)
  return FILE_OPTIONS.has(name) ? 'file' : 'anything'
}

function zshOption(option: OptionNote): string {
  const means = (option.spec.describe ?? '').replace(/[[\]:]/g, '\\$&')
  const taken = takenBy(option)
  const answer = taken === 'file' ? ':file:_files' : taken === 'nothing' ? '' : `:value:${wordList(taken)}`
  return quoted(`--${option.name}[${means}]${answer}`)
}

function wordList(taken: readonly string[] | 'anything'): string {
  return taken === 'anything' ? '' : `(${taken.join(' ')})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
