import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { atCommand } from '../../src/cli/at.ts'
import { redialCommand } from '../../src/cli/redial.ts'
import { resetCommand } from '../../src/cli/reset.ts'
import { liveDaemon, temporaryFolder } from '../daemon/live-daemon.ts'
import { spoken } from '../daemon/verbs.ts'

test('P11 at prints the lines of the answer and its result, and says with its exit code how it went', async () => {
  const live = await liveDaemon()
  await live.usable()
  const at = (command: string): ReturnType<typeof spoken> => spoken(atCommand, 'at', command, '--socket', live.socket)
  expect(await at('AT+CSQ')).toEqual({
    stdout: expect.stringMatching(/^\+CSQ: \d+,\d+\nOK\n$/) as string,
    stderr: '',
    code: 0,
  })
  expect(await at('AT+NOSUCH')).toMatchObject({ stdout: expect.stringMatching(/ERROR.*\n$/) as string, code: 75 })
  for (const command of ['ATD*99#', 'hello', 'AT+CIPSHUT', 'AT+CSQ\nATH', `AT${'X'.repeat(5000)}`]) {
    const { stdout, stderr, code } = await at(command)
    expect({ command, stdout, code }).toEqual({ command, stdout: '', code: 64 })
    expect(stderr).toMatch(/^cipbridge: [^\n]+\n$/)
  }
})

test('at says why the modem cannot be asked now, and exits with 75', async () => {
  const live = await liveDaemon({ config: { recovery: { firstPause: '1h', maxPause: '1h' } } })
  live.modem.begin({ type: 'sim-missing' })
  await live.told(({ event, attempt }) => event === 'recovering' && attempt === 2)
  expect(await spoken(atCommand, 'at', 'AT', '--socket', live.socket)).toEqual({
    stdout: '',
    stderr: 'cipbridge: there is no SIM card in the modem\n',
    code: 75,
  })
})

test('without a daemon every verb says so in one line and exits with 69', async () => {
  const socket = join(temporaryFolder(), 'no.sock')
  for (const said of [
    await spoken(atCommand, 'at', 'AT', '--socket', socket),
    await spoken(redialCommand, 'redial', '--socket', socket),
    await spoken(resetCommand, 'reset', '--socket', socket),
  ]) {
    expect(said).toEqual({
      stdout: '',
      stderr: `cipbridge: no daemon runs: there is no control socket (${socket})\n`,
      code: 69,
    })
  }
})

test('the socket is taken from --config; a bad file is told', async () => {
  const live = await liveDaemon()
  await live.listening()
  const file = join(temporaryFolder(), 'c.yaml')
  writeFileSync(
    file,
    `context: { apn: x }\nroutes: [{ name: a, listen: 127.0.0.1:1, to: tcp://x:1 }]\ncontrol: { socket: ${live.socket} }\n`,
  )
  expect(await spoken(redialCommand, 'redial', '--config', file)).toEqual({
    stdout: 'there is no connection to close; the next client dials\n',
    stderr: '',
    code: 0,
  })
  writeFileSync(file, 'nonsense: 1\n')
  expect(await spoken(redialCommand, 'redial', '--config', file)).toEqual({
    stdout: '',
    stderr: `cipbridge: ${file} has problems: cipbridge check --config ${file} shows them\n`,
    code: 78,
  })
})

test('reset is refused while no modem is found, with the reason', async () => {
  const live = await liveDaemon()
  live.modem.begin({ type: 'no-answer' })
  await live.reach('probing')
  const { code, stderr } = await spoken(resetCommand, 'reset', '--socket', live.socket)
  expect([code, stderr]).toEqual([75, 'cipbridge: there is no modem to reset yet (probing)\n'])
})

test('what is no daemon of ours is told apart', async () => {
  const socket = join(temporaryFolder(), 'other.sock')
  const other = createServer((_, response) => response.end('<html>'))
  await new Promise<void>((resolve) => other.listen(socket, resolve))
  expect(await spoken(atCommand, 'at', 'AT', '--socket', socket)).toMatchObject({
    stderr: `cipbridge: what answers at ${socket} is not cipbridge\n`,
    code: 69,
  })
  other.close()
})
