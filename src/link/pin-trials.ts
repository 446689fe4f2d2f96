/**
 * Remembers over restarts which PIN was tried: a wrong one costs an attempt once, not once per restart (P8).
 *
 * That a PIN is being tried is written down before it is, with the attempts that were left: after a power cut in that
 * moment the SIM's own count says what came of it. One attempt less: it was wrong. As many as before: it was not tried,
 * or was right. The PIN itself is never written, but a salted hash. Ten thousand PINs are soon tried on any hash: the
 * file is for the daemon's user alone, and the hash keeps the PIN from whoever sees it in passing.
 */
import { randomBytes, scryptSync } from 'node:crypto'
import type { Memory } from '../core/memory.ts'

const SECTION = 'pin'
const SALT_BYTES = 16
const HASH_BYTES = 32

interface Trial {
  readonly salt: string
  readonly hash: string
  /** Attempts that were left before it was tried. */
  readonly attempts: number
  /** The SIM has said no; false: nobody knows yet. */
  readonly refused: boolean
}

export class PinTrials {
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
  }

  /** Where it is remembered; undefined if nowhere. */
  get path(): string | undefined {
    return this.#memory.path
  }

  /** Whether the SIM has refused this PIN. @param attempts that are left now; undefined where the modem cannot tell */
  refused(pin: string, attempts: number | undefined): boolean {
    const trial = readTrial(this.#memory.recall(SECTION))
    if (!trial || hashOf(pin, trial.salt) !== trial.hash) return false
    return trial.refused || attempts === undefined || attempts < trial.attempts
  }

  /** It is about to be tried. */
  begin(pin: string, attempts: number): void {
    this.#keep(pin, attempts, false)
  }

  /** The SIM refused it. */
  refuse(pin: string, attempts: number): void {
    this.#keep(pin, attempts, true)
  }

  /** It was right, or not looked at. */
  forget(): void {
    this.#memory.keep(SECTION, undefined, 'now')
  }

  #keep(pin: string, attempts: number, refused: boolean): void {
    const salt = randomBytes(SALT_BYTES).toString('hex')
    const trial: Trial = { salt, hash: hashOf(pin, salt), attempts, refused }
    this.#memory.keep(SECTION, trial, 'now')
  }
}

function hashOf(pin: string, salt: string): string {
  return scryptSync(pin, salt, HASH_BYTES).toString('hex')
}

function readTrial(value: unknown): Trial | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { salt, hash, attempts, refused } = value as Record<string, unknown>
  if (typeof salt !== 'string' || typeof hash !== 'string') return undefined
  // What is not legible is taken for the worse: a person can put it right, an attempt cannot be given back.
  return { salt, hash, attempts: typeof attempts === 'number' ? attempts : Infinity, refused: refused !== false }
}
