/** Which part of the configuration is the link's. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/schema.ts'

/** Keys whose change needs a new life of the link. */
export const LINK_SECTIONS = [
  'line',
  'modem',
  'context',
  'escape',
  'transparent',
  'liveness',
  'recovery',
  'limits',
  'messages',
] as const satisfies readonly (keyof Config)[]

/** The sections of the link in which two configurations differ. */
export function changedSections(before: Config, after: Config): readonly (typeof LINK_SECTIONS)[number][] {
  return LINK_SECTIONS.filter((section) => !isDeepStrictEqual(before[section], after[section]))
}

/** Whether the link has nothing to do to go over from one to the other. */
export function sameSettings(before: Config, after: Config): boolean {
  return changedSections(before, after).length === 0
}
