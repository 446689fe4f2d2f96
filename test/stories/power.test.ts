/** Reset pin, power key and power command: in the right order, for the right time, and only when nothing else helps. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { CHIP, LINE, MemoryChip, pin } from '../support/memory-chip.ts'
import { type Rig, type RigOptions, rig } from '../support/rig.ts'

type PowerConfig = NonNullable<NonNullable<ConfigInput['modem']>['power']>

interface Wired {
  readonly r: Rig
  readonly chip: MemoryChip
}

async function wired(power: PowerConfig, options: RigOptions = {}): Promise<Wired> {
  const chips: MemoryChip[] = []
  const gpio: RigOptions['gpio'] = (modem) => {
    const made = new MemoryChip(modem)
    chips.push(made)
    return made.open
  }
  const r = await rig({ ...options, gpio, config: { modem: { power } } })
  const [chip] = chips
  if (!chip) throw new Error('no chip')
  return { r, chip }
}

const rungs = (r: Rig): unknown[] => r.told('recovering').map(({ rung }) => rung)
const said = (r: Rig): string[] => r.told('power').map(({ message }) => message)

/** Nothing but the power helps, and the link is back. */
async function untilPowerHelps({ r, chip }: Wired): Promise<void> {
  await r.reach('ready')
  expect(chip.pulses).toEqual([])
  r.modem.begin({ type: 'no-answer', until: 'power' })
  await r.until(() => !r.link.usable, 'the silence is noticed')
  await r.until(() => r.link.usable, 'back again', 1_800_000)
}

describe('P7 a modem that answers nothing from now on', () => {
  test('is reset by its pin after the soft reset did not help', async () => {
    const story = await wired({ reset: pin('reset') })
    await untilPowerHelps(story)
    const { r, chip } = story
    expect(rungs(r)).toEqual(['soft-reset', 'soft-reset', 'hard-reset'])
    expect(chip.pulses).toMatchObject([{ line: 'reset', ms: 300 }])
    expect(r.modem.record.resets.map(({ cause }) => cause)).toEqual(['reset pin'])
    expect(said(r)).toEqual(['modem.power.reset is on for 300 ms'])
    expect(r.modem.record.stray).toEqual([])
  })

  test('is switched off and on by its key, with its time to log out in between', async () => {
    const story = await wired({ powerKey: pin('powerKey') })
    await untilPowerHelps(story)
    const { r, chip } = story
    expect(rungs(r)).toEqual(['soft-reset', 'soft-reset', 'hard-reset'])
    expect(chip.pulses).toMatchObject([
      { line: 'powerKey', ms: 1700 },
      { line: 'powerKey', ms: 1500 },
    ])
    const [off, on] = chip.pulses
    const gap = (on?.at ?? 0) - ((off?.at ?? 0) + (off?.ms ?? 0))
    expect(gap).toBeGreaterThanOrEqual(1700 + 800)
    expect(gap).toBeLessThan(15_000)
    expect(r.modem.power.state).toBe('on')
  })

  test('and not even its reset pin: the key comes next', async () => {
    const story = await wired({ reset: pin('reset'), powerKey: pin('powerKey') })
    const { r, chip } = story
    r.modem.power.setReset = () => undefined
    await untilPowerHelps(story)
    expect(rungs(r)).toEqual(['soft-reset', 'soft-reset', 'hard-reset', 'hard-reset'])
    expect(chip.pulses.map(({ line }) => line)).toEqual(['reset', 'powerKey', 'powerKey'])
  })

  test('over a transistor the line is on when its voltage is high', async () => {
    const story = await wired({ powerKey: pin('behindTransistor', false) })
    await untilPowerHelps(story)
    expect(story.chip.pulses.map(({ ms }) => ms)).toEqual([1700, 1500])
  })

  test('a reset line that cannot be had is told at the start, and passed over', async () => {
    const chips: MemoryChip[] = []
    const r = await rig({
      gpio: (modem) => {
        const chip = new MemoryChip(modem)
        chip.refused.set(LINE.reset, `line ${LINE.reset} of ${CHIP} is used by "pwm-fan"`)
        chips.push(chip)
        return chip.open
      },
      config: { modem: { power: { reset: pin('reset'), powerKey: pin('powerKey') } } },
    })
    const [chip] = chips
    if (!chip) throw new Error('no chip')
    await untilPowerHelps({ r, chip })
    expect(said(r)[0]).toBe(`modem.power.reset cannot be used: line 17 of ${CHIP} is used by "pwm-fan"`)
    expect(said(r).filter((line) => line.includes('cannot be used'))).toHaveLength(1)
    expect(rungs(r).filter((rung) => rung === 'hard-reset')).toHaveLength(1)
    expect(chip.pulses.map(({ line }) => line)).toEqual(['powerKey', 'powerKey'])
  })

  test('with no wire and no command nothing is pressed, and the ladder goes on', async () => {
    const { r } = await wired({})
    await r.reach('ready')
    r.modem.begin({ type: 'no-answer', data: 'stalls' })
    await r.until(() => rungs(r).includes('reopen-line'), 'the last rung', 1_800_000)
    expect(rungs(r)).not.toContain('hard-reset')
  })
})

