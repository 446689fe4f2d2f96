/** What is written to the modem: the exact text of commands with parameters, and that no value can add a command. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AtCommand } from '../../src/at/command.ts'
import * as at from '../../src/at/commands.ts'
import { isFault } from '../../src/core/fault.ts'

const TEXTS: readonly (readonly [AtCommand<unknown>, string])[] = [
  [at.attention, ''],
  [at.plainDialogue, 'E0V1Q0'],
  [at.dtrAction(0), '&D0'],
  [at.dtrAction(1), '&D1'],
  [at.flowControl('hardware'), '+IFC=2,2'],
  [at.flowControl('none'), '+IFC=0,0'],
  [at.fixBaudRate(460_800), '+IPR=460800'],
  [at.saveSettings, '&W'],
  [at.enterPin('0123'), '+CPIN="0123"'],
  [at.attach(false), '+CGATT=0'],
  [at.packing({ retries: 5, waitTime: 2, sendSize: 1024, escape: true }), '+CIPCCFG=5,2,1024,1'],
  [at.packing({ retries: 3, waitTime: 10, sendSize: 256, escape: false }), '+CIPCCFG=3,10,256,0'],
  [at.keepAlive(0), '+CIPTKA=0'],
  [at.keepAlive(120), '+CIPTKA=1,120,75,4'],
  [at.accessPoint('internet', 'user', 'secret'), '+CSTT="internet","user","secret"'],
  [at.nameServers(['192.0.2.1', '192.0.2.2']), '+CDNSCFG="192.0.2.1","192.0.2.2"'],
  [at.dial('broker.example', 1883), '+CIPSTART="TCP","broker.example","1883"'],
  [at.resumeData, 'O'],
  [at.closeConnection(false), '+CIPCLOSE=0'],
  [at.closeConnection(true), '+CIPCLOSE=1'],
]

test.each(TEXTS)('%j', (command, text) => expect(command.text).toBe(text))

test('P8 no command of ours dials a number', () => {
  for (const [{ text }] of TEXTS) expect(text).not.toMatch(/^D/i)
})

describe('P8 nothing can smuggle a second command', () => {
  /** Makers that take text from the configuration. */
  const MAKERS: readonly (readonly [string, (value: string) => AtCommand<unknown>])[] = [
    ['apn', (value) => at.accessPoint(value, '', '')],
    ['user', (value) => at.accessPoint('a', value, '')],
    ['password', (value) => at.accessPoint('a', '', value)],
    ['PIN', (value) => at.enterPin(value)],
    ['host', (value) => at.dial(value, 1)],
    ['name server', (value) => at.nameServers([value])],
  ]
  const nasty = fc.string({ unit: fc.constantFrom('"', ';', '\r', '\n', '\x1a', '\x1b', '\0', 'A', ',', '\xe9', '€') })

  test.each(MAKERS)('%s: a value either stands in one pair of quotes or is refused', (_, make) => {
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string(), fc.string({ unit: 'binary' })), (value) => {
        const legal = /^[ !#-~]*$/.test(value)
        try {
          const { text } = make(value)
          expect(legal).toBe(true)
          expect(text).toContain(`"${value}"`)
          expect(text).toMatch(/^\+[A-Z]+=("[ !#-~]*")(,"[ !#-~]*")*$/)
        } catch (error) {
          if (!isFault(error, 'config-invalid')) throw error
          expect(legal).toBe(false)
          // P12: the value itself is not told.
          if (value.length > 2) expect(error.message).not.toContain(value)
        }
      }),
    )
  })

  test.each(['"', 'x"y', 'a\rATD112', 'a\n', '\x1a', '\x7f', 'é'])('%j is refused', (value) => {
    expect(() => at.quoted(value)).toThrow(/quote, a control or a non-ASCII/)
  })
})

describe('P12 what is secret is named as such', () => {
  test('the PIN and the password, not an empty one', () => {
    expect(at.enterPin('4711').secrets).toEqual(['4711'])
    expect(at.accessPoint('a', 'u', 'hunter2').secrets).toEqual(['hunter2'])
    expect(at.accessPoint('a', 'u', '').secrets).toEqual([])
  })
})
