/** The bridges that are measured side by side: cipbridge on a canned modem, and what else is installed, each on its yardstick. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { now, sleep } from '../src/core/time.ts'
import { freePort } from '../test/support/real-peer.ts'
import { installed } from '../test/support/real-peer-client.ts'
import { CannedModem } from './canned-modem.ts'
import { Yardstick } from './yardstick.ts'

const PROGRAM = 'dist/main.js'
/** As systemd/cipbridge.service runs it. */
const UNIT_FLAGS = ['--max-semi-space-size=2']
const PATIENCE_MS = 30_000
/** Longer than the daemon needs from an answer to its next command. */
const QUIET_MS = 20

export const PEERS = ['socat', 'ser2net'] as const
export type Peer = (typeof PEERS)[number]

/** Which of the peers are not installed. */
export function missingPeers(): Peer[] {
  return PEERS.filter((peer) => installed(peer) === undefined)
}

/** A bridge that runs, with bytes flowing through it. */
export class Bridge {
  readonly name: string
  readonly yardstick: Yardstick
  readonly folder: string
  readonly port: number
  readonly #child: ChildProcess

  constructor(name: string, port: number, folder: string, yardstick: Yardstick, command: readonly string[]) {
    this.name = name
    this.port = port
    this.folder = folder
    this.yardstick = yardstick
    const log = openSync(join(folder, 'log'), 'w')
    const [program = '', ...rest] = command
    this.#child = spawn(program, rest, { stdio: ['ignore', log, log] })
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} does not start`)
    return this.#child.pid
  }

  mustLive(): void {
    if (this.#child.exitCode !== null) throw new Error(`${this.name} ended\n${this.log}`)
  }

  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'close') : undefined
    this.#child.kill('SIGKILL')
    await ended
    this.yardstick.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves when `condition` holds; between two looks this process does what is due. */
export async function until(condition: () => boolean, what: string, bridge: Bridge): Promise<void> {
  const since = now()
  while (!condition()) {
    if (now() - since > PATIENCE_MS) throw new Error(`${bridge.name}: not within 30 s: ${what}\n${bridge.log}`)
    bridge.mustLive()
    await sleep(1)
  }
}

const folderOf = (name: string): string => mkdtempSync(join(tmpdir(), `cipbridge-bench-${name}-`))

export class Daemon extends Bridge {
  readonly modem = new CannedModem(this.yardstick.pty.fd)
}

/** The daemon, started and not yet waited for. */
export async function startDaemon(
  baudRate: number,
  nodeFlags: readonly string[] = [],
  route: object = {},
  moreRoutes = 0,
): Promise<Daemon> {
  const folder = folderOf('daemon')
  const port = await freePort()
  const yardstick = new Yardstick()
  const more = Array.from({ length: moreRoutes }, (_, index) => ({
    name: `more-${index}`,
    listen: join(folder, `${index}.sock`),
    to: 'tcp://127.0.0.1:9',
  }))
  const config = {
    line: { device: yardstick.pty.path, baudRate },
    context: { apn: 'bench' },
    routes: [{ name: 'bench', listen: `127.0.0.1:${port}`, to: 'tcp://127.0.0.1:9', linger: '0s', ...route }, ...more],
    control: { socket: join(folder, 'control.sock') },
    log: { level: 'info', format: 'json' },
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'cipbridge.yaml'), JSON.stringify(config))
  const flags = [...UNIT_FLAGS, ...nodeFlags]
  const command = [process.execPath, ...flags, PROGRAM, 'run', '--config', join(folder, 'cipbridge.yaml')]
  return new Daemon('cipbridge', port, folder, yardstick, command)
}

/** Until a client can connect. */
export async function listening(daemon: Daemon): Promise<void> {
  await until(
    () => {
      daemon.modem.serve(QUIET_MS)
      return daemon.log.includes('"listening"')
    },
    'the open port',
    daemon,
  )
}

/** A client connects and the modem has dialled. */
export async function online(daemon: Daemon): Promise<void> {
  await until(() => daemon.yardstick.connect(daemon.port), 'a client to be let in', daemon)
  // A client that says nothing is dialled for as well.
  await until(
    () => {
      daemon.modem.serve(QUIET_MS)
      return daemon.modem.dataMode
    },
    'the carrier',
    daemon,
  )
}

/** The daemon with a session under way. */
export async function cipbridge(baudRate: number, nodeFlags: readonly string[] = []): Promise<Daemon> {
  const daemon = await startDaemon(baudRate, nodeFlags)
  await listening(daemon)
  await online(daemon)
  daemon.yardstick.delay('up', Buffer.from('a'))
  daemon.yardstick.delay('down', Buffer.from('a'))
  return daemon
}

/** A peer doing the same copy. */
export async function peerBridge(peer: Peer): Promise<Bridge> {
  const port = await freePort()
  const yardstick = new Yardstick()
  const folder = folderOf(peer)
  const bridge = new Bridge(peer, port, folder, yardstick, commandOf(peer, yardstick.pty.path, port, folder))
  await until(() => yardstick.connect(port), 'the open port', bridge)
  // ser2net opens its tty after it has accepted.
  await sleep(200)
  yardstick.delay('up', Buffer.from('a'))
  yardstick.delay('down', Buffer.from('a'))
  return bridge
}

function commandOf(peer: Peer, device: string, port: number, folder: string): string[] {
  const program = installed(peer) ?? peer
  if (peer === 'socat') {
    return [program, `${device},raw,echo=0`, `TCP-LISTEN:${port},bind=127.0.0.1,nodelay,reuseaddr`]
  }
  const file = join(folder, 'ser2net.yaml')
  writeFileSync(
    file,
    `connection: &bench
  accepter: tcp(nodelay=true),127.0.0.1,${port}
  connector: serialdev,${device},921600n81,local
`,
  )
  return [program, '-n', '-c', file]
}
