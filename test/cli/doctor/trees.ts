/** Trees of files as machines show them: boards of the Raspberry Pi and a PC with an adapter. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Machine, type User } from '../../../src/cli/doctor/machine.ts'

/** A file by its text, a symlink by where it leads, a program by its script. */
export type Entry = string | { readonly link: string } | { readonly script: string }
export type Tree = Readonly<Record<string, Entry>>

/** The group that owns what a test writes. */
const OWN_GROUP = process.getgid?.() ?? 0
export const MEMBER: User = { name: 'pi', uid: 4242, groups: [OWN_GROUP] }
export const STRANGER: User = { name: 'joe', uid: 4242, groups: [] }

/** A machine of these files, gone when the test is over. */
export function machineOf(tree: Tree, user: User = MEMBER, nodeVersion = 'v20.19.2'): Machine {
  const root = mkdtempSync(join(tmpdir(), 'cipbridge-tree-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, entry] of Object.entries(tree)) {
    const place = root + path
    mkdirSync(dirname(place), { recursive: true })
    if (typeof entry === 'string') writeFileSync(place, entry)
    else if ('link' in entry) symlinkSync(entry.link, place)
    else writeFileSync(place, `#!/bin/sh\n${entry.script}\n`, { mode: 0o755 })
    if (path.startsWith('/dev/tty')) chmodSync(place, 0o660)
  }
  return new Machine(root, user, nodeVersion)
}

/** A tty with what the kernel says about it. */
export function tty(name: string, number = '204:64'): Tree {
  return { [`/dev/${name}`]: '', [`/sys/class/tty/${name}/dev`]: `${number}\n` }
}

/** The tree without one of its files. */
export function without(tree: Tree, path: string): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([each]) => each !== path))
}

export function running(pid: number, name: string, ...args: string[]): Tree {
  return { [`/proc/${pid}/comm`]: `${name}\n`, [`/proc/${pid}/cmdline`]: [name, ...args, ''].join('\0') }
}

const COMMON: Tree = {
  '/etc/group': `dialout:x:${OWN_GROUP}:pi\nnogroup:x:65534:\n`,
  '/proc/cmdline': 'console=tty1 root=PARTUUID=1-02 rootwait\n',
  '/boot/firmware/cmdline.txt': 'console=tty1 root=PARTUUID=1-02 rootwait\n',
  ...running(1, 'systemd'),
}
const QUIET_FIRMWARE: Tree = {
  '/sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled': '0\n',
}

/** As it should be: the PL011 at the header with RTS and CTS, no console. */
export const PI4: Tree = {
  ...COMMON,
  ...QUIET_FIRMWARE,
  ...tty('ttyAMA0'),
  ...tty('ttyS0', '4:64'),
  '/proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
  '/dev/serial0': { link: 'ttyAMA0' },
  '/dev/serial1': { link: 'ttyS0' },
  '/boot/firmware/config.txt': '[all]\nenable_uart=1\ndtoverlay=miniuart-bt\ngpio=16-17=a3\n',
}

/** As it comes out of the box, with a console and Bluetooth at the good UART. */
export const PI3_FRESH: Tree = {
  ...COMMON,
  ...QUIET_FIRMWARE,
  ...tty('ttyAMA0'),
  ...tty('ttyS0', '4:64'),
  '/proc/device-tree/model': 'Raspberry Pi 3 Model B Plus Rev 1.3\0',
  '/dev/serial0': { link: 'ttyS0' },
  '/dev/serial1': { link: 'ttyAMA0' },
  '/proc/cmdline': 'console=ttyS0,115200 console=tty1 root=PARTUUID=1-02\n',
  '/boot/firmware/cmdline.txt': 'console=serial0,115200 console=tty1 root=PARTUUID=1-02\n',
  '/boot/firmware/config.txt': 'enable_uart=1\n',
  ...running(613, 'agetty', '-o', '-p -- \\u', '--keep-baud', '115200,57600,38400,9600', 'ttyS0', 'vt220'),
  '/run/systemd/generator/getty.target.wants/serial-getty@ttyS0.service': { link: '/lib/systemd/system/x.service' },
}

export const PI5: Tree = {
  ...COMMON,
  ...QUIET_FIRMWARE,
  ...tty('ttyAMA10'),
  ...tty('ttyAMA0', '204:74'),
  '/proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
  '/dev/serial0': { link: 'ttyAMA10' },
  '/boot/firmware/config.txt': 'dtparam=audio=on\n[pi5]\ndtoverlay=uart0-pi5,ctsrts # the modem\n',
}

/** Without Bluetooth: the PL011 is at the header anyway. An older system keeps its files in /boot. */
export const ZERO: Tree = {
  ...tty('ttyAMA0'),
  '/etc/group': COMMON['/etc/group'] ?? '',
  '/proc/device-tree/model': 'Raspberry Pi Zero Rev 1.3\0',
  '/dev/serial0': { link: 'ttyAMA0' },
  '/boot/config.txt': 'enable_uart=1\n',
  '/boot/cmdline.txt': 'console=tty1\n',
  '/usr/bin/vcgencmd': { script: 'echo throttled=0x50000' },
}

const USB = '/sys/devices/pci0000:00/usb1/1-2'
export const PC: Tree = {
  ...COMMON,
  ...tty('ttyUSB0', '188:0'),
  '/dev/serial/by-id/usb-FTDI_FT232R-if00-port0': { link: '../../ttyUSB0' },
  '/sys/class/tty/ttyUSB0/device': { link: '../../../devices/pci0000:00/usb1/1-2/1-2:1.0/ttyUSB0' },
  [`${USB}/1-2:1.0/ttyUSB0/driver`]: { link: '../../../../../../bus/usb-serial/drivers/ftdi_sio' },
  [`${USB}/manufacturer`]: 'FTDI\n',
  [`${USB}/product`]: 'FT232R USB UART\n',
}
