/** The modem's `OK` to an escape among the peer's bytes: the last one before silence is the modem's. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EscapeWatch } from '../../src/dte/escape-watch.ts'
import { cutAt, cutSizes, everyCut, latin1 } from '../at/cuts.ts'

const OK = '\r\nOK\r\n'
/** The guard time is over at this moment. */
const EARLIEST = 1000
const QUIET = 60
const BUSY = 250
const EARLY = 600

class Story {
  readonly watch = new EscapeWatch(EARLIEST)
  delivered = ''

  say(text: string, at: number): this {
    this.delivered += this.watch.push(latin1(text), at).toString('latin1')
    return this
  }

  /** All that is the peer's if the wait ends here, and what the modem said after its OK. */
  get concluded(): { peer: string; said: string } | undefined {
    const end = this.watch.conclude()
    return end && { peer: this.delivered + end.peer.toString('latin1'), said: end.said.toString('latin1') }
  }
}

describe('the modem’s OK', () => {
  test('is found in every cut, and none of it is delivered', () => {
    for (const pieces of everyCut(latin1(OK))) {
      const watch = new EscapeWatch(EARLIEST)
      pieces.forEach((piece, index) => {
        expect(watch.believableAt).toBeUndefined()
        expect(watch.push(piece, 1010 + index)).toHaveLength(0)
      })
      expect(watch.believableAt).toBe(1010 + pieces.length - 1 + QUIET)
    }
  })

  test('is not believed before its last byte', () => {
    for (let cut = 0; cut < OK.length; cut += 1) {
      expect(new Story().say(OK.slice(0, cut), 1010).watch.believableAt).toBeUndefined()
    }
  })

  test('in the very moment in which the guard time ends counts as in time', () => {
    expect(new Story().say(OK, EARLIEST).watch.believableAt).toBe(EARLIEST + QUIET)
  })

  test('after nothing at all is waited for', () => expect(new Story().watch.believableAt).toBeUndefined())
})

describe('P1 the peer’s own OK', () => {
  test('before the modem’s: the first is delivered, the last is believed', () => {
    const story = new Story().say(OK, 900).say(OK, 1010)
    expect(story.watch.believableAt).toBe(1010 + BUSY)
    expect(story.concluded).toEqual({ peer: OK, said: '' })
  })

  test('glued in front of the modem’s, in every cut', () => {
    for (const pieces of everyCut(latin1(`a${OK}${OK}`))) {
      const story = new Story()
      for (const piece of pieces) story.say(piece.toString('latin1'), 1010)
      expect(story.watch.believableAt).toBe(1010 + BUSY)
      expect(story.concluded).toEqual({ peer: `a${OK}`, said: '' })
    }
  })

  test('followed by anything is not believed before the deadline: then this modem hands bytes on while it is escaped', () => {
    const story = new Story().say(OK, 1010).say('more', 1050)
    expect(story.watch.believableAt).toBeUndefined()
    expect(story.concluded).toEqual({ peer: '', said: 'more' })
  })

  test('before the guard time is over, followed by anything after it, is not the modem’s', () => {
    const story = new Story().say(`${OK}\r\nCLOSED\r\n`, 900).say('more', 1010)
    expect(story.delivered).toBe(`${OK}\r\nCLOSED\r\nmore`)
    expect(story.concluded).toBeUndefined()
  })

  test('followed by more, and by the modem’s: the last is believed', () => {
    const story = new Story().say(OK, 1010).say('more', 1050).say(OK, 1100)
    expect(story.watch.believableAt).toBe(1100 + BUSY)
    expect(story.concluded).toEqual({ peer: `${OK}more`, said: '' })
  })

  test('early, and nothing else: only long after the guard time it is believed', () => {
    const story = new Story().say(OK, 300)
    expect(story.watch.believableAt).toBe(EARLIEST + EARLY)
  })

  test('early and late, with nothing of the peer between: the late one is the modem’s', () => {
    const story = new Story().say(OK, 300).say(OK, 1020)
    expect(story.watch.believableAt).toBeGreaterThan(1020)
    expect(story.concluded).toEqual({ peer: OK, said: '' })
  })

  test.each(['OK', 'OK\r\n', '\nOK\r\n', '\r\nok\r\n', '\r\nOK\n', '\r\nOK \r\n', '\r\n\r\nOK\r'])(
    '%j is none of the modem’s',
    (text) => {
      const story = new Story().say(text, 1010)
      expect(story.watch.believableAt).toBeUndefined()
      expect(story.delivered + story.watch.takeTail().toString('latin1')).toBe(text)
    },
  )
})

test('a peer that talks during the escape makes the silence longer that proves the OK', () => {
  expect(new Story().say('x', 1005).say(OK, 1010).watch.believableAt).toBe(1010 + BUSY)
  expect(new Story().say(`x${OK}`, 1010).watch.believableAt).toBe(1010 + BUSY)
})

test('an escape without an answer gives back what it kept', () => {
  const story = new Story().say('data\r\nO', 1010)
  expect(story.watch.believableAt).toBeUndefined()
  expect(story.delivered + story.watch.takeTail().toString()).toBe('data\r\nO')
  expect(story.watch.takeTail()).toHaveLength(0)
})

test('P1 whatever the peer says and however it is cut: its bytes in front of the last OK, all of them', () => {
  const word = fc.constantFrom(OK, '\r\n', '\r', 'O', 'K', 'x', '\r\nO', 'OK\r\n', '\0')
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), cutSizes(), (words, sizes) => {
      const peer = words.join('')
      const story = new Story()
      for (const piece of cutAt(latin1(peer + OK), sizes)) story.say(piece.toString('latin1'), 1500)
      expect(story.watch.believableAt).toBe(1500 + (peer === '' ? QUIET : BUSY))
      expect(story.concluded).toEqual({ peer, said: '' })
    }),
    { numRuns: 500 },
  )
})
