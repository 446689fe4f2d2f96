/** `cipbridge install`: this program as a service of this machine. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Argv, CommandModule } from 'yargs'
import { runVerb, VerbError } from './control-client.ts'
import { EXIT } from './exit-codes.ts'
import { Changes, type Ground } from './install/changes.ts'
import {
  groupNumber,
  isActive,
  isBooted,
  needRoot,
  order,
  orderIfBooted,
  refuseBesidePackage,
} from './install/machine-words.ts'
import { nodeOfService, SERVICE_FOLDERS } from './install/node-of-service.ts'
import {
  CONFIG_EXAMPLE,
  CONFIG_FILE,
  CONFIG_FOLDER,
  LINK,
  outsidePieces,
  PROGRAM_FOLDER,
  programPieces,
  SYSUSERS_FILE,
  UNIT,
  USER,
} from './install/places.ts'

export interface GroundArguments {
  readonly root: string | undefined
  readonly 'dry-run': boolean
}

export const installCommand: CommandModule<object, GroundArguments> = {
  command: 'install',
  describe: 'makes this program a service of this machine; an existing configuration stays as it is',
  builder: (yargs) =>
    withGround(yargs)
      .example('sudo $0 install', 'program, unit, user, udev rule, configuration; again: brings them up to date')
      .example('$0 install --dry-run', 'what it would do')
      .example('$0 install --root /mnt/card', 'onto a card of another Pi, or into a package'),
  handler: (args) => runVerb(() => Promise.resolve(install(groundOf(args)))),
}

export function withGround(yargs: Argv): Argv<GroundArguments> {
  return yargs
    .option('root', {
      type: 'string',
      requiresArg: true,
      describe: 'the folder that is the / of another machine; nothing is started or stopped then',
    })
    .option('dry-run', { type: 'boolean', alias: 'n', default: false, describe: 'only say what would be done' })
}

export function groundOf({ root, 'dry-run': dryRun }: GroundArguments): Ground {
  const folder = root === undefined ? '' : resolve(root)
  const tell = (line: string): void => {
    process.stdout.write(`${line}\n`)
  }
  return { root: folder === '/' ? '' : folder, dryRun, tell }
}

/** @returns the exit code. @throws VerbError for what a person has to mend, before anything is changed */
export function install(ground: Ground): number {
  refuseBesidePackage(ground.root, 'sudo apt install --reinstall cipbridge')
  const source = sourceFolder()
  needRoot(ground, 'install')
  checkNode(ground)
  const changes = new Changes(ground)
  if (source !== join(ground.root, PROGRAM_FOLDER)) changes.bringFolder(PROGRAM_FOLDER, programPieces(source))
  changes.link(LINK.path, LINK.target)
  for (const piece of outsidePieces(source)) changes.bring(piece)
  const changed = changes.count
  order(ground, 'systemd-sysusers', SYSUSERS_FILE)
  changes.bringOnce({ from: join(source, CONFIG_EXAMPLE), to: CONFIG_FILE, mode: 0o640 })
  const gid = groupNumber(ground.root)
  changes.give(CONFIG_FOLDER, gid, 0o750)
  changes.give(CONFIG_FILE, gid, 0o640)
  if (changed > 0) makeKnown(ground)
  tellNext(ground, changes.count)
  return EXIT.good
}

/** The folder that holds dist/main.js, package.json and the rest. */
function sourceFolder(): string {
  const source = dirname(dirname(realpathSync(process.argv[1] ?? '')))
  if (existsSync(join(source, CONFIG_EXAMPLE))) return source
  throw new VerbError(EXIT.unavailable, `${source} is not the whole program: there is no ${CONFIG_EXAMPLE}`)
}

function checkNode({ root, tell }: Ground): void {
  if (root !== '') return
  const node = nodeOfService(SERVICE_FOLDERS)
  if ('problem' in node) throw new VerbError(EXIT.unavailable, node.problem)
  tell(`  node     ${node.path} ${node.version}`)
}

function makeKnown(ground: Ground): void {
  orderIfBooted(ground, 'systemctl', 'daemon-reload')
  if (existsSync('/run/udev/control')) order(ground, 'udevadm', 'control', '--reload')
  if (ground.root === '' && isActive(UNIT)) order(ground, 'systemctl', 'restart', UNIT)
}

function tellNext({ root, dryRun, tell }: Ground, count: number): void {
  if (dryRun) tell(`\nNothing was done: it would be ${count === 1 ? '1 change' : `${count} changes`}.`)
  else if (root !== '') tell(`\nInstalled below ${root}: the user ${USER} is made at the first boot there.`)
  else if (isActive(UNIT)) tell('\nInstalled, and running: cipbridge status')
  else tell(nextSteps())
}

function nextSteps(): string {
  const steps = [
    [`sudoedit ${CONFIG_FILE}`, "your operator's APN, your routes"],
    ['sudo cipbridge check', 'what is wrong with it, line by line'],
    ['sudo cipbridge doctor', 'wires, modem, SIM, network'],
    isBooted()
      ? ['sudo systemctl enable --now cipbridge', 'now and at each boot']
      : ['cipbridge run', 'systemd does not run this machine: start it as you start others'],
    [`sudo usermod -aG ${USER} $USER`, 'from the next login on `cipbridge status` without sudo'],
  ]
  return ['\nInstalled. Next:', ...steps.map(([words = '', what]) => `  ${words.padEnd(40)}  ${what}`)].join('\n')
}
