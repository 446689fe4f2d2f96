/** The device: is it there, may it be used, who uses it, and who is about to. */
import { basename, dirname } from 'node:path'
import type { Board } from './board.ts'
import { bootCommandLine } from './board.ts'
import type { Notes } from './finding.ts'
import { type DeviceUser, usersOf } from './holders.ts'
import type { Machine } from './machine.ts'

const READ_WRITE = 0o6
const NAMES = /^tty(USB|ACM|AMA)\d/

/** @returns its path with the symlinks followed; undefined if there is none */
export function checkDevice(notes: Notes, machine: Machine, board: Board, device: string): string | undefined {
  const path = machine.real(device)
  if (path === undefined) {
    const dangling = machine.link(device)
    const what = dangling === undefined ? `there is no ${device}` : `${device} leads to ${dangling}, which is not there`
    notes.bad('device', what, { fault: 'line-missing', mend: mendOfMissing(machine, board, device), value: device })
    return undefined
  }
  if (!isTty(machine, path)) {
    notes.bad('device', `${path} is no tty`, { fault: 'line-missing', mend: mendOfPlainFile(path), value: path })
    return undefined
  }
  notes.good('device', path === device ? device : `${device} → ${path}`, path)
  return path
}

/** The kernel's list has every serial port; pseudo-terminals have a folder of their own. */
function isTty(machine: Machine, path: string): boolean {
  return path.startsWith('/dev/pts/') || machine.exists(`/sys/class/tty/${basename(path)}`)
}

function mendOfPlainFile(path: string): string {
  return dirname(path) === '/dev'
    ? `somebody wrote to it while the device was away: sudo rm ${path}, then plug the adapter in again`
    : 'correct line.device'
}

function mendOfMissing(machine: Machine, { family }: Board, device: string): string {
  const stable = machine.list('/dev/serial/by-id').map((name) => `/dev/serial/by-id/${name}`)
  const there = [...stable, ...machine.list('/dev').flatMap((name) => (NAMES.test(name) ? [`/dev/${name}`] : []))]
  const known = there.length === 0 ? '' : `; there are ${there.slice(0, 4).join(', ')}`
  if (family === 'other' || /USB|ACM|by-id/.test(device)) {
    return `plug the adapter in, or correct line.device${known}`
  }
  const line = family === 'pi5' ? 'dtoverlay=uart0-pi5,ctsrts' : 'enable_uart=1'
  return `switch the UART on: ${line} in /boot/firmware/config.txt, reboot; or correct line.device${known}`
}

/** @returns whether this user may open it */
export function checkPermission(notes: Notes, machine: Machine, path: string): boolean {
  const { user } = machine
  const facts = machine.facts(path)
  if (!facts) return false
  const group = machine.groupName(facts.gid)
  const bits = user.uid === facts.uid ? facts.mode >> 6 : user.groups.includes(facts.gid) ? facts.mode >> 3 : facts.mode
  if (user.uid === 0 || (bits & READ_WRITE) === READ_WRITE) {
    notes.good('permission', `user ${user.name} may use it`, user.name)
    return true
  }
  const openToGroup = (facts.mode & (READ_WRITE << 3)) === READ_WRITE << 3 && !user.groups.includes(facts.gid)
  notes.bad('permission', `user ${user.name} may not use it (group ${group}, mode ${facts.mode.toString(8)})`, {
    fault: 'line-missing',
    mend: openToGroup
      ? `sudo usermod -aG ${group} ${user.name}, then log in again; or look with sudo`
      : `sudo chmod g+rw ${path} helps until it is plugged in again; find the udev rule that sets it`,
    value: user.name,
  })
  return false
}

/** Who uses it. @returns whether somebody does */
export function checkHolder(notes: Notes, machine: Machine, path: string, daemonHasIt: boolean): boolean {
  const users = usersOf(machine, path)
  const [first] = users
  if (daemonHasIt) {
    notes.good('holder', first ? `the daemon has it (pid ${first.pid})` : 'the daemon has it', first?.pid ?? null)
    return true
  }
  for (const holder of users) {
    notes.bad('holder', `${path} is in use by ${holder.name} (pid ${holder.pid}) [${holder.evidence}]`, {
      fault: 'line-busy',
      mend: mendOfHolder(holder, path),
      value: holder.name,
    })
  }
  if (first) return true
  if (machine.user.uid === 0) notes.good('holder', 'nobody uses it', null)
  else notes.good('holder', 'nobody uses it, as far as this user can see', null)
  return false
}

