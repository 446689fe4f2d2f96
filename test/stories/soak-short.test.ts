/** The soak's short form: a few hundred faults on each run of the tests; `npm run soak` is the long one. */
import { expect, test } from 'vitest'
import { Figures } from '../soak/figures.ts'
import { Remains } from '../soak/heap.ts'
import { Life } from '../soak/life.ts'

const LIVES = [1, 2, 3, 4, 5, 6]

async function live(number: number, figures: Figures, remains: Remains): Promise<void> {
  const life = new Life({ seed: 2026, life: number, rounds: 25 }, figures)
  try {
    await life.run()
  } catch (error) {
    throw new Error(`${life.setup}\n${life.lastLines.join('\n')}\nseed 2026 life ${number}`, { cause: error })
  }
  // What the last one leaves is let go when something else has run: it can be asked of the others only.
  if (number !== LIVES.at(-1)) remains.watch(life.parts)
}

test('P1 P2 P5 P7 P8 lives with random modems, faults and clients: exact, honest, never stuck, and nothing is left of them', async () => {
  const figures = new Figures()
  const remains = new Remains()
  for (const number of LIVES) await live(number, figures, remains)
  figures.conversations = []
  expect(figures.lives).toBe(LIVES.length)
  expect(figures.faults).toBeGreaterThan(250)
  expect(await remains.left()).toEqual([])
}, 60_000)
