/** The tour of `demo`: bring-up, bytes both ways, a command window, a loss and the recovery, an orderly end. */
import { randomFillSync } from 'node:crypto'
import { sleep } from '../core/time.ts'
import { ConversationOver, DemoClient } from './demo-client.ts'
import { bytes, type DemoPrint } from './demo-print.ts'
import type { Stage } from './demo-stage.ts'

/** A payload is back long before that, in ms. */
const PATIENCE_MS = 20_000
/** Between two attempts to connect, in ms. */
const RETRY_MS = 300
/** The loss comes in the middle of a transfer, in ms. */
const MID_TRANSFER_MS = 700

/** What weaker bridges choke on; random bytes lie between. */
const NASTY = ['+++', '\r\nCLOSED\r\n', '\r\nOK\r\n', 'NO CARRIER', '\x11\x13\x1a\x1b\x00', '\xff', '+++ATH']

/** What was proved: bytes that came back right, and bytes that did not. */
export interface Tally {
  verified: number
  wrong: number
}

export interface Show {
  readonly stage: Stage
  readonly print: DemoPrint
  readonly signal: AbortSignal
  readonly tally: Tally
}

/** Plays the tour to its end. */
export async function tour(show: Show): Promise<void> {
  const { stage, print } = show
  await bringUp(show)
  const first = await carryBytes(show)
  await askBesideSession(show, first)
  await loseContext(show, first)
  await hangUp(show)
  print.heading('6  Stop')
  await stage.stop()
}

/** Switches everything on and waits until a program can connect. */
export async function bringUp({ stage, print, signal }: Show): Promise<void> {
  print.heading('1  The modem is switched on; the daemon finds it and brings it up')
  stage.start()
  await stage.ready(signal)
}

async function carryBytes(show: Show): Promise<DemoClient> {
  const { stage, print } = show
  print.heading(`2  A program connects to ${stage.host}:${stage.port} and sends before anything is dialled`)
  const client = await connectUntilOpen(show)
  await verified(show, client, payload(16 * 1024), 'with +++, CLOSED and NO CARRIER among them')
  return client
}

async function askBesideSession(show: Show, client: DemoClient): Promise<void> {
  const { stage, print } = show
  print.heading('3  An AT command beside the live connection, while the program goes on sending')
  const ask = async (): Promise<void> => {
    const { lines, result, windowMs } = await print.showingDialogue(() => stage.link.ask('AT+CSQ'))
    print.line('answer', `${lines.join(' ')}, ${result}; data waited for ${windowMs} ms`, 'good')
  }
  await Promise.all([ask(), verified(show, client, payload(4 * 1024), 'that have to wait for the command')])
}

async function loseContext(show: Show, client: DemoClient): Promise<void> {
  const { stage, print, signal } = show
  print.heading('4  The network takes the connection away in mid-transfer; the daemon recovers')
  const before = client.bytesReturned
  const transfer = client.exchange(payload(32 * 1024), PATIENCE_MS, signal)
  const outcome = transfer.then(
    () => new Error('the connection outlived its context'),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  )
  await sleep(MID_TRANSFER_MS, signal)
  print.line('world', 'the network deactivates the context: +PDP: DEACT', 'warn')
  stage.modem.begin({ type: 'context-lost' })
  const over = await outcome
  if (!(over instanceof ConversationOver)) throw over
  settle(show, client)
  print.line(
    'program',
    `${over.how} after ${bytes(client.bytesReturned - before)}, each of them right: it starts again`,
  )
}

async function hangUp(show: Show): Promise<void> {
  const { stage, print } = show
  const client = await connectUntilOpen(show)
  await verified(show, client, payload(4 * 1024), 'over the new connection')
  print.heading('5  The program has finished: delivered to the last byte, then hung up')
  await client.finish()
  settle(show, client)
  await stage.ready(show.signal)
}

/** Connects as programs do: again and again until somebody listens. */
export async function connectUntilOpen({ stage, print, signal }: Show): Promise<DemoClient> {
  for (let refused = false; ; refused = true) {
    signal.throwIfAborted()
    try {
      return await DemoClient.connect(stage.host, stage.port)
    } catch (error) {
      if (!(error instanceof ConversationOver)) throw error
      if (!refused) print.line('program', 'refused: the port is closed while the modem cannot dial')
    }
    await sleep(RETRY_MS, signal)
  }
}

/** Random bytes with nasty words among them. */
export function payload(size: number): Buffer {
  const made = randomFillSync(Buffer.alloc(size))
  for (const [index, word] of NASTY.entries()) {
    made.write(word, Math.floor((size * (index + 1)) / (NASTY.length + 1)), 'latin1')
  }
  return made
}

/** Counts what a client got once it is done. */
export function settle({ print, tally }: Show, client: DemoClient): void {
  if (client.excerpt !== undefined) print.line('program', `WRONG: ${client.excerpt}`, 'bad')
  tally.verified += client.bytesReturned - client.wrong
  tally.wrong += client.wrong
}

async function verified({ print, signal }: Show, client: DemoClient, sent: Buffer, what: string): Promise<void> {
  print.line('program', `sends ${bytes(sent.length)} ${what}`)
  await client.exchange(sent, PATIENCE_MS, signal)
  const { sent: mine, returned } = client.digests
  if (mine === returned) print.line('program', `all of them came back: SHA-256 ${mine.slice(0, 16)}… equal`, 'good')
  else print.line('program', `SHA-256 DIFFERS: ${mine.slice(0, 16)}… ≠ ${returned.slice(0, 16)}…`, 'bad')
}
