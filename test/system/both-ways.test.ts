/** Throughput: a random file each way at once, at the highest rate. */
import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { stage } from '../support/built-program-stage.ts'

const FILE_BYTES = 1024 * 1024

/** What the modem and the air carry without being the bottleneck at this rate. */
const FAST = { baudRate: 921_600, maxBaudRate: 921_600, window: 65_536, ackDelay: 0 } as const

test('P1 a random file of 1 MiB each way at the same time arrives with the same SHA-256', async () => {
  await using s = await stage({ baudRate: 921_600, knobs: FAST })
  const up = randomBytes(FILE_BYTES)
  const down = randomBytes(FILE_BYTES)
  const app = s.connect()
  app.socket.write(up)
  await s.until(() => s.peer.conversations.length === 1, 'the connection to the peer')
  const { latest: peer } = s.peer
  peer.socket.write(down)
  await s.until(() => app.length >= FILE_BYTES && peer.length >= FILE_BYTES, 'both files', 90_000)
  expect(sha256(peer.bytes)).toBe(sha256(up))
  expect(sha256(app.bytes)).toBe(sha256(down))
  app.socket.end()
  await s.sessionsOver(1)
  // Nothing of the hang-up has become payload.
  expect([peer.length, app.length], s.tail).toEqual([FILE_BYTES, FILE_BYTES])
  expect(s.daemon.told('session-end')[0]).toMatchObject({ bytesUp: FILE_BYTES, bytesDown: FILE_BYTES, unacked: 0 })
}, 120_000)

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
