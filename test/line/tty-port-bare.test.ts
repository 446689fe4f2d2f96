/** A tty port on a machine without koffi: what serialport and coreutils can do, is done. */
import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PortSettings } from '../../src/core/port.ts'
import { openPseudoTerminal, type PseudoTerminal } from '../../src/core/pseudo-terminal.ts'
import { openTtyPort } from '../../src/line/tty-port.ts'

vi.mock('node:module', () => ({
  createRequire: () => () => {
    throw new Error("Cannot find module 'koffi'")
  },
}))

const settings: PortSettings = { baudRate: 115200, flowControl: 'hardware' }
let terminal: PseudoTerminal

beforeEach(async () => {
  terminal = await openPseudoTerminal()
})
afterEach(() => terminal.close())

describe('without koffi', () => {
  it('DTR is kept up at the close as well', async () => {
    execFileSync('stty', ['-F', terminal.path, 'hupcl'])
    const port = await openTtyPort(terminal.path, settings)
    expect(execFileSync('stty', ['-F', terminal.path, '-a'], { encoding: 'utf8' })).toContain('-hupcl')
    await port.close()
  })

  it('bytes flow, and what cannot be known is undefined', async () => {
    const port = await openTtyPort(terminal.path, settings)
    const heard = new Promise((resolve) => port.stream.once('data', resolve))
    terminal.stream.write('RING')
    expect(String(await heard)).toBe('RING')
    expect(port.unsentBytes()).toBeUndefined()
    expect(await port.signals()).toBeUndefined()
    await port.setSignals({ dtr: false })
    await port.close()
  })

  it('a hang-up is seen by a port that nobody reads', async () => {
    const port = await openTtyPort(terminal.path, settings)
    const failed = new Promise((resolve) => port.stream.once('error', resolve))
    await terminal.close()
    expect(await failed).toMatchObject({ code: 'line-gone' })
  })
})
