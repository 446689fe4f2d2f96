import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import { printConfig } from '../../src/config/print.ts'
import type { ConfigInput } from '../../src/config/schema.ts'
import { configFrom } from '../../src/config/schema.ts'

const INPUT: ConfigInput = {
  context: { apn: 'internet' },
  routes: [
    { name: 'a', listen: 'localhost:1', to: 'tcp://x:1', linger: '1500ms' },
    { name: 'b', listen: '/run/b.sock', to: 'tcp://192.0.2.1:2', allowFrom: ['10.0.0.0/8'] },
  ],
  liveness: { keepalive: '0s' },
}

test('what is printed can be read again and means the same', () => {
  const config = configFrom(INPUT)
  const loaded = parseConfig(printConfig(config), 'printed.yaml', {})
  expect(loaded).toEqual({ config })
})

test('durations and addresses are printed as people write them', () => {
  expect(parse(printConfig(configFrom(INPUT)))).toMatchObject({
    routes: [
      { listen: '127.0.0.1:1', linger: '1500ms' },
      { listen: '/run/b.sock', allowFrom: ['10.0.0.0/8'] },
    ],
    liveness: { keepalive: '0s', probeAfter: '5m' },
  })
})

test('P12 secrets are masked, and a masked file is refused until the secret is put in again', () => {
  const config = configFrom({ ...INPUT, modem: { pin: '0042' }, context: { apn: 'x', password: 'hunter2' } })
  const printed = printConfig(config)
  expect(printed).not.toMatch(/0042|hunter2/)
  expect(parse(printed)).toMatchObject({ modem: { pin: '****' }, context: { password: '****' } })
  const loaded = parseConfig(printed, 'printed.yaml', {})
  expect('problems' in loaded && loaded.problems.map(({ path }) => path)).toEqual(['modem.pin', 'context.password'])
})

test('P12 a secret from a file is left to that file', () => {
  const modem = { pin: '0042', pinFile: 'pin.txt' }
  const context = { apn: 'x', password: 'hunter2', passwordFile: 'pw.txt' }
  const printed = parse(printConfig(configFrom({ ...INPUT, modem, context }))) as ConfigInput
  expect(printed.modem).not.toHaveProperty('pin')
  expect(printed.context).toEqual({ apn: 'x', user: '', passwordFile: 'pw.txt', dns: [] })
})
