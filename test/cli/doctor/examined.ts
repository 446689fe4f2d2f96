/** The doctor's whole examination of a tree of files with a virtual modem at its port, in virtual time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { examine, type Order } from '../../../src/cli/doctor/examination.ts'
import type { Finding, Verdict } from '../../../src/cli/doctor/finding.ts'
import type { Machine } from '../../../src/cli/doctor/machine.ts'
import type { OpenPort } from '../../../src/core/port.ts'
import { VirtualModem } from '../../../src/virtual-modem/virtual-modem.ts'
import { type VirtualPortOptions, virtualPort } from '../../../src/virtual-modem/virtual-port.ts'
import { machineOf, PI4 } from './trees.ts'

export interface Examined {
  readonly findings: readonly Finding[]
  /** The findings of a check, in their order. */
  readonly of: (check: string) => Finding[]
  /** The first finding of a check. */
  readonly one: (check: string) => Finding
  /** `check: message` of every finding with this verdict. */
  readonly those: (verdict: Verdict) => string[]
}

export interface Setting {
  readonly machine?: Machine
  readonly modem?: VirtualModem
  readonly port?: VirtualPortOptions
  readonly openPort?: OpenPort
  /** YAML in the place of the usual configuration. */
  readonly yaml?: string
  /** Keys of the section `line`, as YAML. */
  readonly line?: string
  /** More sections. */
  readonly more?: string
  readonly order?: Partial<Order>
}

/** A modem whose network leads nowhere. */
export function modemOf(options: Omit<ConstructorParameters<typeof VirtualModem>[0], 'network'> = {}): VirtualModem {
  const network = { dial: () => Promise.reject(new Error('refused')), resolve: () => Promise.resolve(['192.0.2.1']) }
  return new VirtualModem({ ...options, network })
}

/** Examines; virtual time passes until it is over. */
export async function examined(setting: Setting = {}): Promise<Examined> {
  const folder = mkdtempSync(join(tmpdir(), 'cipbridge-doctor-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'c.yaml')
  const { machine = machineOf(PI4), modem = modemOf(), line = 'device: /dev/serial0', more = '' } = setting
  const usual = `line: { ${line} }
context: { apn: internet }
routes: [{ name: web, listen: 127.0.0.1:1883, to: tcp://broker.example.com:1883 }]
control: { socket: ${folder}/none.sock }
state: { folder: ${folder} }
${more}`
  writeFileSync(file, setting.yaml ?? usual)
  const openPort = setting.openPort ?? virtualPort(modem, { lines: false, ...setting.port })
  const openGpio = (): never => {
    throw new Error('there is no chip')
  }
  const findings: Finding[] = []
  const order = { file, socket: undefined, dial: false, inSession: false, ...setting.order }
  await throughTime(examine(order, { machine, openPort, openGpio }, (finding) => findings.push(finding)))
  const of = (check: string): Finding[] => findings.filter((finding) => finding.check === check)
  return {
    findings,
    of,
    one: (check) => {
      const [first] = of(check)
      if (!first) throw new Error(`no finding of ${check}: ${findings.map((finding) => finding.check).join(', ')}`)
      return first
    },
    those: (verdict) =>
      findings.flatMap((finding) => (finding.verdict === verdict ? [`${finding.check}: ${finding.message}`] : [])),
  }
}

/** Lets virtual time pass until `work` is over. */
async function throughTime<T>(work: Promise<T>): Promise<T> {
  const state = { over: false }
  const ended = work.finally(() => {
    state.over = true
  })
  ended.catch(() => undefined)
  while (!state.over) await vi.advanceTimersByTimeAsync(20)
  return ended
}
