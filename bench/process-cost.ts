/** What a process has cost, as the kernel counts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { sleep } from '../src/core/time.ts'

/** Processor time of all threads, in ms. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return ns.reduce((sum, one) => sum + one, 0) / 1e6
}

/** Resident memory, in MiB. */
export function rssMib(pid: number): number {
  const [, kb = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kb) / 1024
}

/** The system calls that a process makes during `work`; undefined where strace is not installed or not allowed. */
export async function systemCalls(pid: number, work: () => void): Promise<ReadonlyMap<string, number> | undefined> {
  const strace = spawn('strace', ['-c', '-f', '-U', 'calls,name', '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  strace.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = Promise.race([once(strace, 'close'), once(strace, 'error')])
  if (!(await attached(strace, () => said))) return undefined
  work()
  strace.kill('SIGINT')
  await ended
  return new Map([...said.matchAll(/^\s*(\d+)\s+(\w+)\s*$/gm)].map(([, calls, name = '']) => [name, Number(calls)]))
}

async function attached(strace: ChildProcess, said: () => string): Promise<boolean> {
  for (let tries = 0; tries < 100 && strace.exitCode === null && strace.pid !== undefined; tries += 1) {
    if (/attached/.test(said())) return true
    await sleep(20)
  }
  strace.kill()
  return false
}
