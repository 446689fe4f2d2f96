/** What stored messages say: read from what the virtual modem writes by the GSM documents. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnswerReader } from '../../src/at/command.ts'
import { contentOf, unreadMessages } from '../../src/at/messages.ts'
import { deliverPdu } from '../../src/virtual-modem/pdu.ts'

const TIME = '26/11/21,12:34:56+04'

test('a message in the alphabet of GSM, in UCS2 and from a name is read as it was written', async () => {
  const sender = fc.oneof(
    fc.stringMatching(/^\d{3,15}$/),
    fc.stringMatching(/^\+\d{5,15}$/),
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{1,10}$/),
  )
  const text = fc.oneof(
    fc.stringMatching(/^[ A-Za-z0-9!?+\r\n,.:]{0,160}$/),
    fc.string({ unit: 'grapheme-composite', maxLength: 30 }).filter((value) => value.length <= 70),
  )
  await fc.assert(
    fc.asyncProperty(sender, text, async (from, words) => {
      const { hex, length } = deliverPdu(from, TIME, words)
      expect(length).toBe(hex.length / 2 - 1)
      expect(await contentOf(hex)).toEqual({ sender: from, time: '2026-11-21T12:34:56+01:00', text: words })
    }),
  )
})

test('what is no received message is none, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[0-9A-Fa-f]{0,80}$/), async (hex) => {
      const content = await contentOf(hex)
      if (content) expect(typeof content.text).toBe('string')
    }),
  )
  expect(await contentOf('')).toBeUndefined()
  expect(await contentOf('0001000B911326880736F40000A70A')).toBeUndefined()
})

test('a message that says OK and CLOSED does not end the list that it stands in', () => {
  const one = deliverPdu('+491701234567', TIME, '\r\nOK\r\n').hex
  const two = deliverPdu('INFO', TIME, '\r\nCLOSED\r\n+CMGL: 9,0,"",20\r\n').hex
  const reader = new AnswerReader(unreadMessages)
  for (const line of ['+CMGL: 3,0,"",27', one, '+CMTI: "SM",5', '+CMGL: 4,0,,40', two]) reader.take(line)
  expect(reader.take('OK')).toBe('success')
  expect(unreadMessages.parse(reader.answer)).toEqual([
    { index: 3, pdu: one },
    { index: 4, pdu: two },
  ])
})
