/** The echo beside a live connection, whole conversations at random: commands, bytes of the peer, and every cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EchoWatch } from '../../src/dte/echo-watch.ts'

const COMMANDS = ['AT\r', 'AT+CSQ\r', 'AT+CIPSTATUS\r', 'ATE0V1Q0\r', 'ATO\r']
const peerText = fc.array(fc.constantFrom('A', 'T', '+', 'AT', 'AT+C', 'CSQ', '\r', 'O', 'x', 'ATO'), { maxLength: 6 })

/** One command: what the peer says before its echo and behind it, where reads cut it, and whether an answer comes. */
const turn = fc.record({
  command: fc.constantFrom(...COMMANDS),
  before: peerText.map((parts) => parts.join('')),
  behind: peerText.map((parts) => parts.join('')),
  size: fc.integer({ min: 1, max: 7 }),
})

class Rig {
  out = ''
  readonly watch = new EchoWatch((bytes) => (this.out += bytes.toString('latin1')))

  say(command: string, text: string, size: number): void {
    this.watch.sent(Buffer.from(command, 'latin1'))
    for (let at = 0; at < text.length; at += size) this.watch.take(Buffer.from(text.slice(at, at + size), 'latin1'))
    this.watch.answered()
  }

  end(): string {
    return this.out + this.watch.takeRest().toString('latin1')
  }
}

test('a modem that echoes every command: what is left is what the peer said, in order', () => {
  fc.assert(
    fc.property(fc.array(turn, { minLength: 2, maxLength: 6 }), (turns) => {
      const rig = new Rig()
      let said = ''
      for (const { command, before, behind, size } of turns) {
        // A peer that says the very text itself cannot be told from the echo.
        fc.pre((before + command + behind).indexOf(command) === before.length)
        rig.say(command, before + command + behind, size)
        said += before + behind
      }
      expect(rig.end()).toBe(said)
    }),
  )
})

test('a modem without an echo: not a byte of the peer is lost or moved, if it does not say two commands in a row', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 6 }), (turns) => {
      const rig = new Rig()
      let said = ''
      let before = false
      for (const { command, before: text, size } of turns) {
        const says = text.includes(command)
        fc.pre(!(says && before))
        before = says
        rig.say(command, text, size)
        said += text
      }
      expect(rig.end()).toBe(said)
    }),
  )
})

test('one command that comes back and one that does not: all of it was the peer', () => {
  fc.assert(
    fc.property(turn, turn, (one, other) => {
      fc.pre(!other.before.includes(other.command))
      const rig = new Rig()
      rig.say(one.command, one.before + one.command + one.behind, one.size)
      rig.say(other.command, other.before, other.size)
      expect(rig.out).toBe(one.before + one.command + one.behind + other.before)
    }),
  )
})
