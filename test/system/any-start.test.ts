/** Whatever state somebody has left the modem in: the built program finds its way from there, and serves. */
import { expect, test } from 'vitest'
import { openTtyPort } from '../../src/line/tty-port.ts'
import { until } from '../support/built-program.ts'
import { Stage, type StageOptions } from '../support/built-program-stage.ts'

/** What somebody types before the daemon comes, and what is waited for after each line. */
type Chat = readonly (readonly [line: string, answer: RegExp])[]

interface Start {
  readonly name: string
  readonly options?: StageOptions
  readonly chat?: (peer: number) => Chat
  /** Commands that show that the state was dealt with. */
  readonly says?: RegExp
}

const OK = /OK\r\n$/
const HELLO: Chat = [
  ['AT', /AT/],
  ['AT', OK],
]
const CONTEXT: Chat = [
  ['AT+CSTT="internet"', OK],
  ['AT+CIICR', OK],
  ['AT+CIFSR', /\d+\.\d+\r\n$/],
]

const STARTS: readonly Start[] = [
  { name: 'it boots', options: { knobs: { start: 'booting', bootTime: 4000 } } },
  { name: 'it is at 9600 baud', options: { knobs: { baudRate: 9600 } }, says: /^AT\+IPR=115200/ },
  { name: 'it searches its rate by itself', options: { knobs: { baudRate: 0 } }, says: /^AT\+IPR=115200/ },
  { name: 'it echoes', chat: () => [...HELLO, ['ATE1', OK]] },
  { name: 'it answers in numbers', chat: () => [...HELLO, ['ATV0', /0\r$/]] },
  { name: 'it gives no result codes', chat: () => [...HELLO, ['ATQ1', /ATQ1/]] },
  { name: 'it is transparent already', chat: () => [...HELLO, ['AT+CIPMODE=1', OK]] },
  { name: 'it is set to many connections', chat: () => [...HELLO, ['AT+CIPMUX=1', OK]], says: /^AT\+CIPMUX=0/ },
  { name: 'its context is half up', chat: () => [...HELLO, ...CONTEXT.slice(0, 2)] },
  {
    name: 'it waits for text at a prompt',
    chat: (peer) => [
      ...HELLO,
      ...CONTEXT,
      [`AT+CIPSTART="TCP","127.0.0.1",${peer}`, /CONNECT OK/],
      ['AT+CIPSEND', /> $/],
    ],
  },
  {
    name: 'it is in data mode with a live connection',
    chat: (peer) => [
      ...HELLO,
      ['AT+CIPMODE=1', OK],
      ...CONTEXT,
      [`AT+CIPSTART="TCP","127.0.0.1",${peer}`, /CONNECT\r\n$/],
      ['half a lin', /$/],
    ],
  },
  {
    name: 'its SIM wants the PIN',
    options: { faults: ['sim-locked,pin=1234'], config: { modem: { pin: '1234' } } },
    says: /^AT\+CPIN=/,
  },
  { name: 'its SIM comes in late', options: { faults: ['sim-missing,for=8s'], knobs: { start: 'booting' } } },
  { name: 'it registers late', options: { faults: ['not-registered,for=5s'], knobs: { start: 'booting' } } },
]

test.concurrent.each(STARTS)(
  'P6 $name: the first client is served',
  async ({ options = {}, chat, says }) => {
    const quick = { recovery: { firstPause: '200ms', maxPause: '1s', bootTime: '10s' } } as const
    await using s = await Stage.set({ ...options, config: { ...quick, ...options.config } })
    await s.startModem()
    if (chat) await type(s.device, chat(s.peer.port))
    const left = s.peer.conversations.at(-1)
    s.startDaemon()
    await s.ready(120_000)
    const before = s.peer.conversations.length
    const app = s.connect()
    app.socket.write('ping')
    await s.until(() => s.peer.conversations[before]?.text === 'ping', 'the question')
    s.peer.latest.socket.write('pong')
    await s.until(() => app.text === 'pong', 'the answer')
    if (says) expect(s.daemon.commands.filter((command) => says.test(command)).length).toBeGreaterThan(0)
    // Whoever the modem was connected to has got nothing of the daemon's.
    if (left) expect(left.text).toMatch(/^(half a lin\r)?$/)
  },
  180_000,
)

async function type(device: string, chat: Chat): Promise<void> {
  const port = await openTtyPort(device, { baudRate: 115_200, flowControl: 'none' })
  let heard = ''
  port.stream.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
  })
  for (const [line, answer] of chat) {
    heard = ''
    port.stream.write(`${line}\r`)
    await until(
      () => answer.test(heard),
      `the answer to ${line}`,
      () => JSON.stringify(heard),
    )
  }
  await port.close()
}

test('P6 P10 a SIM that asks for its PUK, or a PIN that nobody told: what a person must do is said, and the port stays closed', async () => {
  for (const fault of ['sim-puk', 'sim-locked,pin=1234']) {
    await using s = await Stage.set({ faults: [fault], knobs: { start: 'booting' } })
    await s.startModem()
    s.startDaemon()
    await s.until(() => s.daemon.told('recovering').length > 0, 'the locked SIM')
    expect(s.daemon.told('recovering')[0]).toMatchObject({
      fault: 'sim-locked',
      hint: expect.stringContaining('PIN') as string,
    })
    expect(s.daemon.told('listening')).toEqual([])
  }
}, 120_000)