describe('P6 a modem that is switched off', () => {
  test('is switched on by one press of its key', async () => {
    const { r, chip } = await wired({ powerKey: pin('powerKey') }, { knobs: { start: 'off' } })
    await r.reach('ready', 120_000)
    expect(chip.pulses).toMatchObject([{ line: 'powerKey', ms: 1500 }])
    expect(rungs(r)).toEqual(['hard-reset'])
    const app = r.connect()
    app.socket.write('hello')
    await r.until(() => r.peers[0]?.text === 'hello', 'a session')
  })

  test('is switched on although it boots slowly, and at another rate', async () => {
    const knobs = { start: 'off', bootTime: 8000, baudRate: 9600 } as const
    const { r, chip } = await wired({ powerKey: pin('powerKey') }, { knobs })
    await r.reach('ready', 240_000)
    expect(chip.pulses).toHaveLength(1)
  })

  test('a modem that runs but does not answer is off after the first press, and on after the second', async () => {
    const { r, chip } = await wired({ powerKey: pin('powerKey') }, { knobs: { start: 'booting', bootTime: 1000 } })
    r.modem.begin({ type: 'no-answer', until: 'power' })
    await r.reach('ready', 300_000)
    expect(chip.pulses).toHaveLength(2)
    expect(rungs(r)).toEqual(['hard-reset', 'hard-reset'])
  })

  test('a modem that answers is not pressed', async () => {
    const { r, chip } = await wired({ powerKey: pin('powerKey'), reset: pin('reset') })
    await r.reach('ready')
    await r.pass(600_000)
    expect(chip.pulses).toEqual([])
    expect(r.told('recovering')).toEqual([])
  })

  test('a modem that says good-bye is switched on again', async () => {
    const { r, chip } = await wired({ powerKey: pin('powerKey') })
    await r.reach('ready')
    r.modem.powerDown('NORMAL')
    await r.until(() => !r.link.usable, 'noticed')
    await r.until(() => r.link.usable, 'back again', 300_000)
    expect(chip.pulses).toHaveLength(1)
  })
})

test('the lines are held, switched off, as long as the daemon runs; in the midst of a press a stop lets go', async () => {
  const { r, chip } = await wired({ powerKey: pin('powerKey') }, { knobs: { start: 'off' } })
  expect([...chip.held]).toEqual([[LINE.powerKey, 'output-off']])
  await r.until(() => r.link.step?.rung === 'hard-reset', 'the press')
  await r.pass(500)
  await r.stop()
  await r.running
  expect(chip.pulses[0]?.ms).toBeLessThan(1500)
  expect(chip.held.size).toBe(0)
})

test('a chip that vanishes in use is named, and is used again once it is back', async () => {
  const story = await wired({ powerKey: pin('powerKey') })
  const { r, chip } = story
  await r.reach('ready')
  chip.gone = true
  r.modem.begin({ type: 'no-answer', until: 'power' })
  await r.until(() => said(r).some((line) => line.includes('cannot be used: ENODEV')), 'named', 1_800_000)
  await r.pass(1000)
  chip.gone = false
  await r.until(() => r.link.usable, 'back again', 3_600_000)
  expect(chip.pulses.length).toBeGreaterThanOrEqual(2)
})
