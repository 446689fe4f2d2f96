/** Named time lines of faults, played by `demo --scenario NAME` and by the story of the same name. */
import { after, type Timer } from '../core/time.ts'
import type { ModemFault } from './faults.ts'

export interface ScenarioStep {
  /** Milliseconds from the scenario's start. */
  readonly at: number
  readonly fault: ModemFault
  /** Milliseconds that it lasts; without: until the scenario ends. */
  readonly for?: number
}

export interface Scenario {
  readonly name: string
  readonly description: string
  readonly steps: readonly ScenarioStep[]
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'tunnel',
    description: 'the train goes through a tunnel: no network for a while, and the context is lost on the way out',
    steps: [
      { at: 1000, fault: { type: 'peer-silent' }, for: 4000 },
      { at: 1500, fault: { type: 'not-registered' }, for: 4000 },
      { at: 5500, fault: { type: 'context-lost' } },
    ],
  },
  {
    name: 'flaky-cell',
    description: 'connections break again and again, and some dials fail',
    steps: [
      { at: 1000, fault: { type: 'carrier-drops', how: 'both' } },
      { at: 3000, fault: { type: 'carrier-drops', how: 'dcd' } },
      { at: 3000, fault: { type: 'peer-refused' }, for: 1500 },
      { at: 7000, fault: { type: 'carrier-drops', how: 'line' } },
    ],
  },
  {
    name: 'dead-modem',
    description: 'the modem hangs: only the reset pin or the power key helps',
    steps: [{ at: 1000, fault: { type: 'no-answer', data: 'stalls', until: 'power' } }],
  },
  {
    name: 'sim-pulled',
    description: 'somebody pulls the SIM and puts it back',
    steps: [{ at: 1000, fault: { type: 'sim-missing' }, for: 5000 }],
  },
  {
    name: 'peer-down',
    description: 'the server goes away, refuses for a while, and comes back',
    steps: [
      { at: 1000, fault: { type: 'peer-refused' }, for: 5000 },
      { at: 1010, fault: { type: 'carrier-drops', how: 'both' } },
    ],
  },
  {
    name: 'brown-out',
    description: 'the supply sags at a burst: a warning, then the modem restarts in mid-session',
    steps: [
      { at: 800, fault: { type: 'under-voltage', power: 'warn' }, for: 500 },
      { at: 1000, fault: { type: 'reboot', lines: true } },
    ],
  },
]

/** Plays a scenario; `told` hears of each step. Returns its stop, which ends all its faults. */
export function playScenario(
  modem: { begin(fault: ModemFault): () => void },
  scenario: Scenario,
  told: (step: ScenarioStep, begins: boolean) => void = () => undefined,
): () => void {
  const timers: Timer[] = []
  const ends: (() => void)[] = []
  for (const step of scenario.steps) {
    timers.push(
      after(step.at, () => {
        told(step, true)
        const end = modem.begin(step.fault)
        ends.push(end)
        if (step.for === undefined) return
        timers.push(
          after(step.for, () => {
            told(step, false)
            end()
          }),
        )
      }),
    )
  }
  return () => {
    for (const timer of timers) timer.cancel()
    for (const end of ends) end()
  }
}
