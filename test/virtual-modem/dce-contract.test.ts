/**
 * What any SIM800 or SIM900 says, whoever plays it: the virtual modem in virtual time, always; and a real one when
 * `MODEM_PORT` names its tty (`MODEM_BAUD`, default 115200). Nothing here dials, saves or tries a PIN.
 */
import { SerialPort } from 'serialport'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Rig, rig } from './rig.ts'

/** Sends a line and returns what was heard in `ms` milliseconds. */
type Ask = (line: string, ms?: number) => Promise<string>

function contract(ask: Ask): void {
  test('a result code stands between CR LF and CR LF', async () => {
    expect(await ask('AT')).toBe('\r\nOK\r\n')
  })

  test('information text has its own CR LFs', async () => {
    expect(await ask('AT+CSQ')).toMatch(/^\r\n\+CSQ: \d+,\d+\r\n\r\nOK\r\n$/)
  })

  test('echo repeats the line and its CR in front of the answer', async () => {
    await ask('ATE1')
    expect(await ask('AT')).toBe('AT\r\r\nOK\r\n')
    expect(await ask('ATE0')).toMatch(/^ATE0\r\r\nOK\r\n$/)
    expect(await ask('AT')).toBe('\r\nOK\r\n')
  })

  test('CR LF ends a line as CR does', async () => {
    expect(await ask('AT\r\n')).toBe('\r\nOK\r\n')
  })

  test('ATV0 answers numbers that end in CR', async () => {
    const numbers = await ask('ATV0')
    const again = await ask('ATV1')
    expect(numbers).toBe('0\r')
    expect(again).toBe('\r\nOK\r\n')
  })

  test('commands joined by semicolons have one result code', async () => {
    expect(await ask('AT+CMEE=1;+CMEE?')).toBe('\r\n+CMEE: 1\r\n\r\nOK\r\n')
    expect(await ask('AT+CMEE=0')).toBe('\r\nOK\r\n')
  })

  test('what it does not know is an ERROR', async () => {
    expect(await ask('AT+NOSUCHCOMMAND')).toMatch(/^\r\n(ERROR|\+CME ERROR: .+)\r\n$/)
  })

  test('a line that is too long is an ERROR', async () => {
    expect(await ask(`AT+CSTT="${'a'.repeat(600)}"`, 1500)).toMatch(/ERROR\r\n$/)
  })

  test('CIPSHUT says SHUT OK, and the stack is at IP INITIAL', async () => {
    expect(await ask('AT+CIPSHUT', 3000)).toBe('\r\nSHUT OK\r\n')
    expect(await ask('AT+CIPSTATUS', 1000)).toBe('\r\nOK\r\n\r\nSTATE: IP INITIAL\r\n')
  })

  test('without a context there is no address, without a connection nothing to close or resume', async () => {
    expect(await ask('AT+CIFSR')).toBe('\r\nERROR\r\n')
    expect(await ask('AT+CIPCLOSE')).toBe('\r\nERROR\r\n')
    expect(await ask('ATO')).toMatch(/^\r\n(ERROR|NO CARRIER)\r\n$/)
  })

  test('CIICR is refused before CSTT', async () => {
    expect(await ask('AT+CIICR', 2000)).toMatch(/ERROR\r\n$/)
  })

  test('CIPMODE can be read and set', async () => {
    expect(await ask('AT+CIPMODE=1')).toMatch(/\r\n(OK|ERROR)\r\n$/)
    expect(await ask('AT+CIPMODE?')).toBe('\r\n+CIPMODE: 1\r\n\r\nOK\r\n')
    expect(await ask('AT+CIPMODE=0')).toBe('\r\nOK\r\n')
  })

  test('CIPCCFG has four or seven parameters', async () => {
    expect(await ask('AT+CIPCCFG?')).toMatch(/^\r\n\+CIPCCFG: \d+(,\d+){3}((,\d+){3})?\r\n\r\nOK\r\n$/)
  })

  test('registration is read with its mode in front', async () => {
    expect(await ask('AT+CREG?')).toMatch(/^\r\n\+CREG: [0-2],[0-5](,"[0-9A-F]+","[0-9A-F]+")?\r\n\r\nOK\r\n$/)
  })

  test('flow control is read as two figures', async () => {
    expect(await ask('AT+IFC?')).toMatch(/^\r\n\+IFC: [0-2],[0-2]\r\n\r\nOK\r\n$/)
  })
}

describe('the virtual modem', () => {
  let subject: Rig
  beforeEach(async () => {
    vi.useFakeTimers()
    subject = await rig()
    await subject.ask('ATE0')
  })
  afterEach(() => void vi.useRealTimers())
  contract((line, ms) => subject.ask(line, ms))
})

const device = process.env.MODEM_PORT

describe.skipIf(device === undefined)(`the modem at MODEM_PORT (${device ?? 'not set'})`, () => {
  let port: SerialPort
  let heard = ''
  const ask: Ask = async (line, ms = 800) => {
    heard = ''
    port.write(`${line}\r`)
    await new Promise((resolve) => setTimeout(resolve, ms))
    return heard
  }
  beforeAll(async () => {
    const baudRate = Number(process.env.MODEM_BAUD ?? 115200)
    port = new SerialPort({ path: device ?? '', baudRate, hupcl: false, autoOpen: false })
    port.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')))
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
    await ask('AT')
    await ask('ATE0')
  })
  afterAll(() => new Promise<void>((resolve) => port.close(() => resolve())))
  contract(ask)
})
