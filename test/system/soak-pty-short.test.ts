/** The real-time soak's short form: some faults on each run of the tests; `npm run soak:pty` is the long one. */
import { expect, test } from 'vitest'
import { now } from '../../src/core/time.ts'
import { Figures } from '../soak/figures.ts'
import { PtyLife } from '../soak/pty-life.ts'
import { cipbridge } from '../support/built-program.ts'

/** Rounds begin for so long, in ms. */
const LENGTH_MS = 5_000

test('P1 P2 P7 the built program on a pseudo-terminal lives through random faults and a kill: exact, honest, never stuck', async () => {
  expect((await cipbridge('--version')).exit).toBe(0)
  const figures = new Figures()
  const begun = now()
  const live = async (number: number): Promise<void> => {
    const plan = { program: 'dist/main.js', seed: 7, life: number, killsDaemon: true }
    const life = await PtyLife.begin(plan, figures)
    try {
      await life.run(() => figures.faults === 0 || now() - begun < LENGTH_MS)
    } catch (error) {
      throw new Error(life.world.log.join('\n'), { cause: error })
    }
  }
  await Promise.all([live(1), live(2)])
  expect(figures.lives).toBe(2)
  expect(figures.faults).toBeGreaterThan(0)
  expect(figures.bytes).toBeGreaterThan(0)
}, 300_000)
