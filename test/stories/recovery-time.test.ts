/** How long a fault keeps the link from carrying bytes: the modem's own times, wanted pauses, and next to nothing besides. */
import { expect, test } from 'vitest'
import { recoveryRows } from '../../bench/recovery.ts'

/** Part of the time that may be neither the modem's nor a wanted pause. */
const WASTE = 0.2

test('P7 after each fault the link is back in the time that modem and pauses take, and a fifth at most', async () => {
  const rows = await recoveryRows()
  expect(rows.length).toBeGreaterThan(30)
  const slow = rows.filter(({ ratio }) => Math.round(ratio * 10) / 10 > 1 + WASTE)
  expect(slow).toEqual([])
  // What is not offline is no recovery, and a table of nothing but pauses is no proof.
  for (const { offlineMs, modemMs } of rows) expect(offlineMs).toBeGreaterThan(modemMs / 2)
  for (const { modemMs } of rows) expect(modemMs).toBeGreaterThan(0)
}, 60_000)
