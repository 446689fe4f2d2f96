/** The machine that runs the table: outcomes, events from outside, faults, bugs. */
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { type Activity, Machine } from '../../src/link/machine.ts'
import { type ActiveState, LINK_STATES, type LinkEvent } from '../../src/link/states.ts'

const ends =
  (event: LinkEvent): Activity =>
  () =>
    Promise.resolve(event)
/** Works until it is aborted, and ends with the reason. */
const waits: Activity = (signal) =>
  new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
const soon = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

interface Made {
  readonly machine: Machine
  readonly walked: string[]
  readonly errors: unknown[]
}

/** Every activity that is not given succeeds at once; `stopping` too, so that a machine can be stopped. */
function made(given: Partial<Record<ActiveState, Activity>>, onError?: (error: unknown) => LinkEvent): Made {
  const defaults = Object.fromEntries(LINK_STATES.map((state) => [state, ends('succeeded')]))
  const activities = { ...defaults, ...given } as Record<ActiveState, Activity>
  const walked: string[] = []
  const errors: unknown[] = []
  const machine = new Machine('opening', activities, {
    onError: (error) => {
      errors.push(error)
      if (onError) return onError(error)
      throw error
    },
    onTransition: (from, event, to) => walked.push(`${from} ${event} ${to}`),
  })
  return { machine, walked, errors }
}

test('each outcome leads to the next state, one activity at a time', async () => {
  const { machine, walked } = made({ ready: waits })
  const running = machine.run()
  await soon()
  expect([machine.state, walked]).toEqual([
    'ready',
    ['opening succeeded probing', 'probing succeeded attaching', 'attaching succeeded ready'],
  ])
  machine.tell('stopRequested')
  await running
  expect(walked.slice(3)).toEqual(['ready stopRequested stopping', 'stopping succeeded stopped'])
})

test('an outcome that the table does not know is a bug, and throws', async () => {
  const { machine } = made({ probing: ends('dialRequested') })
  await expect(machine.run()).rejects.toThrow('the table knows no "dialRequested" in "probing"')
})

describe('an event from outside', () => {
  test('aborts the activity, and leads on instead of its outcome', async () => {
    const reasons: unknown[] = []
    const { machine, walked, errors } = made({
      ready: (signal) => waits(signal).finally(() => reasons.push((signal.reason as Error).message)),
    })
    const running = machine.run()
    await soon()
    machine.tell('stopRequested')
    await running
    expect(reasons).toEqual(['stopRequested'])
    expect(errors).toEqual([])
    expect(walked).toContain('ready stopRequested stopping')
  })

  test('wins over an activity that succeeds all the same', async () => {
    const { machine, walked } = made({
      probing: (signal) => waits(signal).catch((): LinkEvent => 'succeeded'),
    })
    const running = machine.run()
    await soon()
    machine.tell('stopRequested')
    await running
    expect(walked).toEqual([
      'opening succeeded probing',
      'probing stopRequested stopping',
      'stopping succeeded stopped',
    ])
  })

  test('wins over the fault that it caused itself', async () => {
    const fault = new Fault('line-gone', 'gone')
    const { machine, walked, errors } = made({ probing: (signal) => waits(signal).catch(() => Promise.reject(fault)) })
    const running = machine.run()
    await soon()
    machine.tell('stopRequested')
    await running
    expect(walked).toContain('probing stopRequested stopping')
    expect(errors).toEqual([])
  })

  test('the first one told is the one that counts', async () => {
    const { machine, walked } = made({ ready: waits, recovering: waits })
    const running = machine.run()
    await soon()
    machine.tell('modemLost')
    machine.tell('lineLost')
    await soon()
    expect(walked.at(-1)).toBe('ready modemLost recovering')
    machine.tell('stopRequested')
    await running
  })

  test('that the table does not know here is dropped by rule', async () => {
    const { machine, walked } = made({ ready: waits })
    const running = machine.run()
    await soon()
    machine.tell('carrierEnded')
    await soon()
    expect(machine.state).toBe('ready')
    machine.tell('stopRequested')
    await running
    expect(walked.join()).not.toContain('carrierEnded')
  })

  test('told before the machine runs is not lost', async () => {
    const { machine, walked } = made({ opening: waits })
    machine.tell('stopRequested')
    await machine.run()
    expect(walked).toEqual(['opening stopRequested stopping', 'stopping succeeded stopped'])
  })

  test('told in the moment between two activities ends the second one at once', async () => {
    const walked: string[] = []
    const defaults = Object.fromEntries(LINK_STATES.map((state) => [state, ends('succeeded')]))
    const machine: Machine = new Machine('opening', { ...defaults, probing: waits } as Record<ActiveState, Activity>, {
      onError: (error) => {
        throw error
      },
      onTransition: (from, event, to) => {
        walked.push(`${from} ${event} ${to}`)
        if (to === 'probing') machine.tell('stopRequested')
      },
    })
    await machine.run()
    expect(walked).toContain('probing stopRequested stopping')
  })

  test('told in vain is not remembered for later', async () => {
    let recovered = 0
    const { machine } = made({
      ready: waits,
      recovering: () => ((recovered += 1), Promise.resolve<LinkEvent>('succeeded')),
    })
    const running = machine.run()
    await soon()
    machine.tell('lineLost')
    await soon()
    expect([recovered, machine.state]).toEqual([1, 'ready'])
    machine.tell('stopRequested')
    await running
    expect(recovered).toBe(1)
  })
})

describe('something goes wrong', () => {
  test('the listener says which event stands for it', async () => {
    let failures = 0
    const { machine, walked, errors } = made(
      {
        probing: () =>
          failures++ === 0 ? Promise.reject(new Fault('no-answer', 'silent')) : Promise.resolve('succeeded'),
        ready: waits,
      },
      () => 'failed',
    )
    const running = machine.run()
    await soon()
    expect(walked.slice(1, 4)).toEqual([
      'probing failed recovering',
      'recovering succeeded probing',
      'probing succeeded attaching',
    ])
    expect(errors).toMatchObject([{ code: 'no-answer' }])
    machine.tell('stopRequested')
    await running
  })

  test('a bug is thrown on', async () => {
    const { machine } = made({ attaching: () => Promise.reject(new TypeError('undefined is not a function')) })
    await expect(machine.run()).rejects.toThrow(TypeError)
    expect(machine.state).toBe('attaching')
  })
})
