import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import * as native from '../../src/core/native.ts'

const open: number[] = []

function openPair(): { master: number; slave: number; path: string } {
  const { fd: master, path } = native.openPtyMaster()
  const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  open.push(master, slave)
  return { master, slave, path }
}

function stty(path: string, ...settings: string[]): string {
  return execFileSync('stty', ['-F', path, ...settings], { encoding: 'utf8' })
}

describe.skipIf(!native.hasNative())('the system calls', () => {
  afterEach(() => {
    open.splice(0).forEach((fd) => closeSync(fd))
  })

  it('open a pseudo-terminal that is raw before anybody opens it', () => {
    const { path } = openPair()
    const settings = stty(path, '-a')
    for (const off of ['-icanon', '-echo', '-isig', '-icrnl', '-ixon', '-opost']) expect(settings).toContain(off)
    expect(settings).toContain('cs8')
    expect(settings).toContain('min = 1; time = 0')
  })

  it('read from the master which speed and flow control the program at the slave has set', () => {
    const { master, path } = openPair()
    stty(path, '57600', '-crtscts')
    expect(native.ttySettings(master)).toEqual({ baudRate: 57600, hardwareFlow: false })
    stty(path, '460800', 'crtscts')
    expect(native.ttySettings(master)).toEqual({ baudRate: 460800, hardwareFlow: true })
  })

  it('clear HUPCL and leave every other setting', () => {
    const { slave, path } = openPair()
    stty(path, 'hupcl', 'crtscts', '115200')
    const before = stty(path, '-a')
    expect(native.keepLinesOnClose(slave)).toBe(true)
    expect(stty(path, '-a')).toBe(before.replace(' hupcl', ' -hupcl'))
  })

  it('duplicate a master, for which opening its path again would make another one', () => {
    const { master, slave } = openPair()
    const copy = native.duplicate(master)
    open.push(copy)
    writeSync(copy, 'hello')
    const read = Buffer.alloc(16)
    expect(read.toString('latin1', 0, readSync(slave, read))).toBe('hello')
  })

  it('count the bytes queued for the wire', () => {
    const { slave } = openPair()
    expect(native.queuedBytes(slave)).toBe(0)
  })

  it('say that a pseudo-terminal has no modem lines', () => {
    const { slave } = openPair()
    expect(native.modemLines(slave)).toBeUndefined()
    expect(native.driveLines(slave, { dtr: true })).toBe(false)
    expect(native.driveLines(slave, {})).toBe(true)
  })

  it('say nothing about what is no tty', () => {
    const fd = openSync('/dev/null', 'r')
    open.push(fd)
    expect(native.ttySettings(fd)).toBeUndefined()
    expect(native.queuedBytes(fd)).toBeUndefined()
    expect(native.keepLinesOnClose(fd)).toBe(false)
  })

  it('name the system error', () => {
    expect(() => native.duplicate(-1)).toThrow('EBADF')
  })
})
