import { expect, test } from 'vitest'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { type Look, Screen } from '../../../src/cli/doctor/screen.ts'

const FINDINGS: readonly Finding[] = [
  finding('machine', 'node', 'good', 'v20.19.2'),
  finding(
    'line',
    'device',
    'bad',
    'there is no /dev/ttyUSB7',
    'plug the adapter in, or correct line.device; there are /dev/ttyUSB0',
  ),
  finding('line', 'lines', 'unchecked', 'needs the device'),
  finding('supply', 'board', 'warning', 'the Raspberry Pi had too low a voltage since its start'),
]

function finding(
  group: Finding['group'],
  check: string,
  verdict: Finding['verdict'],
  message: string,
  mend?: string,
): Finding {
  return { group, check, verdict, message, mend: mend ?? null, fault: null, value: null }
}

function shown(look: Look): string {
  let text = ''
  const screen = new Screen(look, (part) => {
    text += part
  })
  for (const each of FINDINGS) screen.show(each)
  screen.conclude(FINDINGS, 69)
  return text
}

test('on a pipe each check is one line and each mend another, however long', () => {
  expect(shown({ columns: undefined, colors: false })).toBe(`this machine
  ✓ node          v20.19.2

the line
  ✗ device        there is no /dev/ttyUSB7
                  → plug the adapter in, or correct line.device; there are /dev/ttyUSB0
  – lines         needs the device

supply
  ! board         the Raspberry Pi had too low a voltage since its start

1 problem, 1 warning, 1 not checked, mend from top to bottom; exit code 69
`)
})

test('a terminal of 60 columns has no longer line, and words stay whole under their column', () => {
  const lines = shown({ columns: 60, colors: false }).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
  expect(lines).toContain('                  → plug the adapter in, or correct')
  expect(lines).toContain('                    line.device; there are /dev/ttyUSB0')
  expect(lines).toContain('                  since its start')
})

test('colours are only added: without them the text is the same', () => {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
  const colored = shown({ columns: 80, colors: true })
  expect(colored).toMatch(escapes)
  expect(colored.replace(escapes, '')).toBe(shown({ columns: 80, colors: false }))
})
