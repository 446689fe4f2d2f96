/** The soak's short form: a few hundred faults on each run of the tests; `npm run soak` is the long one. */
import { expect, test } from 'vitest'
import { Figures } from '../soak/figures.ts'
import { Heap, MOST_GROWTH_PER_LIFE } from '../soak/heap.ts'
import { Life } from '../soak/life.ts'

const LIVES = [1, 2, 3, 4, 5, 6]

test('P1 P2 P5 P7 P8 lives with random modems, faults and clients: exact, honest, never stuck, and nothing is left of them', async () => {
  const figures = new Figures()
  const heap = new Heap()
  for (const number of LIVES) {
    const life = new Life({ seed: 2026, life: number, rounds: 25 }, figures)
    try {
      await life.run()
    } catch (error) {
      throw new Error(`${life.setup}\n${life.lastLines.join('\n')}\nseed 2026 life ${number}`, { cause: error })
    }
    figures.conversations = []
    heap.look(number)
  }
  expect(figures.lives).toBe(LIVES.length)
  expect(figures.faults).toBeGreaterThan(250)
  expect(heap.growth, 'bytes that a life leaves behind').toBeLessThan(MOST_GROWTH_PER_LIFE)
}, 60_000)
