/** Writes the manual pages and the completions into the folder that is named; the build runs it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bashCompletion, zshCompletion } from './completion.ts'
import { configPage } from './config-page.ts'
import { programPage } from './program-page.ts'
import { verbNotes } from './verb-notes.ts'

/** @param folder gets `man/` and `completions/` */
export async function writeManual(folder: string): Promise<void> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const verbs = await verbNotes()
  mkdirSync(join(folder, 'man'), { recursive: true })
  mkdirSync(join(folder, 'completions'), { recursive: true })
  writeFileSync(join(folder, 'man/cipbridge.8'), programPage(version, verbs))
  writeFileSync(join(folder, 'man/cipbridge.yaml.5'), configPage(version))
  writeFileSync(join(folder, 'completions/cipbridge.bash'), bashCompletion(verbs))
  writeFileSync(join(folder, 'completions/_cipbridge'), zshCompletion(verbs))
}