function mendOfHolder({ name, pid }: DeviceUser, path: string): string {
  if (/getty|login/.test(name)) return `sudo systemctl disable --now serial-getty@${basename(path)}`
  if (name === 'ModemManager') return 'sudo systemctl disable --now ModemManager'
  return `stop it (sudo kill ${pid}); a service: sudo systemctl stop ITS-NAME`
}

/** A console or login prompt on the port talks into the modem's dialogue. */
export function checkConsole(notes: Notes, machine: Machine, path: string): void {
  const name = basename(path)
  const now = consolesIn(machine.text('/proc/cmdline') ?? '')
  const boot = bootCommandLine(machine)
  const next = consolesIn(boot?.text ?? '').map((device) => basename(machine.real(`/dev/${device}`) ?? device))
  const isNow = now.includes(name) || (machine.text('/sys/class/tty/console/active') ?? '').split(' ').includes(name)
  if (isNow || next.includes(name)) {
    const file = boot?.path ?? 'the boot loader'
    const when = isNow ? "the kernel's console is on this port" : 'the console will be on this port after the next boot'
    notes.bad('console', when, {
      fault: 'line-busy',
      mend: next.includes(name)
        ? `take console=serial0,115200 (or console=${name},…) out of ${file}, then reboot`
        : `take console=${name} off the command line of the kernel, then reboot`,
      value: name,
    })
  } else notes.good('console', 'the console is elsewhere', null)
  checkGetty(notes, machine, name)
}

function consolesIn(commandLine: string): string[] {
  return [...commandLine.matchAll(/(?:^|\s)console=([^,\s]+)/g)].map((match) => match[1] ?? '')
}

const UNIT_FOLDERS = ['/etc/systemd/system', '/run/systemd/system', '/run/systemd/generator']

/** A login prompt that runs is a holder as well; one that is only enabled comes with the next boot. */
function checkGetty(notes: Notes, machine: Machine, name: string): void {
  const unit = `serial-getty@${name}.service`
  const runs = machine.processes.some((one) => /getty/.test(one.name) && one.args.includes(name))
  const enabled = UNIT_FOLDERS.some((folder) => machine.exists(`${folder}/getty.target.wants/${unit}`))
  if (!runs && !enabled) {
    notes.good('getty', 'no login prompt', null)
    return
  }
  notes.bad('getty', `a login prompt ${runs ? 'runs' : 'is to start'} on this port (${unit})`, {
    fault: 'line-busy',
    mend: `sudo systemctl disable --now ${unit}; without console= for it, it does not come back`,
    value: unit,
  })
}

/** ModemManager sends AT into what it takes for a modem. */
export function checkModemManager(notes: Notes, machine: Machine, path: string, usb: boolean): void {
  if (!machine.processes.some(({ name }) => name === 'ModemManager')) {
    notes.good('ModemManager', 'does not run', null)
    return
  }
  const properties = udevProperties(machine, path)
  const ignored = /^E:ID_MM_(DEVICE|PORT|TTY)_(IGNORE|BLACKLIST)=1$/m.test(properties)
  const wanted = /^E:ID_MM_DEVICE_PROCESS=1$/m.test(properties)
  if (ignored) notes.good('ModemManager', 'runs, and is told to leave this port alone', null)
  else if (!usb && !wanted) notes.good('ModemManager', 'runs; a UART of the board is no port that it looks at', null)
  else {
    notes.warn('ModemManager', `runs, and may send AT commands of its own to ${basename(path)}`, {
      mend: 'sudo systemctl disable --now ModemManager; or, if it is needed, a udev rule that sets ENV{ID_MM_DEVICE_IGNORE}="1"',
    })
  }
}

/** What udev knows of a tty: a file by its device number (udev's own database, world-readable). */
function udevProperties(machine: Machine, path: string): string {
  const number = machine.text(`/sys/class/tty/${basename(path)}/dev`)
  return number === undefined ? '' : (machine.text(`/run/udev/data/c${number}`) ?? '')
}
