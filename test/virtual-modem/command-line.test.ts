import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineCollector, parseCommands } from '../../src/virtual-modem/command-line.ts'

function names(line: string): string[] | undefined {
  return parseCommands(line)?.map(({ name, form, args }) =>
    `${name} ${form} ${args.map(({ text }) => text).join('|')}`.trim(),
  )
}

describe('command lines', () => {
  test.each([
    ['', [' execute'.trim()]],
    ['+CSQ', ['+CSQ execute']],
    ['+creg?', ['+CREG read']],
    ['+CIPMODE=?', ['+CIPMODE test']],
    ['+CIPMODE=1', ['+CIPMODE write 1']],
    ['+CSTT="a;b","u,v",""', ['+CSTT write a;b|u,v|']],
    ['+CSTT="",""', ['+CSTT write |']],
    ['+CIPCCFG=5,2,1024,1,0,1460,50', ['+CIPCCFG write 5|2|1024|1|0|1460|50']],
    ['+CDNSGIP =www.baidu.com', ['+CDNSGIP write www.baidu.com']],
    ['E0', ['E execute 0']],
    [
      'E1Q0S0=1;+IFC=0,0;+IPR=115200;&W',
      ['E execute 1', 'Q execute 0', 'S0 write 1', '+IFC write 0|0', '+IPR write 115200', '&W execute'],
    ],
    ['&C1&D2V1', ['&C execute 1', '&D execute 2', 'V execute 1']],
    ['S3?', ['S3 read']],
    ['D*99#', ['D execute']],
    ['O0', ['O execute 0']],
  ])('%j', (line, expected) => {
    expect(names(line)).toEqual(expected)
  })

  test.each(['+', '=1', '!', 'E0!', '+CSQ!', '1'])('%j is none', (line) => {
    expect(parseCommands(line)).toBeUndefined()
  })

  test('556 characters are taken, 557 are not', () => {
    expect(parseCommands(`+CSTT="${'a'.repeat(556 - 8)}"`)).toHaveLength(1)
    expect(parseCommands(`+CSTT="${'a'.repeat(557 - 8)}"`)).toBeUndefined()
  })
})

function collect(text: string): { lines: string[]; stray: string; loneReturns: number; plusGroups: number } {
  const seen = { lines: [] as string[], stray: '', loneReturns: 0, plusGroups: 0 }
  const collector = new LineCollector({
    line: (line) => seen.lines.push(line),
    stray: (byte) => (seen.stray += String.fromCharCode(byte)),
    loneReturn: () => seen.loneReturns++,
    plusGroup: () => seen.plusGroups++,
  })
  for (const byte of Buffer.from(text, 'latin1')) collector.take(byte, 13, 8)
  return seen
}

describe('what arrives in command mode', () => {
  test.each([
    ['AT\r', ['']],
    ['at+csq\r\n', ['+csq']],
    ['AT+CSX\bQ\r', ['+CSQ']],
    ['+++AT\r', ['']],
    ['\r\nAT\r\n', ['']],
    ['xAAT\r', ['']],
  ])('%j has the lines %j', (text, lines) => {
    expect(collect(text).lines).toEqual(lines)
  })

  test('bytes that are no command line are strays; a lone CR and three pluses are counted apart', () => {
    expect(collect('GET /\r')).toEqual({ lines: [], stray: 'GET /', loneReturns: 1, plusGroups: 0 })
    expect(collect('+++')).toEqual({ lines: [], stray: '', loneReturns: 0, plusGroups: 1 })
    expect(collect('++x').stray).toBe('++x')
    expect(collect('AB\r').stray).toBe('AB')
  })

  test('every byte is part of a line, a stray, a CR, an LF or a plus group', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('A', 'T', 'a', '+', '\r', '\n', 'x', '\0') }), (text) => {
        const { lines, stray, loneReturns, plusGroups } = collect(`${text}\r`)
        const inLines = lines.reduce((sum, line) => sum + line.length + 3, 0)
        const counted = inLines + stray.length + loneReturns + 3 * plusGroups
        // LFs outside lines are the only bytes that leave no trace; pluses and an `A` before CR may wait.
        expect(counted).toBeLessThanOrEqual(text.length + 1)
        expect(counted).toBeGreaterThanOrEqual(text.length + 1 - (text.split('\n').length - 1) - 3)
      }),
    )
  })
})
