/** P1 for any stream: what the peer sent is what the client gets, whatever is held and given up on the way. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EndOfCarrier } from '../../src/dte/end-of-carrier.ts'
import { latin1 } from '../at/cuts.ts'

const LONGEST = 400
/** The letters of all result codes, line ends, the sync bytes. */
const letters = [
  ...new Set('CLOSEDPDP: DEACT+NO CARRIERRDYNORMAL POWER DOWNOFFUNDER-VOLTAGECall ReadyRINGOKCONNECTI'.split('')),
]
const ALPHABET = [...letters, ...'\r\n\r\n\r\n\0\xff01+'.split('')]
const WHOLE = [
  '\r\nCLOSED\r\n',
  '\r\n+PDP: DEACT\r\n',
  '\r\nRDY\r\n',
  '\r\n+CFUN: 1\r\n',
  '\r\nOK\r\n',
  '\0IIII\xff\xff\xff\xff',
  '\r\nNO CARRIER\r\n',
  '\r\nCall Ready\r\n',
  '\r\nCLOS',
  '\r\n',
]
type Step = readonly ['push', string] | readonly ['release'] | readonly ['acquit']
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 12 }),
  fc.constantFrom(...WHOLE),
)
/** A stream, cut anywhere, with moments in which the held bytes are given up or cleared of suspicion. */
const steps = fc
  .tuple(fc.array(text, { maxLength: 30 }), fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 9 }))))
  .map(([texts, cuts]): Step[] => {
    const found: Step[] = []
    let rest = texts.join('')
    for (const [size, dice] of cuts) {
      if (rest !== '') found.push(['push', rest.slice(0, size)])
      rest = rest.slice(size)
      if (dice < 2) found.push(['release'])
      if (dice === 9) found.push(['acquit'])
    }
    return rest === '' ? found : [...found, ['push', rest]]
  })

function play(end: EndOfCarrier, script: readonly Step[]): string {
  const delivered: Buffer[] = []
  for (const step of script) {
    const bytes = step[0] === 'push' ? end.push(latin1(step[1])) : step[0] === 'release' ? end.release() : end.acquit()
    delivered.push(Buffer.from(bytes))
    expect(end.held).toBeLessThanOrEqual(LONGEST)
    expect(end.held).toBeGreaterThanOrEqual(0)
    expect(end.leaked).toBeLessThanOrEqual(LONGEST)
    if (end.suspicion === 'none') expect([end.held, end.leaked]).toEqual([0, 0])
    expect(end.lastWord === undefined).toBe(end.suspicion !== 'complete')
  }
  return Buffer.concat(delivered).toString('latin1')
}

const inputOf = (script: readonly Step[]): string => script.map((step) => (step[0] === 'push' ? step[1] : '')).join('')

test('P1 delivered is what was sent, with releases at any moment and a final acquittal', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const end = new EndOfCarrier()
      const delivered = play(end, script)
      expect(delivered + end.acquit().toString('latin1')).toBe(inputOf(script))
    }),
    { numRuns: 1500 },
  )
})

test('P1 the modem’s words behind any stream are found; what came before is delivered in full', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom('CLOSED', '+PDP DEACT', 'NO CARRIER'), (script, word) => {
      const end = new EndOfCarrier()
      const delivered = play(end, script)
      const rest = end.push(latin1(`x\r\n${word}\r\n`)).toString('latin1')
      expect(delivered + rest).toBe(`${inputOf(script)}x`)
      expect([end.suspicion, end.leaked]).toEqual(['complete', 0])
      end.convict()
      expect(end.acquit()).toHaveLength(0)
    }),
    { numRuns: 1500 },
  )
})

test('what is held does not depend on the cuts', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const [cut, whole] = [new EndOfCarrier(), new EndOfCarrier()]
      const pushes = script.filter(([kind]) => kind === 'push')
      const delivered = play(cut, pushes)
      expect(delivered).toBe(whole.push(latin1(inputOf(pushes))).toString('latin1'))
      expect([cut.suspicion, cut.held, cut.lastWord]).toEqual([whole.suspicion, whole.held, whole.lastWord])
    }),
    { numRuns: 1500 },
  )
})

test('P5 what is held keeps no more memory alive than itself', () => {
  const end = new EndOfCarrier()
  const chunk = Buffer.alloc(65_536, 'x')
  chunk.write('\r\nCLOSED\r\n', chunk.length - 10, 'latin1')
  end.push(chunk)
  expect(end.release().buffer.byteLength).toBeLessThan(chunk.length)
})
