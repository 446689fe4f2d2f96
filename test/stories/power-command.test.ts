/** `modem.power.command`, a real program in real time: run without a shell, bounded, and told about. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runProgram } from '../../src/core/program.ts'
import { now, sleep } from '../../src/core/time.ts'
import { Power } from '../../src/line/power.ts'
import { rig } from '../support/rig.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipbridge-power-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function script(text: string): string {
  const path = join(folder, 'power.mjs')
  writeFileSync(path, `#!${process.execPath}\n${text}`)
  chmodSync(path, 0o755)
  return path
}

const never = new AbortController().signal
const LONG_MS = 30_000

describe('the program', () => {
  test('gets its arguments as they are, and its last line is told', async () => {
    const file = join(folder, 'seen')
    const path = script(`
      import { writeFileSync } from 'node:fs'
      writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.argv.slice(2)))
      console.log('switching')
      console.error('port 2 is on again')`)
    const end = await runProgram([path, 'two words', '$HOME; ls', '*'], LONG_MS, never)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(['two words', '$HOME; ls', '*'])
    expect(end).toEqual({ succeeded: true, outcome: 'ended with exit code 0', lastLine: 'port 2 is on again' })
  })

  test('that fails, or is not there, is told and harms nothing', async () => {
    expect(await runProgram([script('process.exit(3)')], LONG_MS, never)).toMatchObject({
      succeeded: false,
      outcome: 'ended with exit code 3',
    })
    const missing = await runProgram([join(folder, 'missing')], LONG_MS, never)
    expect(missing.succeeded).toBe(false)
    expect(missing.outcome).toContain('ENOENT')
  })

  test('that takes too long is ended', async () => {
    const end = await runProgram([script('setInterval(() => undefined, 1000)')], 300, never)
    expect(end).toMatchObject({ succeeded: false, outcome: 'was ended by SIGTERM after 0.3 s, which is too long' })
  })

  test('is ended by a stop, and by nothing else that happens meanwhile', async () => {
    const file = join(folder, 'done')
    const path = script(`
      import { writeFileSync } from 'node:fs'
      setTimeout(() => writeFileSync(${JSON.stringify(file)}, ''), 700)`)
    const lost = new AbortController()
    const running = runProgram([path], LONG_MS, lost.signal)
    lost.abort(new Error('lineLost'))
    expect((await running).succeeded).toBe(true)
    expect(existsSync(file)).toBe(true)

    const stopped = new AbortController()
    const started = now()
    const ended = runProgram([script('setInterval(() => undefined, 1000)')], LONG_MS, stopped.signal)
    await sleep(100)
    stopped.abort(new Error('stopRequested'))
    await expect(ended).rejects.toThrow('stopRequested')
    expect(now() - started).toBeLessThan(5000)
  })

  test('an empty command counts as none', () => {
    const power = new Power({ command: [] }, () => expect.fail('no line is wanted'), vi.fn())
    expect(power.means).toEqual([])
  })
})

test('P7 a modem that answers nothing is switched by the command, the last of the means, and is back', async () => {
  const file = join(folder, 'switched')
  const path = script(`
    import { writeFileSync } from 'node:fs'
    writeFileSync(${JSON.stringify(file)}, '')
    console.log('relay 1 off and on')`)
  const r = await rig({ config: { modem: { power: { command: [path, 'modem'] } } } })
  await r.reach('ready')
  const end = r.modem.begin({ type: 'no-answer', until: 'power' })
  const told = (): string[] => r.told('power').map(({ message }) => message)
  await r.until(() => told().some((line) => line.includes('runs')), 'the command', 1_800_000)
  // What the program does takes real time; virtual time stands meanwhile.
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 20_000, interval: 20 })
  end()
  await r.until(() => r.link.usable, 'back again', 600_000)
  expect(told()[0]).toBe(`modem.power.command runs: ${path} modem`)
})
