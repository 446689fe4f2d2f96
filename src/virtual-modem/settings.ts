/** What AT commands set, and what survives a reset (AT manual 1.7.1, 2.2.32). */
import type { Knobs } from './knobs.ts'

/** Stored by AT&W. */
export interface Profile {
  echo: number
  verbose: number
  quiet: number
  resultLevel: number
  dcd: number
  dtr: number
  cmee: number
  creg: number
  cgreg: number
  ifc: readonly [number, number]
  icf: string
  ipr: number
  sleep: number
  cfgri: number
  clts: number
  ciurc: number
  exunsol: number
  cmnrp: number
  cmgf: number
  cnmi: string
  /** S0, S3, S4 … by number */
  registers: Readonly<Record<number, number>>
}

/** AT+CIPCCFG's parameters by the manual's names (AT manual 8.2.23). */
export interface TransferConfig {
  readonly nmRetry: number
  readonly waitTm: number
  readonly sendSz: number
  readonly esc: number
  readonly rxMode: number
  readonly rxSize: number
  readonly rxTimer: number
}

/** Stored by AT+CIPSCONT (AT manual 8.2.24). */
export interface IpProfile {
  cipmode: number
  cipmux: number
  ccfg: TransferConfig
  apn: string
  user: string
  password: string
  rdtimer: string
  dpdp: string
}

/** Gone at every reset (NO_SAVE). */
export interface Passing {
  gsmbusy: number
  clip: number
  tka: string
  clport: readonly [number, number]
  ssl: number
  dns: readonly [string, string]
}

/** Stored at once (AUTO_SAVE). */
export interface Nvram {
  cfun: number
  cops: string
}

const TRANSFER: TransferConfig = { nmRetry: 5, waitTm: 2, sendSz: 1024, esc: 1, rxMode: 0, rxSize: 1460, rxTimer: 50 }

/** AT&F and AT Z leave these alone (AT manual 2.2.27, 2.2.30). */
const LEFT_ALONE = ['sleep', 'ipr', 'icf', 'ifc', 'cmnrp'] as const

function factory(knobs: Knobs): Profile {
  return {
    echo: 1,
    verbose: 1,
    quiet: 0,
    resultLevel: 4,
    dcd: knobs.dcdDefault,
    dtr: knobs.dtrDefault,
    cmee: 0,
    creg: 0,
    cgreg: 0,
    ifc: knobs.flowControl === 'hardware' ? [2, 2] : [0, 0],
    icf: '3,255',
    ipr: knobs.baudRate,
    sleep: 0,
    cfgri: 0,
    clts: 0,
    ciurc: 1,
    exunsol: 0,
    cmnrp: 0,
    cmgf: 0,
    cnmi: '2,1,0,0,0',
    registers: { 0: 0, 3: 13, 4: 10, 5: 8 },
  }
}

function ipFactory(): IpProfile {
  return {
    cipmode: 0,
    cipmux: 0,
    ccfg: TRANSFER,
    apn: 'CMNET',
    user: '',
    password: '',
    rdtimer: '2000,3500',
    dpdp: '0,10,3',
  }
}

function passing(): Passing {
  return { gsmbusy: 0, clip: 0, tka: '0,7200,75,9', clport: [0, 0], ssl: 0, dns: ['0.0.0.0', '0.0.0.0'] }
}

/** The settings in force and those in the modem's memory. */
export class Settings {
  now: Profile
  ip: IpProfile
  passing: Passing
  readonly nvram: Nvram = { cfun: 1, cops: '0,0,"CHINA MOBILE"' }
  #profile: Profile
  #ip: IpProfile
  /** Whether AT+CIPSCONT was ever used. */
  ipSaved = false
  readonly #knobs: Knobs

  constructor(knobs: Knobs) {
    this.#knobs = knobs
    this.#profile = factory(knobs)
    this.#ip = ipFactory()
    this.now = { ...this.#profile }
    this.ip = { ...this.#ip }
    this.passing = passing()
  }

  /** What a reset leaves: the stored profile, CIPSCONT's, NVRAM. */
  reload(): void {
    this.now = { ...this.#profile }
    this.ip = { ...this.#ip }
    this.passing = passing()
  }

  /** AT&W. */
  save(): void {
    this.#profile = { ...this.now }
  }

  /** AT+IPR on modems that store it at once (modem-facts 0.2). */
  saveRate(): void {
    this.#profile = { ...this.#profile, ipr: this.now.ipr }
  }

  /** AT+CIPSCONT. */
  saveIp(): void {
    this.#ip = { ...this.ip }
    this.ipSaved = true
  }

  /** ATZ: the stored profile; AT&F: the factory's. */
  restore(which: 'stored' | 'factory'): void {
    const source = which === 'stored' ? this.#profile : factory(this.#knobs)
    const kept = Object.fromEntries(LEFT_ALONE.map((name) => [name, this.now[name]])) as Partial<Profile>
    this.now = { ...source, ...kept }
  }
}
