import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import yargs from 'yargs'
import { demoCommand } from '../../src/cli/demo.ts'
import { ConversationOver, DemoClient } from '../../src/cli/demo-client.ts'
import { DemoPrint, paperOf } from '../../src/cli/demo-print.ts'
import { SCENARIOS } from '../../src/virtual-modem/scenarios.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

async function demo(...words: string[]): Promise<{ stdout: string; stderr: string; code: unknown }> {
  const out: string[] = []
  const err: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
  await yargs(['demo', ...words])
    .command(demoCommand)
    .exitProcess(false)
    .parseAsync()
  return { stdout: out.join(''), stderr: err.join(''), code: process.exitCode }
}

describe('arguments', () => {
  test('--list names every scenario', async () => {
    const { stdout, code } = await demo('--list')
    for (const { name, description } of SCENARIOS) expect(stdout).toMatch(new RegExp(`^${name} +${description}$`, 'm'))
    expect(code).toBeUndefined()
  })

  test('an unknown scenario names the nearest, and the exit code is 64', async () => {
    const { stderr, code } = await demo('--scenario', 'tunel')
    expect(stderr).toContain('no scenario is called "tunel", did you mean tunnel?')
    expect(code).toBe(64)
  })
})

describe('the program of the demo', () => {
  const peers: Server[] = []
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.close()
  })

  function peer(behave: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      // A client that leaves resets.
      socket.on('error', () => undefined)
      behave(socket)
    })
    peers.push(server)
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
  }

  const never = new AbortController().signal

  test('what comes back unchanged is right, with equal digests', async () => {
    const client = await DemoClient.connect('127.0.0.1', await peer((socket) => void socket.pipe(socket)))
    await client.exchange(Buffer.from('hello'), 5000, never)
    await client.exchange(Buffer.from(' world'), 5000, never)
    expect(client).toMatchObject({ bytesSent: 11, bytesReturned: 11, wrong: 0 })
    expect(client.digests.sent).toBe(client.digests.returned)
    client.leave()
  })

  test('a changed byte, and one too many, are wrong and shown', async () => {
    const client = await DemoClient.connect(
      '127.0.0.1',
      await peer((socket) => void socket.on('data', () => socket.write('hEllo!'))),
    )
    await client.exchange(Buffer.from('hello'), 5000, never)
    expect(client.wrong).toBe(2)
    expect(client.excerpt).toBe('at byte 1 came "Ello!" instead of "ello"')
    expect(client.digests.sent).not.toBe(client.digests.returned)
    client.leave()
  })

  test.each([
    ['closed', (socket: Socket) => void socket.end()],
    ['reset', (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['silence', () => undefined],
  ])('a peer that ends it by %s is told apart', async (how, behave) => {
    const client = await DemoClient.connect('127.0.0.1', await peer(behave))
    const over = await client.exchange(Buffer.from('hello'), 300, never).catch((error: unknown) => error)
    expect(over).toBeInstanceOf(ConversationOver)
    expect(over).toMatchObject({ how })
    client.leave()
  })

  test('nobody who listens is a refusal', async () => {
    await expect(DemoClient.connect('127.0.0.1', 1)).rejects.toMatchObject({ how: 'refused' })
  })
})

describe('the print', () => {
  const printed = (columns: number): { print: DemoPrint; lines: () => string[] } => {
    let text = ''
    const print = new DemoPrint({ columns, colours: false, write: (more) => (text += more) }, () => 1.25, false)
    return { print, lines: () => text.trimEnd().split('\n') }
  }

  test('an event has its figures, and its hint once', () => {
    const { print, lines } = printed(100)
    const event = { level: 'warn', msg: 'it broke', fault: 'carrier-lost', hint: 'wait' }
    print.journal(JSON.stringify({ ...event, event: 'carrier-lost' }))
    print.journal(JSON.stringify({ ...event, event: 'session-end', bytesUp: 1234 }))
    expect(lines()).toEqual([
      '  1.3 s  carrier   it broke (fault carrier-lost)',
      '  1.3 s            → wait',
      '  1.3 s  session   it broke (fault carrier-lost, 1,234 bytes up)',
    ])
  })

  test('a state is told with what the link does in it; the AT dialogue only when asked for', async () => {
    const { print, lines } = printed(100)
    const at = JSON.stringify({ level: 'debug', event: 'at', msg: '» AT+CSQ' })
    print.journal(at)
    print.journal(JSON.stringify({ level: 'debug', event: 'state', to: 'resuming', msg: '' }))
    await print.showingDialogue(() => {
      print.journal(at)
      return Promise.resolve()
    })
    expect(lines()).toEqual(['  1.3 s  link      resuming: ATO: back to data mode', '  1.3 s  at        » AT+CSQ'])
  })

  test('no line is wider than the terminal', () => {
    const { print, lines } = printed(60)
    print.line('program', 'word '.repeat(40).trim())
    expect(Math.max(...lines().map((line) => line.length))).toBeLessThanOrEqual(60)
  })

  test.each([
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [false, {}, false],
  ])('on a terminal (%s) with %j colours are %s', (isTTY, environment, colours) => {
    const stream = Object.assign(new EventEmitter(), { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream
    expect(paperOf(stream, environment).colours).toBe(colours)
  })
})

test('the built demo ends in good order with its bytes verified', { timeout: 40_000 }, async () => {
  expect(existsSync('dist/main.js'), 'npm run build makes it').toBe(true)
  const child = spawn(process.execPath, ['dist/main.js', 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(said.trimEnd().split('\n').at(-1)).toMatch(/^verified: [\d,]+ bytes .* every one right, in [\d.]+ s$/)
  expect(code).toBe(0)
})
