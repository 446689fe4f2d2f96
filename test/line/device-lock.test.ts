import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { deviceHolder, lockDevice } from '../../src/line/device-lock.ts'

const DEVICE = '/dev/ttyUSB7'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'device-lock-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function lockFile(name = 'ttyUSB7'): string {
  return join(folder, `LCK..${name}`)
}

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync('true').pid
}

function refusal(): string {
  try {
    lockDevice(DEVICE, [folder]).release()
    return ''
  } catch (error) {
    return isFault(error, 'line-busy') ? error.message : String(error)
  }
}

describe('a lock file', () => {
  it('holds the pid as ten characters and a newline, and goes at the release', () => {
    const lock = lockDevice(DEVICE, [folder])
    expect(readFileSync(lockFile(), 'latin1')).toBe(`${String(process.pid).padStart(10)}\n`)
    lock.release()
    lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('is named after the whole path below /dev', () => {
    const lock = lockDevice('/dev/pts/12', [folder])
    expect(existsSync(lockFile('pts_12'))).toBe(true)
    lock.release()
  })

  it('keeps the same process out', () => {
    const lock = lockDevice(DEVICE, [folder])
    expect(refusal()).toContain('this process')
    lock.release()
    expect(refusal()).toBe('')
  })

  it('of a living process keeps us out and says who that is', () => {
    writeFileSync(lockFile(), `${process.ppid} minicom root\n`)
    const message = refusal()
    expect(message).toContain(`pid ${process.ppid}`)
    expect(message).toContain(lockFile())
    expect(message).toContain(readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trim())
    expect(readFileSync(lockFile(), 'utf8')).toContain('minicom')
  })

  it('with the pid as four bytes is understood', () => {
    const content = Buffer.alloc(4)
    content.writeInt32LE(process.ppid)
    writeFileSync(lockFile(), content)
    expect(refusal()).toContain(`pid ${process.ppid}`)
  })

  it.each([
    ['a dead process', () => `${deadPid()}\n`],
    ['an earlier process with our own pid', () => `${process.pid}\n`],
    ['nobody, being empty', () => ''],
    ['nobody, being garbage', () => 'not a pid at all'],
  ])('of %s is taken over', (_, content) => {
    writeFileSync(lockFile(), content())
    const lock = lockDevice(DEVICE, [folder])
    expect(Number(readFileSync(lockFile(), 'utf8'))).toBe(process.pid)
    lock.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('that somebody else has replaced is left alone at the release', () => {
    const lock = lockDevice(DEVICE, [folder])
    writeFileSync(lockFile(), '1\n')
    lock.release()
    expect(existsSync(lockFile())).toBe(true)
  })

  it('is made in the next folder when the first cannot be written', () => {
    const lock = lockDevice(DEVICE, ['/proc', join(folder, 'missing'), folder])
    expect(existsSync(lockFile())).toBe(true)
    lock.release()
  })

  it('counts in every folder, wherever it lies', () => {
    const other = mkdtempSync(join(tmpdir(), 'device-lock-'))
    writeFileSync(lockFile(), `${process.ppid}\n`)
    expect(() => lockDevice(DEVICE, [other, folder])).toThrow('in use')
    expect(readdirSync(other)).toEqual([])
    rmSync(other, { recursive: true })
  })

  it('is done without where no folder can be written', () => {
    chmodSync(folder, 0o755)
    lockDevice(DEVICE, ['/proc']).release()
  })
})

describe('the holder of a device', () => {
  it('is nobody when no process has it open', () => {
    expect(deviceHolder('/dev/ttyNOWHERE')).toBeUndefined()
  })
})
