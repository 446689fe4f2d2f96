/** P12 through the whole program: what is secret is said to the modem, and to nobody else. */
import { expect, test } from 'vitest'
import { rig } from '../support/rig.ts'

test('P12 PIN and password of the configuration are in no line and no event, whatever is done with them', async () => {
  const r = await rig({
    config: { modem: { pin: '4711' }, context: { apn: 'internet', user: 'me', password: 'hunter2' } },
  })
  r.modem.begin({ type: 'sim-locked', pin: '4711' })
  await r.reach('ready')
  const asked = r.link.ask('AT+CSTT?')
  await r.pass(5000)
  expect((await asked).lines.join()).toContain('hunter2')
  expect(r.modem.record.saw(/CPIN="4711"/)).toBe(true)
  expect(r.modem.record.saw(/CSTT="internet","me","hunter2"/)).toBe(true)
  const all = `${r.log.join('')}${JSON.stringify(r.events)}`
  expect(all).toContain('AT+CPIN=\\"****\\"')
  expect(all).not.toMatch(/4711|hunter2/)
})
