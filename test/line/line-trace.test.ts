import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { LineTrace } from '../../src/line/line-trace.ts'
import { temporaryFolder } from '../daemon/live-daemon.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /gm

function traceIn(folder: string, limit = 1_000_000): { trace: LineTrace; path: string; trouble: string[] } {
  const path = join(folder, 'trace')
  const trouble: string[] = []
  return { trace: new LineTrace(path, limit, (message) => trouble.push(message)), path, trouble }
}

test('every byte is there with its direction, in hex and as text, for nobody else to read', async () => {
  const { trace, path } = traceIn(temporaryFolder())
  trace.sent(Buffer.from('AT+CSQ\r'))
  trace.received(Buffer.from([0, 0x7f, 0xff, ...Buffer.from('0123456789abcdef')]))
  trace.close()
  await vi.waitUntil(() => existsSync(path) && readFileSync(path, 'utf8').split('\n').length === 4)
  expect(readFileSync(path, 'utf8').replace(TIME, '')).toBe(
    `> ${'41 54 2b 43 53 51 0d'.padEnd(47)} |AT+CSQ.|
< 00 7f ff 30 31 32 33 34 35 36 37 38 39 61 62 63 |...0123456789abc|
< ${'64 65 66'.padEnd(47)} |def|
`,
  )
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a file that is full becomes the old one: two of limited size are all there ever is', async () => {
  const { trace, path } = traceIn(temporaryFolder(), 10_000)
  for (let chunk = 0; chunk < 60; chunk += 1) {
    trace.received(Buffer.from(`chunk ${String(chunk).padStart(2)}`.padEnd(160)))
    await new Promise((resolve) => setImmediate(resolve))
    await vi.waitUntil(() =>
      (existsSync(path) ? readFileSync(path, 'utf8') : '').includes(`chunk ${String(chunk).padStart(2)}`),
    )
  }
  trace.close()
  for (const file of [path, `${path}.1`]) {
    expect(statSync(file).size).toBeLessThanOrEqual(10_000)
    expect(statSync(file).size).toBeGreaterThan(0)
  }
  expect(readFileSync(path, 'utf8')).toContain('chunk 59')
  expect(readFileSync(`${path}.1`, 'utf8')).not.toContain('chunk 59')
})

test('what is traced is written whole, also when it is closed at once', async () => {
  const { trace, path } = traceIn(temporaryFolder())
  for (let chunk = 0; chunk < 100; chunk += 1) trace.sent(Buffer.alloc(160, chunk))
  trace.close()
  await vi.waitUntil(
    () => existsSync(path) && readFileSync(path, 'utf8').endsWith(`${'63 '.repeat(15)}63 |${'c'.repeat(16)}|\n`),
  )
  expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1000)
})

test('a disk that is slower than the line makes a gap that says how large it is, and no heap', async () => {
  const { trace, path } = traceIn(temporaryFolder(), 100_000_000)
  for (let chunk = 0; chunk < 2_000; chunk += 1) trace.received(Buffer.alloc(4096, 'x'))
  await vi.waitUntil(() => existsSync(path) && statSync(path).size > 900_000)
  trace.received(Buffer.from('later'))
  trace.close()
  await vi.waitUntil(() => readFileSync(path, 'utf8').endsWith('|later|\n'))
  const text = readFileSync(path, 'utf8')
  const [, missing = '0'] = /Z ! (\d+) bytes are not shown: the disk is slow$/m.exec(text) ?? []
  expect(text.match(/x\|$/gm)).toHaveLength((2_000 * 4096 - Number(missing)) / 16)
  expect(text.length).toBeLessThan(4_000_000)
})

test('a file that cannot be written is told once, and the line goes on', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'trace'))
  const { trace, trouble } = traceIn(folder)
  trace.sent(Buffer.from('a'))
  trace.received(Buffer.from('b'))
  trace.close()
  expect(trouble).toEqual([expect.stringContaining('EISDIR')])
})
