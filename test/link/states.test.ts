/** The table of the link's life: what must hold of it whatever rows it gets. */
import { describe, expect, test } from 'vitest'
import { ANYWHERE, LINK_EVENTS, LINK_STATES, type LinkState, next, TRANSITIONS } from '../../src/link/states.ts'

const ACTIVE = LINK_STATES.filter((state) => state !== 'stopped')
const LIVING = ACTIVE.filter((state) => state !== 'stopping')

/** States that can be reached from `from`, itself included. */
function reachable(from: LinkState): Set<LinkState> {
  const found = new Set<LinkState>([from])
  for (const state of found) {
    for (const event of LINK_EVENTS) {
      const to = next(state, event)
      if (to !== undefined) found.add(to)
    }
  }
  return found
}

test('every state can be reached from the first', () => {
  expect([...reachable('opening')].sort()).toEqual([...LINK_STATES].sort())
})

test.each(LIVING)('P7 %s: nothing that happens leads into a corner without a way back to online', (state) => {
  expect(reachable(state)).toContain('online')
  expect(reachable(state)).toContain('ready')
})

test.each(LIVING)('%s can be stopped', (state) => expect(next(state, 'stopRequested')).toBe('stopping'))

test.each(LIVING)('P7 %s survives the loss of the line and of the modem', (state) => {
  expect([next(state, 'lineLost'), next(state, 'modemLost')]).toEqual(['recovering', 'recovering'])
})

test.each(LIVING)('P7 %s survives its own failure', (state) => expect(next(state, 'failed')).toBe('recovering'))

test.each(ACTIVE.filter((state) => state !== 'ready' && state !== 'online'))('%s can succeed', (state) => {
  expect(next(state, 'succeeded')).toBeDefined()
})

test('stopping ends, and cannot be interrupted', () => {
  expect(next('stopping', 'succeeded')).toBe('stopped')
  for (const event of Object.keys(ANYWHERE) as (keyof typeof ANYWHERE)[])
    expect(next('stopping', event)).toBeUndefined()
})

test('nothing happens to a link that has stopped', () => {
  for (const event of LINK_EVENTS) expect(next('stopped', event)).toBeUndefined()
  expect(TRANSITIONS.stopped).toEqual({})
})

describe('a carrier that ends', () => {
  const WITH_CARRIER = ['online', 'commanding', 'resuming'] as const
  test.each(WITH_CARRIER)('in %s leads back to a modem that is looked at afresh', (state) => {
    expect(next(state, 'carrierEnded')).toBe('attaching')
  })

  test('is unknown where there is none', () => {
    for (const state of LINK_STATES.filter((one) => !WITH_CARRIER.some((known) => known === one))) {
      expect(next(state, 'carrierEnded')).toBeUndefined()
    }
  })
})

test('P8 data mode is entered by a dial, by a call or by ATO alone', () => {
  const ways = LINK_STATES.flatMap((state) =>
    LINK_EVENTS.filter((event) => next(state, event) === 'online').map((event) => `${state} ${event}`),
  )
  expect(ways).toEqual(['ready called', 'dialing succeeded', 'resuming succeeded'])
})

test('no word of JavaScript is an event', () => {
  for (const word of ['toString', '__proto__', 'constructor']) {
    expect(LINK_EVENTS).not.toContain(word)
  }
})
