/** A real pseudo-terminal for each test, and the port at its other end. */
import { execFileSync } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import type { Port, PortSettings } from '../../src/core/port.ts'
import { openPseudoTerminal, type PseudoTerminal } from '../../src/core/pseudo-terminal.ts'
import { openTtyPort } from '../../src/line/tty-port.ts'

export const settings: PortSettings = { baudRate: 115200, flowControl: 'none' }

/** The modem's end, made anew for each test. */
export let terminal: PseudoTerminal
const ports: Port[] = []

/** Makes the pseudo-terminal before each test of the file, and closes it and every port afterwards. */
export function eachOnItsTerminal(): void {
  beforeEach(async () => {
    terminal = await openPseudoTerminal()
  })
  afterEach(async () => {
    await Promise.all(ports.splice(0).map((port) => port.close()))
    await terminal.close()
  })
}

export async function open(device = terminal.path, wanted = settings): Promise<Port> {
  const port = await openTtyPort(device, wanted)
  ports.push(port)
  return port
}

/** What `promise` rejects with. */
export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Fault)) throw new Error(`expected a Fault, not ${String(error)}`)
  return error
}

/** Every setting of the tty, as stty prints them. */
export function stty(path: string): string {
  return execFileSync('stty', ['-F', path, '-a'], { encoding: 'utf8' })
}

/** Writes until neither the stream nor the kernel takes more, which a queue that stays as long shows. */
export async function stuck(stream: Duplex): Promise<void> {
  for (let piece = 0; piece < 200; piece++) stream.write(Buffer.alloc(1024, piece))
  let last = -1
  await vi.waitUntil(
    () => {
      const same = stream.writableLength === last
      last = stream.writableLength
      return same
    },
    { interval: 30, timeout: 5000 },
  )
  expect(stream.writableLength).toBeGreaterThan(0)
}
