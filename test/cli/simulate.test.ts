import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import yargs from 'yargs'
import { plan, simulateCommand } from '../../src/cli/simulate.ts'
import { listOfKnobs, parseKnobs } from '../../src/cli/simulate-knobs.ts'
import { FAULT_KINDS } from '../../src/virtual-modem/faults.ts'
import { KNOBS } from '../../src/virtual-modem/knobs.ts'

const NOTHING = {
  link: undefined,
  listen: undefined,
  expose: false,
  fault: [],
  knob: [],
  dialect: 'sim800' as const,
  verbose: false,
}

describe('arguments', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    process.exitCode = undefined
  })

  test('nothing said: a pseudo-terminal without a link', () => {
    expect(plan(NOTHING)).toMatchObject({ address: { link: undefined }, faults: [], knobs: {} })
  })

  test('faults with their time spans', () => {
    expect(plan({ ...NOTHING, fault: ['no-answer,after=30s,for=10s', 'carrier-drops,how=dcd'] })).toMatchObject({
      faults: [
        { fault: { type: 'no-answer' }, after: 30_000, for: 10_000 },
        { fault: { type: 'carrier-drops', how: 'dcd' }, after: 0, for: undefined },
      ],
    })
  })

  test('the SIM900 says that it is one, unless a knob says otherwise', () => {
    expect(plan({ ...NOTHING, dialect: 'sim900' })).toMatchObject({ knobs: { model: 'SIM900' } })
    expect(plan({ ...NOTHING, dialect: 'sim900', knob: ['model=SIM908'] })).toMatchObject({
      knobs: { model: 'SIM908' },
    })
  })

  test.each([
    [{ fault: ['nonsense'] }, 'no fault is called "nonsense"; there are no-answer, '],
    [{ fault: ['garbage,bytes=x'] }, 'fault garbage: "bytes=x" should be like bytes=2'],
    [{ knob: ['bootTme=1'] }, 'no knob is called "bootTme", did you mean bootTime?'],
    [{ listen: 'foo' }, '--listen foo: is not an address with a port'],
    [{ listen: '0.0.0.0:7070' }, 'loopback such as 127.0.0.1:7070, or --expose'],
  ])('%j is refused', (given, problem) => {
    expect(plan({ ...NOTHING, ...given })).toEqual({ problem: expect.stringContaining(problem) as string })
  })

  test('an address that others reach is taken if that is wanted', () => {
    expect(plan({ ...NOTHING, listen: '0.0.0.0:7070', expose: true })).toMatchObject({
      address: { host: '0.0.0.0', port: 7070 },
    })
  })

  test('what is wrong goes to stderr, and the exit code is 64', async () => {
    const err: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
    await yargs(['simulate', '--fault', 'nonsense']).command(simulateCommand).exitProcess(false).parseAsync()
    expect(err.join('')).toMatch(/^cipbridge simulate: no fault is called "nonsense"/)
    expect(process.exitCode).toBe(64)
  })

  test('--help tells of every fault', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    await yargs(['simulate', '--help']).command(simulateCommand).exitProcess(false).parseAsync()
    const help = log.mock.calls.join('\n')
    for (const name of Object.keys(FAULT_KINDS)) expect(help).toMatch(new RegExp(`^ +${name}[, ]`, 'm'))
  })
})

describe('knobs', () => {
  test('each default reads back as itself', () => {
    const texts = Object.entries(KNOBS).map(([name, { value }]) => `${name}=${value}`)
    expect(parseKnobs(texts)).toEqual(
      Object.fromEntries(Object.entries(KNOBS).map(([name, { value }]) => [name, value])),
    )
  })

  test.each([
    ['bootTime=8000', { bootTime: 8000 }],
    ['dtrDefault=2', { dtrDefault: 2 }],
    ['plusLeaks=true', { plusLeaks: true }],
    ['connectText= 115200', { connectText: ' 115200' }],
    ['alreadyConnect=', { alreadyConnect: '' }],
  ])('%s', (text, knobs) => expect(parseKnobs([text])).toEqual(knobs))

  test.each([
    ['bootTime=x', 'bootTime=NUMBER'],
    ['bootTime', 'bootTime=NUMBER'],
    ['plusLeaks=1', 'plusLeaks=true|false'],
    ['closeSign=foo', 'closeSign=both|line|dcd'],
    ['dtrDefault=3', 'dtrDefault=0|1|2'],
  ])('%s is refused', (text, expected) => expect(() => parseKnobs([text])).toThrow(expected))

  test('the list has each with its default', () => {
    expect(listOfKnobs().trimEnd().split('\n')).toHaveLength(Object.keys(KNOBS).length)
    expect(listOfKnobs()).toMatch(/^bootTime=3000 +from power to a serial port that answers$/m)
  })
})

describe('the built program', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cipbridge-simulate-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  interface Simulation {
    readonly child: ChildProcessByStdio<null, Readable, null>
    said(): string
    until(pattern: RegExp): Promise<void>
    end(): Promise<unknown>
  }

  function simulate(...words: string[]): Simulation {
    expect(existsSync('dist/main.js'), 'npm run build makes it').toBe(true)
    const child = spawn(process.execPath, ['dist/main.js', 'simulate', ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    return {
      child,
      said: () => said,
      until: (pattern) => vi.waitFor(() => expect(said).toMatch(pattern), { timeout: 10_000 }),
      end: async () => {
        const code = new Promise((resolve) => child.once('close', resolve))
        child.kill('SIGINT')
        return code
      },
    }
  }

  test('the link is there while it runs, comes back after an unplugging, and is gone afterwards', async () => {
    const link = join(folder, 'modem')
    const simulation = simulate('--link', link, '--fault', 'line-unplugged,after=500ms,for=500ms')
    await simulation.until(/^SIM800L at /)
    expect(simulation.said()).toContain(`line: { device: ${link} }`)
    await simulation.until(/fault line-unplugged begins/)
    await simulation.until(/back at /)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(await simulation.end()).toBe(0)
    expect(existsSync(link)).toBe(false)
  })

  test('a program at its TCP port talks to the modem, and --verbose shows it', async () => {
    const simulation = simulate('--listen', '127.0.0.1:17071', '--verbose', '--dialect', 'sim900')
    await simulation.until(/^SIM900 at 127\.0\.0\.1:17071/)
    const socket = connect(17_071, '127.0.0.1')
    let heard = ''
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
    })
    socket.write('AT+GMM\r')
    await vi.waitFor(() => expect(heard).toMatch(/SIM900[\s\S]*OK/), { timeout: 5_000 })
    await simulation.until(/» AT\+GMM/)
    socket.destroy()
    expect(await simulation.end()).toBe(0)
  })
})
