/** Callers from the network: the built program joins them to a program of this machine, with or without a route beside it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { Stage } from '../support/built-program-stage.ts'
import { type Conversation, connectTo, freePort, RealPeer } from '../support/real-peer.ts'
import { installed, runClient } from '../support/real-peer-client.ts'

/** Every byte value, the modem's own words, what an escape looks like, and much of no sense. */
const BYTES = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, value) => value)),
  Buffer.from('\r\nREMOTE IP: 10.0.0.1\r\n+++\r\nCLOSED\r\n'),
  randomBytes(20_000),
])
const BAUD = 460_800

interface Called {
  readonly s: Stage
  readonly modemPort: number
  /** Somebody out there calls, as soon as the modem listens. */
  readonly call: () => Promise<Conversation>
}

/** A daemon whose modem takes callers and joins them to `to`, a port of this machine. */
async function called(to: number, own: Partial<ConfigInput> = { routes: [] }, from = '127.0.0.1'): Promise<Called> {
  const modemPort = await freePort()
  const inbound = { name: 'in', modemPort, to: `127.0.0.1:${to}`, allowFrom: [from], linger: '300ms' }
  const s = await Stage.set({
    baudRate: BAUD,
    knobs: { baudRate: BAUD },
    config: { ...own, inbound: [inbound] },
  })
  onTestFinished(() => s[Symbol.asyncDispose](), 30_000)
  await s.startModem()
  s.startDaemon()
  await s.until(() => s.daemon.told('callers').length > 0, 'the modem listens')
  const call = async (): Promise<Conversation> => {
    // A call in the very moment of a command is hung up.
    await s.until(() => s.daemon.told('state').at(-1)?.to === 'ready', 'nothing else to do')
    let caller = connectTo(modemPort)
    await s.until(() => {
      if (caller.socket.closed) caller = connectTo(modemPort)
      return caller.socket.readyState === 'open'
    }, 'somebody gets through')
    return caller
  }
  return { s, modemPort, call }
}

async function localProgram(): Promise<RealPeer> {
  const program = await RealPeer.listen()
  onTestFinished(() => program.close())
  return program
}

test('P1 P2 with nothing but inbound in the file callers are joined byte by byte, and either side hangs up', async () => {
  const program = await localProgram()
  const { s, call } = await called(program.port)
  const first = await call()
  first.socket.write(BYTES)
  await s.until(() => program.conversations[0]?.length === BYTES.length, 'what the caller says')
  program.latest.socket.write(BYTES)
  await s.until(() => first.length === BYTES.length, 'what the program says')
  first.socket.end()
  await s.until(() => program.latest.end === 'fin', 'the caller’s end')
  program.latest.socket.end()
  const second = await call()
  second.socket.write('again')
  await s.until(() => program.conversations[1]?.text === 'again', 'the second caller')
  program.latest.socket.end(BYTES)
  await s.until(() => second.length === BYTES.length && second.end !== 'open', 'the program’s end')
  expect(first.bytes.equals(BYTES) && program.conversations[0]?.bytes.equals(BYTES)).toBe(true)
  expect(second.bytes.equals(BYTES)).toBe(true)
  await s.sessionsOver(2)
  const ends = s.daemon.told('session-end').map(({ outcome, bytesUp, bytesDown }) => [outcome, bytesUp, bytesDown])
  expect(ends).toEqual([
    ['closed-by-peer', BYTES.length, BYTES.length],
    ['closed-by-client', BYTES.length, 5],
  ])
}, 60_000)

test('P13 a caller that is not allowed is hung up, and no program hears of it', async () => {
  const program = await localProgram()
  const { s, call } = await called(program.port, { routes: [] }, '10.0.0.0/8')
  const caller = await call()
  caller.socket.write('let me in')
  await s.until(() => caller.end !== 'open', 'the caller is hung up')
  expect(program.conversations).toEqual([])
  expect(s.daemon.told('call')).toMatchObject([
    { level: 'warn', msg: expect.stringContaining('127.0.0.1 is refused') as string },
  ])
}, 60_000)

test('P1 callers and the clients of a route take turns', async () => {
  const program = await localProgram()
  const { s, call } = await called(program.port, {})
  for (const turn of [1, 2, 3]) {
    const caller = await call()
    caller.socket.write(`call ${turn}`)
    await s.until(() => program.conversations.at(-1)?.text === `call ${turn}`, `call ${turn}`)
    caller.socket.end()
    program.latest.socket.end()
    await s.sessionsOver(2 * turn - 1)
    const app = s.connect()
    app.socket.write(`dial ${turn}`)
    await s.until(() => s.peer.conversations.at(-1)?.text === `dial ${turn}`, `dial ${turn}`)
    s.peer.latest.socket.end('well')
    await s.until(() => app.text === 'well' && app.end === 'fin', `the answer of dial ${turn}`)
    app.socket.end()
    await s.sessionsOver(2 * turn)
  }
}, 90_000)

test('P1 ssh and scp to an sshd behind the modem', async (t) => {
  const port = await freePort()
  const { s, modemPort } = await called(port)
  const key = await sshd(t, s.folder, port)
  const options = ['-F', 'none', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  const host = `${userInfo().username}@127.0.0.1`
  const login = await runClient(need(t, 'ssh'), ['-q', ...options, '-p', String(modemPort), host, 'sha256sum'], BYTES)
  const hash = createHash('sha256').update(BYTES).digest('hex')
  expect(login).toMatchObject({ exit: 0, stdout: `${hash}  -\n` })
  const [here, there] = [join(s.folder, 'here'), join(s.folder, 'there')]
  await writeFile(there, BYTES)
  await s.sessionsOver(1)
  const copy = await runClient(need(t, 'scp'), ['-q', ...options, '-P', String(modemPort), `${host}:${there}`, here])
  expect(copy).toMatchObject({ exit: 0 })
  expect((await readFile(here)).equals(BYTES)).toBe(true)
}, 90_000)

/** Starts a server that believes one key; @returns the file with it. */
async function sshd(t: TestContext, folder: string, port: number): Promise<string> {
  const server = need(t, 'sshd')
  const keygen = need(t, 'ssh-keygen')
  const [key, hostKey, config] = [join(folder, 'key'), join(folder, 'host'), join(folder, 'sshd_config')]
  for (const file of [key, hostKey]) {
    expect(await runClient(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', file])).toMatchObject({ exit: 0 })
  }
  await chmod(key, 0o600)
  const settings = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${key}.pub`,
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'Subsystem sftp internal-sftp',
  ]
  await writeFile(config, `${settings.join('\n')}\n`)
  const check = await runClient(server, ['-t', '-f', config])
  if (check.exit !== 0) t.skip(`sshd does not start here: ${check.stderr}`)
  const running: ChildProcess = spawn(server, ['-D', '-f', config], { stdio: 'ignore' })
  onTestFinished(() => void running.kill())
  return key
}

/** The program, or the test is skipped with the reason. */
function need(t: TestContext, program: string): string {
  return installed(program) ?? t.skip(`${program} is not installed`)
}
