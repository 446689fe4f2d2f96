/** What the escape guard holds, and what it lets go. */
import { describe, expect, test } from 'vitest'
import { EscapeGuard } from '../../src/dte/escape-guard.ts'
import { escapesSeen, GuardedLine } from './guarded-line.ts'

describe('what is held, and what is not', () => {
  const rows: readonly (readonly [string, readonly (readonly [number, string])[], string, boolean])[] = [
    ['+++ at once', [[3000, '+++']], '++', true],
    [
      'one by one',
      [
        [3000, '+'],
        [500, '+'],
        [500, '+'],
      ],
      '++',
      true,
    ],
    [
      '++ and +',
      [
        [3000, '++'],
        [1000, '+'],
      ],
      '++',
      true,
    ],
    [
      'after a byte without silence',
      [
        [3000, 'a'],
        [0, '+++'],
      ],
      'a+++',
      false,
    ],
    [
      'after a byte and half a second',
      [
        [3000, 'a'],
        [500, '+++'],
      ],
      'a++',
      true,
    ],
    [
      'after a byte and less than any guard time',
      [
        [3000, 'a'],
        [399, '+++'],
      ],
      'a+++',
      false,
    ],
    ['two', [[3000, '++']], '++', false],
    ['four', [[3000, '++++']], '++++', false],
    ['three and a letter', [[3000, '+++a']], '+++a', false],
    ['a letter and three', [[3000, 'a+++']], 'a+++', false],
    [
      'a fourth in time',
      [
        [3000, '+++'],
        [500, '+'],
      ],
      '++++',
      false,
    ],
    [
      'two, a guard time, one',
      [
        [3000, '++'],
        [1101, '+'],
      ],
      '+++',
      false,
    ],
    [
      'two, a guard time, two',
      [
        [3000, '++'],
        [1101, '++'],
      ],
      '++++',
      false,
    ],
    [
      'two, hardly a guard time, one',
      [
        [3000, '++'],
        [1099, '+'],
      ],
      '++',
      true,
    ],
  ]
  test.each(rows)('%s', (_, script, sent, holding) => {
    const line = new GuardedLine()
    line.write('x')
    for (const [pause, text] of script) {
      line.wait(pause)
      line.write(text)
    }
    expect(line.bytes).toBe(`x${sent}`)
    expect(line.guard.holding).toBe(holding)
  })

  test('P1 a plus that flushes a held one may begin a group with it', () => {
    const line = new GuardedLine()
    line.wait(3000)
    line.write('+++')
    line.wait(999)
    line.write('+')
    line.write('+')
    expect(line.bytes).toBe('++++')
    line.finish()
    expect(line.bytes).toBe('+++++')
    expect(escapesSeen(line)).toEqual([])
  })

  test('P1 where nobody knows which plus is the third, both wait', () => {
    const line = new GuardedLine()
    line.write('+')
    line.wait(600)
    line.write('+')
    line.write('++')
    expect(line.bytes).toBe('++')
    line.wait(1100)
    expect(line.bytes).toBe('++++')
    line.finish()
    expect(escapesSeen(line)).toEqual([])
  })

  test('P1 three that had to wait together go in two steps', () => {
    const line = new GuardedLine()
    line.write('+')
    line.wait(600)
    line.write('+')
    line.wait(600)
    line.write('+++')
    expect(line.bytes).toBe('++')
    line.wait(1100)
    expect([line.bytes, line.guard.holding]).toEqual(['++++', true])
    line.wait(1100)
    expect([line.bytes, line.guard.holding]).toEqual(['+++++', false])
    expect(escapesSeen(line)).toEqual([])
  })

  test('the first bytes after the modem entered data mode follow a silence that nobody measured', () => {
    const guard = new EscapeGuard(1000)
    expect(guard.pass(Buffer.from('+++'), undefined).toString()).toBe('++')
    expect(guard.holding).toBe(true)
  })

  test('a held plus goes with the next byte, in one write, so that no silence can follow it', () => {
    const guard = new EscapeGuard(1000)
    guard.pass(Buffer.from('+++'), 2000)
    expect(guard.pass(Buffer.from('x'), 900).toString()).toBe('+x')
    expect(guard.holding).toBe(false)
  })

  test('nothing written is no further byte: the held plus stays', () => {
    const guard = new EscapeGuard(1000)
    guard.pass(Buffer.from('+++'), 2000)
    expect(guard.pass(Buffer.alloc(0), 900)).toHaveLength(0)
    expect(guard.holding).toBe(true)
    expect(guard.release().toString()).toBe('+')
  })

  test('it counts what it held', () => {
    const line = new GuardedLine()
    for (let i = 0; i < 3; i += 1) {
      line.wait(3000)
      line.write('+++')
    }
    expect(line.guard.held).toBe(3)
    line.write('abc')
    expect(line.guard.held).toBe(3)
  })

  test('after an escape of ours the count starts over', () => {
    const guard = new EscapeGuard(1000)
    guard.pass(Buffer.from('++'), 2000)
    guard.reset()
    expect(guard.pass(Buffer.from('+'), 10).toString()).toBe('+')
  })
})
