/** P9: the manual's own maxima (AT manual V1.09/V1.12, modem-facts 1) against the time-out of each command. */
import { expect, test } from 'vitest'
import { anything } from '../../src/at/anything.ts'
import type { AtCommand } from '../../src/at/command.ts'
import * as at from '../../src/at/commands.ts'

const MANUAL_MS: readonly (readonly [string, AtCommand<unknown>, number])[] = [
  ['AT+CPIN?', at.simState, 5_000],
  ['AT+CPIN=', at.enterPin('1234'), 5_000],
  ['AT+CGATT? (V1.12)', at.attached, 75_000],
  ['AT+CGATT=1 (V1.12)', at.attach(true), 75_000],
  ['AT+CGATT=0 (V1.12)', at.attach(false), 75_000],
  ['AT+COPS?', at.operator, 45_000],
  ['AT+CFUN=0', at.radio(0), 10_000],
  ['AT+CFUN=1', at.radio(1), 10_000],
  ['AT+CFUN=1,1', at.restart, 10_000],
  ['AT+CIICR', at.bringUpContext, 85_000],
  ['AT+CIPSHUT', at.shutContext, 65_000],
  ['AT+CIPSTART from IP INITIAL', at.dial('host', 1), 160_000],
  ['AT+CIPCLOSE (as CIPSTART in multi mode)', at.closeConnection(false), 75_000],
  ['AT+CIPCLOSE=1', at.closeConnection(true), 75_000],
]

test.each(MANUAL_MS)('P9 %s is given the manual’s maximum', (_, command, ms) => {
  expect(command.timeoutMs).toBeGreaterThanOrEqual(ms)
})

/** What a person may ask: AT+COPS= takes longest of what is no dial (120 s), AT+CIPSTART longest of all. */
test.each(['AT+COPS=?', 'AT+COPS=1,2,"25001"', 'AT+CMGD=1,4', 'AT+CIICR', 'AT+CSQ'])(
  'P9 %s asked by a person waits as long as the slowest command may take',
  (line) => {
    expect(anything(line).timeoutMs).toBeGreaterThanOrEqual(160_000)
  },
)

test('P9 no command waits for ever, and those without a stated maximum get seconds', () => {
  const all = [
    ...Object.values(at).filter((it): it is AtCommand<unknown> => typeof it === 'object' && 'parse' in it),
    ...at.quietUrcs(true),
    at.flowControl('hardware'),
    at.dtrAction(1),
    at.fixBaudRate(115_200),
    at.keepAlive(60),
    at.packing({ retries: 5, waitTime: 2, sendSize: 1024, escape: true }),
    at.accessPoint('internet', '', ''),
    at.nameServers(['192.0.2.1']),
  ]
  expect(all.length).toBeGreaterThan(30)
  for (const { text, timeoutMs } of all) {
    expect(timeoutMs, `AT${text}`).toBeGreaterThanOrEqual(1_000)
    expect(timeoutMs, `AT${text}`).toBeLessThanOrEqual(160_000)
  }
})
