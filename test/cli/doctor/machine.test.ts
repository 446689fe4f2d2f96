/** What the doctor reads from the files of a machine: boards, UARTs, consoles, holders, permissions. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { exitCodeOf } from '../../../src/cli/doctor/finding.ts'
import { examined, modemOf } from './examined.ts'
import { machineOf, PC, PI3_FRESH, PI4, PI5, running, STRANGER, type Tree, tty, without, ZERO } from './trees.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a Pi 4 that is set up well has nothing wrong with it', async () => {
  const { findings, those, one } = await examined()
  expect(those('bad')).toEqual([])
  expect(those('warning')).toEqual([])
  expect(exitCodeOf(findings)).toBe(0)
  expect(one('board').message).toBe('Raspberry Pi 4 Model B Rev 1.4')
  expect(one('device').message).toBe('/dev/serial0 → /dev/ttyAMA0')
  expect(one('uart')).toMatchObject({ verdict: 'good', value: 'pl011' })
  expect(one('RTS/CTS').message).toBe('the pins are set in /boot/firmware/config.txt')
})

test('a fresh Pi 3 has its console, a login prompt and the mini UART at the header', async () => {
  const { one, of, findings } = await examined({ machine: machineOf(PI3_FRESH) })
  expect(one('uart')).toMatchObject({ verdict: 'warning', value: 'mini' })
  expect(one('uart').mend).toContain('dtoverlay=disable-bt')
  expect(one('console')).toMatchObject({ verdict: 'bad', fault: 'line-busy' })
  expect(one('console').mend).toContain(
    'take console=serial0,115200 (or console=ttyS0,…) out of /boot/firmware/cmdline',
  )
  expect(one('getty').mend).toContain('sudo systemctl disable --now serial-getty@ttyS0.service')
  expect(of('RTS/CTS')).toMatchObject([{ verdict: 'warning', message: 'the mini UART has none' }])
  expect(exitCodeOf(findings)).toBe(69)
})

test('a line of config.txt counts only in a section for this board', async () => {
  const look = async (text: string): Promise<string> =>
    (await examined({ machine: machineOf({ ...PI4, '/boot/firmware/config.txt': text }) })).one('RTS/CTS').verdict
  expect(await look('[pi3]\ngpio=16-17=a3\n')).toBe('warning')
  expect(await look('[pi3]\n[pi4]\n gpio=16-17=a3 # flow\n')).toBe('good')
  expect(await look('# gpio=16-17=a3\n')).toBe('warning')
})

test('a pin that the UART drives cannot be the power key as well', async () => {
  const more = 'modem: { power: { powerKey: { chip: /dev/gpiochip0, line: 17 } } }'
  const modem = modemOf()
  modem.begin({ type: 'no-answer' })
  const { one, findings, those } = await examined({ more, modem })
  expect(one('pins')).toMatchObject({ verdict: 'bad', fault: 'config-invalid', value: 17 })
  expect(one('pins').message).toBe('GPIO 17 is RTS of this UART, and modem.power.powerKey wants it too')
  // Of several problems the first one gives the exit code.
  expect(those('bad')).toHaveLength(2)
  expect(exitCodeOf(findings)).toBe(78)
  const slow = await examined({ more, line: 'device: /dev/serial0, flowControl: none' })
  expect(slow.of('pins')).toEqual([])
})

test('a console that only the next boot will bring is told before', async () => {
  const next = { '/boot/firmware/cmdline.txt': 'console=serial0,115200 root=x\n' }
  const { one } = await examined({ machine: machineOf({ ...PI4, ...next }) })
  expect(one('console').message).toBe('the console will be on this port after the next boot')
})

test('on a Pi 3 the PL011 leads to the Bluetooth chip until it is given to the header', async () => {
  const { one } = await examined({ machine: machineOf(PI3_FRESH), line: 'device: /dev/ttyAMA0' })
  expect(one('uart')).toMatchObject({ verdict: 'bad', value: 'bluetooth' })
})

test('serial0 of a Pi 5 is its debug connector, ttyAMA0 the header', async () => {
  const debug = await examined({ machine: machineOf(PI5) })
  expect(debug.one('uart')).toMatchObject({ verdict: 'bad', value: 'debug' })
  expect(debug.one('uart').mend).toContain('line.device: /dev/ttyAMA0')
  const header = await examined({ machine: machineOf(PI5), line: 'device: /dev/ttyAMA0' })
  expect(header.those('bad')).toEqual([])
  expect(header.one('RTS/CTS').verdict).toBe('good')
})

test('a Zero keeps its files in /boot, and its firmware remembers a low voltage', async () => {
  const { one, of } = await examined({ machine: machineOf(ZERO) })
  expect(one('uart').value).toBe('pl011')
  expect(one('RTS/CTS')).toMatchObject({
    verdict: 'warning',
    message: expect.stringContaining('/boot/config.txt') as string,
  })
  expect(one('RTS/CTS').mend).toContain('gpio=16-17=a3 in /boot/config.txt')
  expect(of('board')).toMatchObject([
    { group: 'machine' },
    { group: 'supply', verdict: 'warning', message: 'the Raspberry Pi had too low a voltage since its start' },
  ])
})

test.each([
  [
    'the driver of the firmware',
    { '/sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled': '50005\n' },
  ],
  ['its tool', { '/usr/bin/vcgencmd': { script: 'echo throttled=0x50005' } }],
  [
    'the hwmon driver',
    { '/sys/class/hwmon/hwmon1/name': 'rpi_volt\n', '/sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n' },
  ],
] as const)('a low voltage right now is told by %s', async (_who, files) => {
  const { of } = await examined({ machine: machineOf({ ...without(ZERO, '/usr/bin/vcgencmd'), ...files }) })
  expect(of('board')[1]).toMatchObject({ verdict: 'bad', fault: 'under-voltage' })
})

test('a PC has an adapter with its own name, and no pins to set', async () => {
  const { one, of } = await examined({ machine: machineOf(PC), line: 'device: /dev/ttyUSB0' })
  expect(one('board').message).toContain('no Raspberry Pi')
  expect(one('uart').message).toBe('USB adapter FTDI FT232R USB UART (ftdi_sio)')
  expect(of('RTS/CTS')).toEqual([])
})

test('a missing device is told with what is there, and how to switch the UART on', async () => {
  const pc = await examined({ machine: machineOf(PC), line: 'device: /dev/ttyUSB1' })
  expect(pc.one('device')).toMatchObject({ verdict: 'bad', fault: 'line-missing', message: 'there is no /dev/ttyUSB1' })
  expect(pc.one('device').mend).toContain('there are /dev/serial/by-id/usb-FTDI_FT232R-if00-port0, /dev/ttyUSB0')
  const pi = await examined({ machine: machineOf(without(PI4, '/dev/ttyAMA0')) })
  expect(pi.one('device').message).toBe('/dev/serial0 leads to ttyAMA0, which is not there')
  expect(pi.one('device').mend).toContain('enable_uart=1')
  expect(exitCodeOf(pi.findings)).toBe(69)
})

test('a plain file in the place of a device is no device', async () => {
  const { one } = await examined({
    machine: machineOf({ ...PC, '/dev/ttyUSB1': 'AT\n' }),
    line: 'device: /dev/ttyUSB1',
  })
  expect(one('device')).toMatchObject({ verdict: 'bad', message: '/dev/ttyUSB1 is no tty' })
  expect(one('device').mend).toContain('sudo rm /dev/ttyUSB1')
})

test('a user outside the group of the device is told the group, and the modem is left alone', async () => {
  const { one } = await examined({ machine: machineOf(PI4, STRANGER) })
  expect(one('permission')).toMatchObject({ verdict: 'bad', fault: 'line-missing' })
  expect(one('permission').mend).toContain('sudo usermod -aG dialout joe')
  expect(one('answer')).toMatchObject({ verdict: 'unchecked', message: 'needs the permission to use the device' })
})

const held = (files: Tree): Tree => ({ ...PC, ...running(612, 'minicom', '-D', '/dev/ttyUSB0'), ...files })

test.each([
  ['its lock file', held({ '/run/lock/LCK..ttyUSB0': '       612\n' }), 'lock /run/lock/LCK..ttyUSB0'],
  ['its open file', held({ '/proc/612/fd/3': { link: '/dev/ttyUSB0' } }), 'open file'],
] as const)('a program that has the device is known by %s', async (_how, tree, evidence) => {
  const { one, findings } = await examined({ machine: machineOf(tree), line: 'device: /dev/ttyUSB0' })
  expect(one('holder')).toMatchObject({
    verdict: 'bad',
    fault: 'line-busy',
    message: `/dev/ttyUSB0 is in use by minicom (pid 612) [${evidence}]`,
    mend: expect.stringContaining('sudo kill 612') as string,
  })
  expect(one('answer').verdict).toBe('unchecked')
  expect(exitCodeOf(findings)).toBe(69)
})

test('a lock file of a dead program, and the program behind a pseudo-terminal, hold nothing', async () => {
  const stale = machineOf({ ...PC, '/run/lock/LCK..ttyUSB0': '       612\n' })
  expect((await examined({ machine: stale, line: 'device: /dev/ttyUSB0' })).one('holder').verdict).toBe('good')
  const behind = machineOf({
    ...running(612, 'node'),
    '/dev/pts/7': '',
    '/tmp/modem': { link: '../dev/pts/7' },
    '/proc/612/fd/20': { link: '/dev/ptmx' },
    '/proc/612/fd/21': { link: '/dev/pts/7' },
  })
  expect((await examined({ machine: behind, line: 'device: /tmp/modem' })).one('holder').verdict).toBe('good')
})

test('an flock is seen in /proc/locks', async () => {
  const machine = machineOf({ ...PC, ...running(77, 'picocom') })
  const { place } = machine.facts('/dev/ttyUSB0') ?? {}
  const locked = { ...PC, ...running(77, 'picocom'), '/proc/locks': `1: FLOCK  ADVISORY  WRITE 77 ${place} 0 EOF\n` }
  // The same inode is only in the same tree.
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${machine.root}/proc/locks`, locked['/proc/locks'])
  const { one } = await examined({ machine, line: 'device: /dev/ttyUSB0' })
  expect(one('holder').message).toBe('/dev/ttyUSB0 is in use by picocom (pid 77) [flock]')
})

test('ModemManager is a danger to an adapter that nobody told it to leave alone', async () => {
  const on = { ...PC, ...running(500, 'ModemManager') }
  const told = { ...on, '/run/udev/data/c188:0': 'S:serial/by-id/x\nE:ID_MM_DEVICE_IGNORE=1\n' }
  const look = async (tree: Tree): Promise<string> =>
    (await examined({ machine: machineOf(tree), line: 'device: /dev/ttyUSB0' })).one('ModemManager').verdict
  expect(await look(on)).toBe('warning')
  expect(await look(told)).toBe('good')
  expect(
    (await examined({ machine: machineOf({ ...PI4, ...running(500, 'ModemManager') }) })).one('ModemManager'),
  ).toMatchObject({ verdict: 'good' })
})

test('what a configuration had better not say is a warning', async () => {
  const yaml = `context: { apn: x }
routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1, modemTls: true }]
`
  const { of } = await examined({ yaml })
  expect(of('config').map(({ verdict }) => verdict)).toEqual(['good', 'warning'])
  expect(of('config')[1]).toMatchObject({ mend: expect.stringContaining('tls://') as string })
})

const YAML = `line: { baudrate: 1 }
context: { apn: 'a"b' }
routes: [{ name: a, listen: 127.0.0.1:1883, to: tcp://x:1 }]
`

test('every problem of the configuration is a finding with its place; what needs a device is not looked at', async () => {
  const { of, one, findings } = await examined({ yaml: YAML })
  expect(of('config').map(({ value }) => value)).toEqual(['line.baudrate', 'context.apn'])
  expect(of('config')[0]?.message).toMatch(/c\.yaml:1:9 line\.baudrate: /)
  expect(of('config').map(({ mend }) => mend !== null)).toEqual([false, true])
  expect(one('device')).toMatchObject({ verdict: 'unchecked', message: 'needs a configuration without problems' })
  expect(exitCodeOf(findings)).toBe(78)
})

test('a Node that is too old is the first thing to mend', async () => {
  const { one } = await examined({ machine: machineOf(PI4, undefined, 'v18.20.4') })
  expect(one('node')).toMatchObject({ verdict: 'bad', message: 'v18.20.4 is too old, 20.19 is needed' })
})

test('a port of a route that another program has is told before the daemon stumbles over it', async () => {
  const tcp = '  sl  local_address rem_address   st\n   0: 0100007F:075B 00000000:0000 0A 00000000:00000000\n'
  const { one } = await examined({ machine: machineOf({ ...PI4, '/proc/net/tcp': tcp }) })
  expect(one('route')).toMatchObject({ verdict: 'bad', message: 'web: 127.0.0.1:1883 is taken' })
  const elsewhere = machineOf({ ...PI4, '/proc/net/tcp': tcp.replace(' 0A ', ' 01 ') })
  expect((await examined({ machine: elsewhere })).one('route').verdict).toBe('good')
})

test('a UDP port of a route is looked for where UDP is', async () => {
  const taken = '  sl  local_address rem_address   st\n   0: 0100007F:14E9 00000000:0000 07 00000000:00000000\n'
  const yaml = `line: { device: /dev/serial0 }
context: { apn: x }
routes: [{ name: dns, listen: udp://127.0.0.1:5353, to: udp://192.0.2.1:53 }]
`
  const look = async (tree: Tree): Promise<string> =>
    (await examined({ machine: machineOf({ ...PI4, ...tree }), yaml })).one('route').message
  expect(await look({ '/proc/net/udp': taken })).toBe('dns: udp://127.0.0.1:5353 is taken')
  expect(await look({ '/proc/net/tcp': taken.replace(' 07 ', ' 0A ') })).toContain('→ udp://192.0.2.1:53')
})

test('further UARTs of a Pi 4 want their own overlay with ctsrts', async () => {
  const tree = { ...PI4, ...tty('ttyAMA3', '204:67') }
  const look = async (files: Tree): Promise<string> =>
    (await examined({ machine: machineOf({ ...tree, ...files }), line: 'device: /dev/ttyAMA3' })).one('RTS/CTS').verdict
  expect(await look({})).toBe('warning')
  expect(await look({ '/boot/firmware/config.txt': 'dtoverlay=uart5,ctsrts\n' })).toBe('good')
})
