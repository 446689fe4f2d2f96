/** A scenario of the built-in modem, played while a program keeps connecting, sending and comparing. */
import type { JournalEvent } from '../core/log.ts'
import { now, sleep } from '../core/time.ts'
import { FAULT_KINDS } from '../virtual-modem/faults.ts'
import { playScenario, type Scenario, type ScenarioStep } from '../virtual-modem/scenarios.ts'
import { ConversationOver, type DemoClient } from './demo-client.ts'
import { bytes } from './demo-print.ts'
import { bringUp, connectUntilOpen, payload, type Show, settle } from './demo-tour.ts'

/** One question and answer of the program. */
const ROUND_BYTES = 2048
const ROUND_PAUSE_MS = 300
/** Between two connections, in ms: it doubles as long as nothing comes back. */
const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 2_400
/** After this long without an answer the program gives up and connects anew, in ms. */
const PATIENCE_MS = 8_000
/** Timers of the scenario and of this program do not run in step, in ms. */
const MARGIN_MS = 200
/** How long a modem that lost its supply is left without it, in ms. */
const SUPPLY_PAUSE_MS = 1_000

/** Plays `scenario` until bytes go through again after its last step, and come back right. */
export async function showScenario(show: Show, scenario: Scenario): Promise<void> {
  const { stage, print } = show
  await bringUp(show)
  print.heading(`2  Scenario ${scenario.name}: ${scenario.description}`)
  const overAt = now() + Math.max(...scenario.steps.map((step) => step.at + (step.for ?? 0))) + MARGIN_MS
  const endScenario = playScenario(stage.modem, scenario, (step, begins) => tellStep(show, step, begins))
  try {
    const client = await talkUntilProved(show, overAt)
    print.heading('3  Bytes go through again; the program has finished')
    await client.finish()
    settle(show, client)
    await stage.ready(show.signal)
  } finally {
    endScenario()
  }
  await stage.stop()
}

/**
 * The built-in modem has no power line that the daemon could use: who sees the daemon ask for a person acts as one.
 * @returns what ends the watch
 */
export function actAsPerson(show: Show, scenario: Scenario, events: NodeJS.EventEmitter): () => void {
  if (!scenario.steps.some(({ fault }) => fault.until === 'power')) return () => undefined
  const onEvent = ({ event, fault, attempt = 0 }: JournalEvent): void => {
    if (event !== 'recovering' || fault !== 'no-answer' || attempt < 2) return
    events.off('event', onEvent)
    cyclePower(show).catch(() => undefined)
  }
  events.on('event', onEvent)
  return () => events.off('event', onEvent)
}

async function cyclePower({ stage, print, signal }: Show): Promise<void> {
  print.line(
    'person',
    'a reset by command cannot help here, and this version cannot switch the power (modem.power): you do it by hand',
    'bad',
  )
  stage.modem.power.off()
  await sleep(SUPPLY_PAUSE_MS, signal)
  print.line('person', 'the supply is back, the modem boots', 'good')
  stage.modem.power.boot()
}

/** @returns the client of the first round that began after `overAt` and succeeded */
async function talkUntilProved(show: Show, overAt: number): Promise<DemoClient> {
  const { print, signal } = show
  for (let pause = FIRST_PAUSE_MS; ; ) {
    const client = await connectUntilOpen(show)
    try {
      await talk(client, overAt, signal)
      print.line('program', `${bytes(client.bytesReturned)} there and back, every one right`, 'good')
      return client
    } catch (error) {
      if (!(error instanceof ConversationOver)) throw error
      print.line('program', `${MEANING[error.how]} ${whatCame(client)}: it connects again`, 'warn')
      settle(show, client)
      client.leave()
      pause = client.bytesReturned > 0 ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, 2 * pause)
    }
    await sleep(pause, signal)
  }
}

function whatCame({ bytesReturned, wrong }: DemoClient): string {
  if (bytesReturned === 0) return 'before anything came back'
  return `after ${bytes(bytesReturned)} came back, ${wrong === 0 ? 'every one right' : `${wrong} WRONG`}`
}

const MEANING = { refused: 'refused', reset: 'reset', closed: 'closed', silence: 'gives up, no answer' } as const

async function talk(client: DemoClient, overAt: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const begun = now()
    await client.exchange(payload(ROUND_BYTES), PATIENCE_MS, signal)
    if (begun >= overAt) return
    await sleep(ROUND_PAUSE_MS, signal)
  }
}

function tellStep({ print }: Show, { fault }: ScenarioStep, begins: boolean): void {
  const { type, ...attributes } = fault
  const given = Object.entries(attributes).map(([name, value]) => `${name}=${String(value)}`)
  const name = given.length === 0 ? type : `${type} (${given.join(', ')})`
  // What attributes could be is for the help.
  const about = FAULT_KINDS[type].about.replace(/[:;] \w+=.*$/, '')
  print.line('world', begins ? `${name}: ${about}` : `${name} is over`, begins ? 'warn' : 'good')
}
